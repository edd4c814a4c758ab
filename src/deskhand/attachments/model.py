"""A file that somebody uploaded, and how much of it there may be."""

from typing import NamedTuple

MIB = 1024 * 1024


class Limits(NamedTuple):
    """Sizes in bytes."""

    file: int = 25 * MIB
    unbound: int = 200 * MIB  # of one person, not yet part of a message
    per_message: int = 10


LIMITS = Limits()


class Attachment(NamedTuple):
    """One row. `size`, `sha256` and `content_type` are those of what is served. Until `bound_at` it is its uploader's;
    `internal` ones belong to a note and are for staff."""

    id: str
    uploader_id: str
    filename: str
    content_type: str
    inline: bool
    size: int
    sha256: str
    storage_key: str
    thumbnail_key: str | None
    thumbnail_size: int | None
    message_id: str | None
    ticket_id: str | None
    internal: bool
    created_at: int
    bound_at: int | None
    held_by: str | None = None

    @property
    def is_image(self) -> bool:
        return self.thumbnail_key is not None
