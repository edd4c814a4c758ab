"""Tickets as a door shows them: put together from several nouns, once for their requesters and once for the team."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.attachments import queries as attachments
from deskhand.csat import ops as csat
from deskhand.csat import wire as csat_wire
from deskhand.kit import events
from deskhand.notifications import preferences
from deskhand.tickets import access, queries, snapshot, staff_wire, tags, timeline, wire
from deskhand.tickets.ask import Part
from deskhand.tickets.filters import Filter
from deskhand.tickets.model import Message, Ticket
from deskhand.tickets.queries import Row


class OwnMessage(wire.MessageOut):
    """A message as its ticket's page shows it: pages say "You" where the API names an author."""

    own: bool


def own_page(tx: Connection, actor: Actor, asked: Filter) -> wire.TicketsOut:
    found = queries.list_own(tx, actor, asked)
    return {
        "tickets": [wire.ticket(row.ticket) for row in found.rows],
        "total": found.total,
        "page": asked.page,
        "per_page": asked.per_page,
    }


def own_thread(tx: Connection, actor: Actor, ticket: Ticket) -> wire.ThreadOut:
    messages = queries.thread(tx, ticket.id, notes=False)
    return wire.thread(
        ticket,
        messages,
        attachments.by_messages(tx, [message.id for message in messages]),
        satisfaction=csat_wire.rating(csat.find(tx, ticket.id)),
        muted=preferences.is_muted(tx, actor.require_user(), ticket.id),
    )


def own_ticket(tx: Connection, actor: Actor, ticket: Ticket) -> dict[str, Any]:
    """What stands around the thread: the ticket, its `satisfaction`, and whether it is `muted`."""
    return {
        **wire.ticket(ticket),
        "satisfaction": csat_wire.rating(csat.find(tx, ticket.id)),
        "muted": preferences.is_muted(tx, actor.require_user(), ticket.id),
    }


def own_entries(tx: Connection, actor: Actor, ticket: Ticket) -> list[OwnMessage | timeline.Step]:
    """What stands in the thread: its messages, and between them what happened; `own` says which are the actor's."""
    reader_id = actor.require_user()
    messages = queries.thread(tx, ticket.id, notes=False)
    files = attachments.by_messages(tx, [message.id for message in messages])
    steps = timeline.steps(tx, ticket.id, reader_id)
    entries: list[OwnMessage | timeline.Step] = [*steps.get("", ())]
    for message in messages:
        own = message.author_id == reader_id
        entries += [OwnMessage(**wire.message(message, files), own=own), *steps.get(message.id, ())]
    return entries


def own_message(tx: Connection, message: Message) -> wire.MessageOut:
    return wire.message(message, attachments.by_messages(tx, [message.id]))


def desk_page(tx: Connection, actor: Actor, asked: Filter, misread: Sequence[Part] = ()) -> staff_wire.StaffTickets:
    """`misread` is what was not understood of what was typed, where something was."""
    found = queries.list_desk(tx, actor, asked)
    return {
        "tickets": desk_rows(tx, found.rows),
        "total": found.total,
        "page": asked.page,
        "per_page": asked.per_page,
        "next_cursor": found.next_cursor,
        "misread": [staff_wire.misread(part) for part in misread],
    }


def desk_rows(tx: Connection, rows: Sequence[Row]) -> list[staff_wire.StaffTicket]:
    """Tickets of a list, each with its tags."""
    tagged = tags.of(tx, [row.ticket.id for row in rows])
    return [staff_wire.ticket(row, tagged[row.ticket.id]) for row in rows]


def desk_thread(tx: Connection, actor: Actor, ref: str) -> staff_wire.StaffThread:
    ticket = access.get(tx, actor, ref)
    messages = queries.thread(tx, ticket.id, notes=True)
    return staff_wire.thread(
        _row(tx, ticket),
        tags.of(tx, [ticket.id])[ticket.id],
        messages,
        attachments.by_messages(tx, [message.id for message in messages]),
        events=events.of_subject(tx, ticket.id),
        enrichment=snapshot.find(tx, ticket.id),
        satisfaction=csat_wire.rating(csat.find(tx, ticket.id)),
    )


def desk_entries(tx: Connection, ticket: Ticket) -> tuple[list[staff_wire.StaffMessage], list[staff_wire.HistoryEntry]]:
    """What stands in the thread: (messages and notes, history)."""
    messages = queries.thread(tx, ticket.id, notes=True)
    files = attachments.by_messages(tx, [message.id for message in messages])
    history = [entry for event in events.of_subject(tx, ticket.id) for entry in staff_wire.history(event)]
    return [staff_wire.message(message, files) for message in messages], history


def desk_ticket(tx: Connection, ticket: Ticket) -> staff_wire.StaffTicket:
    return staff_wire.ticket(_row(tx, ticket), tags.of(tx, [ticket.id])[ticket.id])


def desk_message(tx: Connection, message: Message) -> staff_wire.StaffMessage:
    return staff_wire.message(message, attachments.by_messages(tx, [message.id]))


def _row(tx: Connection, ticket: Ticket) -> Row:
    assignee = queries.person(tx, ticket.assignee_id) if ticket.assignee_id else None
    return Row(ticket, queries.person(tx, ticket.requester_id), assignee)
