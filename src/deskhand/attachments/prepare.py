"""From what came in to what will be served. Slow: for a thread."""

from hashlib import sha256
from typing import IO, NamedTuple

from deskhand.attachments.images import clean, mapped
from deskhand.attachments.sniff import UNKNOWN, Kind, sniff

_PIECE = 1024 * 1024


class Prepared(NamedTuple):
    file: IO[bytes]
    size: int
    sha256: str
    kind: Kind
    thumbnail: bytes | None


def prepare(source: IO[bytes], filename: str) -> Prepared:
    """Recognise the file in `source`, which must not be empty, and clean it if it is an image. `file` of the answer may
    be `source` itself."""
    with mapped(source) as data:
        kind = sniff(data, filename)
    file, thumbnail = clean(source, kind.image_format) if kind.image_format else (source, None)
    if kind.image_format and kind.inline and thumbnail is None:
        kind = UNKNOWN
    file.seek(0)
    digest = sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return Prepared(file, file.tell(), digest.hexdigest(), kind, thumbnail)
