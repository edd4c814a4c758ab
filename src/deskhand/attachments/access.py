"""The only way to an attachment's row."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, Connection, Row, bindparam, or_, select

from deskhand.attachments.model import Attachment
from deskhand.attachments.tables import attachments
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id

_a = attachments.c

_GET = select(attachments).where(
    _a.id == bindparam("id"),
    or_(_a.bound_at.is_not(None), _a.uploader_id == bindparam("person")),
    or_(_a.internal.is_(False), bindparam("staff", type_=Boolean)),
)


def get(
    tx: Connection,
    *,
    id: str,  # noqa: A002
    user_id: str | None,
    is_staff: bool,
    may_read_ticket: Callable[[str], bool],
    public: bool = False,
) -> Attachment:
    """The file, for its uploader until it is bound, then for those who may read its ticket; a note's for staff alone.
    `public` says that it stands in what everyone may read. Raises NotFound for everybody else."""
    canonical = parse_id(id)
    row = tx.execute(_GET, {"id": canonical, "person": user_id, "staff": is_staff}).one_or_none() if canonical else None
    if row is None or not (public or _allowed(row, user_id, is_staff, may_read_ticket)):
        raise NotFound
    return Attachment._make(row)


def _allowed(row: Row[Any], user_id: str | None, is_staff: bool, may_read_ticket: Callable[[str], bool]) -> bool:
    if row.ticket_id is not None:
        return may_read_ticket(row.ticket_id)
    return is_staff or row.uploader_id == user_id
