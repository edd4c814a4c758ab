"""Messages and notes."""

from typing import Any

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.attachments import ops as attachments
from deskhand.kit.clock import now
from deskhand.kit.ids import new_id
from deskhand.kit.statements import Statement
from deskhand.tickets import search
from deskhand.tickets.model import Message
from deskhand.tickets.tables import messages
from deskhand.tickets.texts import Written

_INSERT = Statement(messages.insert().returning(messages.c.seq))


def insert(
    tx: Connection,
    author: Actor,
    ticket_id: str,
    kind: str,
    written: Written,
    *,
    owner_id: str | None,
    uploader_id: str | None = None,
) -> Message:
    """The only code that writes a message: body as written and as HTML, its files bound, its words findable.

    `owner_id` is the customer who may find it; None for a note.
    """
    row, internal = _row(author, ticket_id, kind, written), kind == "note"
    seq = _INSERT.value(tx, row)
    if written.files:
        attachments.bind(
            tx,
            ids=written.files,
            uploader_id=uploader_id or author.user_id,
            message_id=row["id"],
            ticket_id=ticket_id,
            internal=internal,
        )
    search.index_message(
        tx, seq=seq, ticket_id=ticket_id, owner_id=owner_id or "", words=written.words, internal=internal
    )
    return Message(seq=seq, **row)


def _row(author: Actor, ticket_id: str, kind: str, written: Written) -> dict[str, Any]:
    user_id, author_type, author_name = author.author
    return {
        "id": new_id(),
        "ticket_id": ticket_id,
        "kind": kind,
        "author_id": user_id,
        "author_type": author_type,
        "author_name": author_name,
        "identity": author.identity,
        "via": author.client.via,
        "body": written.body,
        "body_html": written.html,
        "created_at": now(),
    }
