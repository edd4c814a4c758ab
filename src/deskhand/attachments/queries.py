"""Files by the messages that they belong to."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from deskhand.attachments.model import Attachment
from deskhand.attachments.tables import attachments

_a = attachments.c
_BY_MESSAGES = select(attachments).where(_a.message_id.in_(bindparam("ids", expanding=True))).order_by(_a.id)


def by_messages(tx: Connection, message_ids: Iterable[str]) -> dict[str, list[Attachment]]:
    """The files of each of these messages, oldest upload first; messages without files are left out. The caller has
    made sure that the reader may see these messages."""
    ids = list(message_ids)
    found: dict[str, list[Attachment]] = {}
    for row in tx.execute(_BY_MESSAGES, {"ids": ids}) if ids else ():
        found.setdefault(row.message_id, []).append(Attachment._make(row))
    return found
