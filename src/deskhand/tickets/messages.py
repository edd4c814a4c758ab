"""Messages and notes."""

from typing import Any

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.attachments import ops as attachments
from deskhand.kit.clock import now
from deskhand.kit.ids import new_id
from deskhand.kit.markdown import attachment_ids, render
from deskhand.kit.statements import Statement
from deskhand.tickets import search
from deskhand.tickets.model import Message
from deskhand.tickets.tables import messages

_INSERT = Statement(messages.insert().returning(messages.c.seq))


def insert(
    tx: Connection,
    author: Actor,
    ticket_id: str,
    kind: str,
    body: str,
    *,
    owner_id: str | None,
    subject: str | None = None,
    uploader_id: str | None = None,
) -> Message:
    """The only code that writes a message: body as written and as HTML, its files bound, its words findable.

    `owner_id` is the customer who may find it; None for a note. `subject` comes with a ticket's first message.
    """
    row, internal = _row(author, ticket_id, kind, body), kind == "note"
    seq = _INSERT.value(tx, row)
    if ids := files_in(body):
        attachments.bind(
            tx,
            ids=ids,
            uploader_id=uploader_id or author.user_id,
            message_id=row["id"],
            ticket_id=ticket_id,
            internal=internal,
        )
    search.index_message(
        tx, seq=seq, ticket_id=ticket_id, owner_id=owner_id or "", subject=subject, body=body, internal=internal
    )
    return Message(seq=seq, **row)


def files_in(body: str) -> list[str]:
    """The ids of the files that a message names."""
    # Few messages have any, and reading Markdown twice costs as much as storing the message.
    return attachment_ids(body) if "attachment:" in body.lower() else []


def _row(author: Actor, ticket_id: str, kind: str, body: str) -> dict[str, Any]:
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
        "body": body,
        "body_html": render(body),
        "created_at": now(),
    }
