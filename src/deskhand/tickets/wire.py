"""The shapes of tickets as their requesters see them; the team's are in staff_wire.py, written for themselves."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from deskhand.attachments import wire as attachment_wire
from deskhand.attachments.model import Attachment
from deskhand.kit.clock import rfc3339, rfc3339_or_none
from deskhand.kit.described import Stamp, Uuid, one_of
from deskhand.tickets.model import PRIORITIES, Message, Status, Ticket

StatusOut = Annotated[str, one_of(Status)]
PriorityOut = Annotated[str, one_of(PRIORITIES)]

_TICKET: dict[str, Any] = {
    "id": "01a209a6-b354-71b6-9fc9-617097eabf15",
    "readable_id": "ALT-1042",
    "subject": "Scrape returning empty content for JavaScript-heavy site",
    "status": "open",
    "priority": "medium",
    "category": "Technical Issue",
    "category_slug": "technical-issue",
    "metadata": {"job_id": "job_8412"},
    "unread": False,
    "answered_at": None,
    "created_at": "2026-05-18T10:23:00Z",
    "updated_at": "2026-05-18T10:23:00Z",
}
_MESSAGE: dict[str, Any] = {
    "id": "01a209a6-b354-71b6-9fc9-617097eabf16",
    "author": {"type": "agent", "name": "Sam Okafor"},
    "body": "Please try `wait_for`.",
    "body_html": "<p>Please try <code>wait_for</code>.</p>",
    "attachments": [],
    "created_at": "2026-05-18T10:41:00Z",
}


@with_config(ConfigDict(json_schema_extra={"examples": [_TICKET]}))
class TicketOut(TypedDict):
    """A ticket as its requester sees it."""

    id: Uuid
    readable_id: str
    subject: str
    status: StatusOut
    priority: PriorityOut
    category: str
    category_slug: str
    metadata: dict[str, Any]
    unread: bool
    answered_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp


class Author(TypedDict):
    type: Annotated[str, one_of(["customer", "agent", "system"])]
    name: str


@with_config(ConfigDict(json_schema_extra={"examples": [_MESSAGE]}))
class MessageOut(TypedDict):
    id: Uuid
    author: Author
    body: str
    body_html: str
    attachments: list[attachment_wire.Attachment]
    created_at: Stamp


class Satisfaction(TypedDict):
    rating: int
    comment: str | None
    created_at: Stamp


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
        "answered_at": rfc3339_or_none(row.staff_replied_at),
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
