"""The shapes of tickets as their requesters see them; the team's are in staff_wire.py, written for themselves."""

from collections.abc import Iterable
from typing import Any

from typing_extensions import TypedDict

from deskhand.attachments import wire as attachment_wire
from deskhand.attachments.model import Attachment
from deskhand.kit.clock import rfc3339
from deskhand.tickets.model import PRIORITIES, Message, Ticket


class TicketOut(TypedDict):
    """A ticket as its requester sees it."""

    id: str
    readable_id: str
    subject: str
    status: str
    priority: str
    category: str
    category_slug: str
    metadata: dict[str, Any]
    unread: bool
    created_at: str
    updated_at: str


class Author(TypedDict):
    type: str
    name: str


class MessageOut(TypedDict):
    id: str
    author: Author
    body: str
    body_html: str
    attachments: list[attachment_wire.Attachment]
    created_at: str


class Satisfaction(TypedDict):
    rating: int
    comment: str | None
    created_at: str


class ThreadOut(TicketOut):
    """A ticket with its thread."""

    messages: list[MessageOut]
    satisfaction: Satisfaction | None
    muted: bool


class TicketsOut(TypedDict):
    tickets: list[TicketOut]
    total: int
    page: int
    per_page: int


Files = dict[str, list[Attachment]]


def ticket(row: Ticket) -> TicketOut:
    return {
        "id": row.id,
        "readable_id": row.readable_id,
        "subject": row.subject,
        "status": row.status,
        "priority": PRIORITIES[row.priority],
        "category": row.category,
        "category_slug": row.category_slug,
        "metadata": row.metadata,
        "unread": row.unread,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def message(row: Message, files: Files) -> MessageOut:
    return {
        "id": row.id,
        "author": {"type": row.author_type, "name": row.author_name},
        "body": row.body,
        "body_html": row.body_html,
        "attachments": [attachment_wire.attachment(file) for file in files.get(row.id, [])],
        "created_at": rfc3339(row.created_at),
    }


def thread(
    row: Ticket, messages: Iterable[Message], files: Files, *, satisfaction: Satisfaction | None, muted: bool
) -> ThreadOut:
    return {
        **ticket(row),
        "messages": [message(item, files) for item in messages],
        "satisfaction": satisfaction,
        "muted": muted,
    }
