"""Files by the messages that they belong to."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from deskhand.attachments.model import Attachment
from deskhand.attachments.tables import attachments
from deskhand.kit.statements import Statement

_a = attachments.c
_BY_MESSAGES = Statement(select(attachments).where(_a.message_id.in_(bindparam("ids", expanding=True))).order_by(_a.id))


def by_messages(tx: Connection, message_ids: Iterable[str]) -> dict[str, list[Attachment]]:
    """The files of each of these messages, oldest upload first; messages without files are left out. The caller has
    made sure that the reader may see these messages."""
    ids = list(message_ids)
    found: dict[str, list[Attachment]] = {}
    for row in _BY_MESSAGES.rows(tx, {"ids": ids}) if ids else ():
        file = Attachment._make(row)
        found.setdefault(file.message_id or "", []).append(file)
    return found
