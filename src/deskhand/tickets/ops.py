"""The acts upon tickets. Each is one function, called by every door, inside a transaction that the door opened."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, update

from deskhand.accounts.actor import Actor
from deskhand.accounts.queries import active_staff
from deskhand.categories import learning
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import Conflict, Invalid, Stale
from deskhand.kit.statements import Statement
from deskhand.tickets import messages, search, tags
from deskhand.tickets.create import category_slug_of
from deskhand.tickets.model import (
    PRIORITIES,
    Message,
    NewNote,
    NewReply,
    NewStaffReply,
    Status,
    Ticket,
    TicketChange,
)
from deskhand.tickets.queries import first_messages
from deskhand.tickets.tables import tickets

_t = tickets.c
_READ = Statement(
    update(tickets)
    .where(
        _t.id == bindparam("ticket"),
        _t.requester_id == bindparam("reader"),
        func.coalesce(_t.requester_read_at, 0) < bindparam("moment"),
    )
    .values(requester_read_at=bindparam("moment"))
)

# What the customer is shown of a ticket; a change of anything else must not move the customer's `updated_at`.
_PUBLIC = {"subject", "status", "priority", "category_slug"}


class NotOpen(Conflict):
    code = "ticket_not_open"
    title = "This ticket is not open any more"


def reply(tx: Connection, actor: Actor, ticket: Ticket, new: NewReply) -> Message:
    """Add a message. A customer's reopens the ticket; an agent's makes it pending, or what `NewStaffReply` says.

    `ticket` comes from `access.lock`. Raises Invalid for attachments that cannot be bound.
    """
    message = messages.insert(tx, actor, ticket.id, "message", new.written, owner_id=ticket.requester_id)
    status = Status.OPEN
    touched: dict[str, Any] = {}
    if actor.is_staff:
        status = new.status if isinstance(new, NewStaffReply) else Status.PENDING
        touched = {
            "staff_replied_at": message.created_at,
            "first_reply_at": ticket.first_reply_at or message.created_at,
        }
    else:
        touched = {"requester_read_at": message.created_at}
    changes = _move(tx, ticket, status, touched)
    _record(tx, actor, ticket, "ticket.replied", changes, message_id=message.id)
    return message


def add_note(tx: Connection, actor: Actor, ticket: Ticket, new: NewNote) -> Message:
    """Add a note for the team. Nothing that a customer can see moves."""
    actor.require_staff()
    message = messages.insert(tx, actor, ticket.id, "note", new.written, owner_id=None)
    _set(tx, ticket, {}, public=False)
    _record(tx, actor, ticket, "ticket.noted", {}, staff_only=True, message_id=message.id)
    return message


def close(tx: Connection, actor: Actor, ticket: Ticket) -> Ticket:
    """Close the ticket; one that is closed stays as it is, and nobody is told twice."""
    return _turn(tx, actor, ticket, Status.CLOSED, "ticket.closed")


def reopen(tx: Connection, actor: Actor, ticket: Ticket) -> Ticket:
    """Open the ticket again; one that is open stays as it is."""
    return _turn(tx, actor, ticket, Status.OPEN, "ticket.reopened")


def change(
    tx: Connection, actor: Actor, ticket: Ticket, change: TicketChange, *, expected_version: int | None = None
) -> Ticket:
    """Change what `change` names. Raises NotOpen for customers once it is resolved, Stale for an old version."""
    if expected_version is not None and expected_version != ticket.version:
        raise Stale("Somebody changed this ticket meanwhile. Please read it again.")
    if not actor.is_staff and ticket.status not in {Status.OPEN, Status.PENDING}:
        raise NotOpen
    given = change.model_dump(exclude_unset=True)
    new_tags = given.pop("tags", None)
    values = _checked(tx, ticket, given)
    changes = {name: [_shown(name, getattr(ticket, name)), _shown(name, value)] for name, value in values.items()}
    if new_tags is not None and (before := tags.replace(tx, ticket.id, new_tags)) is not None:
        changes["tags"] = [before, sorted(new_tags)]
    if not changes:
        return ticket
    if "status" in values:
        values |= _status_times(ticket, values["status"])
    changed = _set(tx, ticket, values, public=bool(_PUBLIC & changes.keys()))
    _follow(tx, actor, changed, changes)
    _tell(tx, actor, changed, changes)
    return changed


def check(tx: Connection, given: Mapping[str, Any]) -> None:
    """Raises Invalid for a category or an agent that there is not."""
    if "category_slug" in given:
        category_slug_of(tx, given["category_slug"])
    if given.get("assignee_id") and active_staff(tx, given["assignee_id"]) is None:
        raise Invalid.field("assignee_id", "unknown_agent", "There is no such active agent.")


def mark_read(tx: Connection, actor: Actor, ticket: Ticket) -> None:
    """The requester has seen the thread as it was when `ticket` was read, not what has come in since."""
    moment = ticket.staff_replied_at or 0
    _READ.run(tx, {"ticket": ticket.id, "reader": actor.require_user(), "moment": moment})


def _turn(tx: Connection, actor: Actor, ticket: Ticket, status: Status, event: str) -> Ticket:
    if ticket.status == status:
        return ticket
    changed = _set(tx, ticket, {"status": status} | _status_times(ticket, status), public=True)
    _record(tx, actor, ticket, event, {"status": [ticket.status, status]})
    return changed


def _move(tx: Connection, ticket: Ticket, status: Status, touched: dict[str, Any]) -> dict[str, Any]:
    """Set the status that follows from a reply; returns the changes for the history."""
    if status == ticket.status:
        _set(tx, ticket, touched, public=True)
        return {}
    _set(tx, ticket, touched | {"status": status} | _status_times(ticket, status), public=True)
    return {"status": [ticket.status, status]}


def _set(tx: Connection, ticket: Ticket, given: dict[str, Any], *, public: bool) -> Ticket:
    """Write `given` and the ticket's version; `updated_at` moves only with what the customer can see."""
    values: dict[str, Any] = given | {"version": ticket.version + 1} | ({"updated_at": now()} if public else {})
    given = {f"new_{name}": value for name, value in values.items()}
    _update(tuple(values)).run(tx, given | {"ticket": ticket.id})
    changed = ticket._replace(**values)
    if "category_slug" in values:
        changed = changed._replace(category=category_slug_of(tx, changed.category_slug, allow_retired=True)["name"])
    return changed


