"""The shapes of tickets as the team sees them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NotRequired

from pydantic import Field
from sqlalchemy import RowMapping
from typing_extensions import TypedDict

from deskhand.accounts.actor import Identity
from deskhand.attachments import wire as attachment_wire
from deskhand.kit.clock import rfc3339, rfc3339_or_none
from deskhand.kit.described import Stamp, Uuid, one_of
from deskhand.tickets.ask import Part
from deskhand.tickets.model import PRIORITIES, Message
from deskhand.tickets.queries import Person, Row
from deskhand.tickets.tags import Common
from deskhand.tickets.wire import Author, Files, PriorityOut, Satisfaction, StatusOut


class PersonOut(TypedDict):
    id: Uuid
    name: str
    email: str | None


class StaffTicket(TypedDict):
    """A ticket as the team sees it."""

    id: Uuid
    readable_id: str
    subject: str
    status: StatusOut
    priority: PriorityOut
    category: str
    category_slug: str
    category_guess: dict[str, Any] | None
    metadata: dict[str, Any]
    channel: str
    verified: bool
    requester: PersonOut
    assignee_id: Uuid | None
    assignee: PersonOut | None
    tags: list[str]
    version: int
    created_at: Stamp
    updated_at: Stamp
    first_reply_at: Stamp | None
    resolved_at: Stamp | None
    closed_at: Stamp | None


class StaffAuthor(Author):
    id: Uuid | None


class StaffMessage(TypedDict):
    """`kind` is message or note; `identity` says how sure we are of the author."""

    id: Uuid
    kind: Annotated[str, one_of(["message", "note"])]
    author: StaffAuthor
    identity: Annotated[str, one_of(Identity)]
    via: str
    body: str
    body_html: str
    attachments: list[attachment_wire.Attachment]
    created_at: Stamp


# `from` is a reserved word, hence the functional form.
HistoryEntry = TypedDict(
    "HistoryEntry",
    {
        "event": str,
        "actor": StaffAuthor,
        "at": Stamp,
        "field": NotRequired[str],
        "from": NotRequired[Any],
        "to": NotRequired[Any],
    },
)


class StaffThread(StaffTicket):
    messages: list[StaffMessage]
    history: list[HistoryEntry]
    enrichment: dict[str, Any] | None
    satisfaction: Satisfaction | None


class Misread(TypedDict):
    """A part of a query that looks like a filter and is none: it was searched for, as it stands."""

    text: str
    code: str
    message: str


class StaffTickets(TypedDict):
    tickets: list[StaffTicket]
    total: int
    page: int
    per_page: int
    next_cursor: str | None
    misread: list[Misread]


class CommonTag(TypedDict):
    tag: str
    tickets: Annotated[int, Field(description="How many of the latest tickets have it.")]


class TagsOut(TypedDict):
    tags: list[CommonTag]


class Spam(TypedDict):
    """A submission of the contact form that was held back."""

    id: Uuid
    name: str
    email: str
    subject: str
    body: str
    reason: str
    created_at: Stamp


class SpamOut(TypedDict):
    spam: list[Spam]
    total: int
    page: int
    per_page: int


def ticket(row: Row, tags: Sequence[str]) -> StaffTicket:
    it = row.ticket
    assert row.requester is not None
    return {
        "id": it.id,
        "readable_id": it.readable_id,
        "subject": it.subject,
        "status": it.status,
        "priority": PRIORITIES[it.priority],
        "category": it.category,
        "category_slug": it.category_slug,
        "category_guess": it.category_guess,
        "metadata": it.metadata,
        "channel": it.channel,
        "verified": it.verified,
        "requester": _person(row.requester),
        "assignee_id": it.assignee_id,
        "assignee": _person(row.assignee) if row.assignee else None,
        "tags": list(tags),
        "version": it.version,
        "created_at": rfc3339(it.created_at),
        "updated_at": rfc3339(it.updated_at),
        "first_reply_at": rfc3339_or_none(it.first_reply_at),
        "resolved_at": rfc3339_or_none(it.resolved_at),
        "closed_at": rfc3339_or_none(it.closed_at),
    }


def message(row: Message, files: Files) -> StaffMessage:
    return {
        "id": row.id,
        "kind": row.kind,
        "author": {"id": row.author_id, "type": row.author_type, "name": row.author_name},
        "identity": row.identity,
        "via": row.via,
        "body": row.body,
        "body_html": row.body_html,
        "attachments": [attachment_wire.attachment(file) for file in files.get(row.id, [])],
        "created_at": rfc3339(row.created_at),
    }


def thread(
    row: Row,
    tags: Sequence[str],
    messages: Iterable[Message],
    files: Files,
    *,
    events: Iterable[RowMapping],
    enrichment: RowMapping | None,
    satisfaction: Satisfaction | None,
) -> StaffThread:
    return {
        **ticket(row, tags),
        "messages": [message(item, files) for item in messages],
        "history": [entry for event in events for entry in history(event)],
        "enrichment": enrichment_of(enrichment),
        "satisfaction": satisfaction,
    }


def history(event: RowMapping) -> list[HistoryEntry]:
    """One entry for each field that the act changed, or one that says what happened."""
    base: HistoryEntry = {
        "event": event["name"],
        "actor": {"id": event["actor_id"], "type": event["actor_type"], "name": event["actor_name"]},
        "at": rfc3339(event["at"]),
    }
    changes = event["data"].get("changes") or {}
    return [{**base, "field": name, "from": old, "to": new} for name, (old, new) in changes.items()] or [base]


def enrichment_of(row: RowMapping | None) -> dict[str, Any] | None:
    """{account, usage, usage_state, client: {via, user_agent, ip}, recent_tickets}."""
    if row is None:
        return None
    return {
        "account": row["account"],
        "usage": row["usage"],
        "usage_state": row["usage_state"],
        "client": row["client"],
        "recent_tickets": row["recent"],
    }


def misread(part: Part) -> Misread:
    assert part.problem is not None
    return {"text": part.text, "code": part.problem.code, "message": part.problem.message}


def common(row: Common) -> CommonTag:
    return {"tag": row.tag, "tickets": row.tickets}


def spam(row: RowMapping) -> Spam:
    return {
        "id": row["id"],
        "name": row["name"],
        "email": row["email"],
        "subject": row["subject"],
        "body": row["body"],
        "reason": row["reason"],
        "created_at": rfc3339(row["created_at"]),
    }


def _person(person: Person) -> PersonOut:
    return {"id": person.id, "name": person.name, "email": person.email}
