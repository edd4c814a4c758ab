"""Every mail that was to go out, for admins: who was written to, what, and whether it arrived at the server."""

from sqlalchemy import Connection, RowMapping, func, select
from typing_extensions import TypedDict

from deskhand.accounts.actor import Actor
from deskhand.kit.clock import rfc3339, rfc3339_or_none
from deskhand.kit.errors import NotFound
from deskhand.kit.mail_message import from_text
from deskhand.notifications.tables import mails

_m = mails.c
_LISTED = (_m.id, _m.kind, _m.recipient, _m.subject, _m.state, _m.error, _m.created_at, _m.sent_at)


class Mail(TypedDict):
    id: str
    kind: str
    recipient: str
    subject: str
    state: str
    error: str | None
    created_at: str
    sent_at: str | None


class MailWithText(Mail):
    """`text` is the plain part."""

    text: str


class Mails(TypedDict):
    mails: list[Mail]
    total: int
    page: int
    per_page: int


def list_mails(
    tx: Connection, actor: Actor, *, state: str | None, limit: int, offset: int
) -> tuple[list[RowMapping], int]:
    """Newest first, and how many there are in all."""
    actor.require_admin()
    wanted = [_m.state == state] if state else []
    rows = tx.execute(select(*_LISTED).where(*wanted).order_by(_m.id.desc()).limit(limit).offset(offset)).mappings()
    return list(rows), tx.execute(select(func.count()).select_from(mails).where(*wanted)).scalar_one()


def get(tx: Connection, actor: Actor, mail_id: str) -> RowMapping:
    """One mail, with `content`. Raises NotFound."""
    actor.require_admin()
    row = tx.execute(select(*_LISTED, _m.content).where(_m.id == mail_id)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def mail(row: RowMapping) -> Mail:
    return {
        "id": row["id"],
        "kind": row["kind"],
        "recipient": row["recipient"],
        "subject": row["subject"],
        "state": row["state"],
        "error": row["error"],
        "created_at": rfc3339(row["created_at"]),
        "sent_at": rfc3339_or_none(row["sent_at"]),
    }


def mail_with_text(row: RowMapping) -> MailWithText:
    part = from_text(row["content"]).get_body(("plain",))
    text = part.get_content() if part else ""
    return {**mail(row), "text": text.replace("\r\n", "\n")}