@lru_cache(256)
def _update(names: tuple[str, ...]) -> Statement:
    """Building it takes longer than running it."""
    columns = {name: bindparam(f"new_{name}", type_=_t[name].type) for name in names}
    return Statement(update(tickets).where(_t.id == bindparam("ticket")).values(columns))


def _checked(tx: Connection, ticket: Ticket, given: dict[str, Any]) -> dict[str, Any]:
    """The columns that really change. Raises Invalid for a category or an agent that there is not."""
    values = dict(given)
    if "priority" in values:
        values["priority"] = values["priority"].rank
    values = {name: value for name, value in values.items() if getattr(ticket, name) != value}
    check(tx, values)
    return values


def _follow(tx: Connection, actor: Actor, ticket: Ticket, changes: dict[str, Any]) -> None:
    """What hangs on a change: the search index knows the subject, the classifier learns from the team."""
    if "subject" in changes:
        search.change_subject(tx, ticket.id, ticket.subject)
    if "category_slug" in changes and actor.is_staff:
        (first,) = first_messages(tx, [ticket.id])
        learning.learn(tx, ticket.id, ticket.subject, first.body, ticket.category_slug)


def _tell(tx: Connection, actor: Actor, ticket: Ticket, changes: dict[str, Any]) -> None:
    """Record what changed: closing and opening again as what they are, whichever way they came about."""
    before, after = changes.get("status", (None, None))
    turned = "ticket.closed" if after == Status.CLOSED else "ticket.reopened" if _opens(before, after) else None
    others = {name: pair for name, pair in changes.items() if not (turned and name == "status")}
    if others:
        _record(tx, actor, ticket, "ticket.changed", others, staff_only=not (_PUBLIC & others.keys()))
    if turned:
        _record(tx, actor, ticket, turned, {"status": changes["status"]})


def _opens(before: str | None, after: str | None) -> bool:
    return after == Status.OPEN and before in {Status.RESOLVED, Status.CLOSED}


def _status_times(ticket: Ticket, status: str) -> dict[str, Any]:
    moment = now()
    if status == Status.RESOLVED:
        return {"resolved_at": moment, "closed_at": None}
    if status == Status.CLOSED:
        return {"resolved_at": ticket.resolved_at, "closed_at": moment}
    return {"resolved_at": None, "closed_at": None}


def _shown(name: str, value: Any) -> Any:
    return PRIORITIES[value] if name == "priority" else value


def _record(
    tx: Connection,
    actor: Actor,
    ticket: Ticket,
    name: str,
    changes: dict[str, Any],
    *,
    staff_only: bool = False,
    **data: Any,
) -> None:
    payload = {"changes": changes, "requester_id": ticket.requester_id, "assignee_id": ticket.assignee_id, **data}
    events.record(tx, name, ticket.id, actor=actor.author, data=payload, staff_only=staff_only)
