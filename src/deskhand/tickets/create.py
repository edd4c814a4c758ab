"""How a ticket comes to be: its number, its category, its first message, and the snapshot beside it."""

from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, func, select, text

from deskhand.accounts import people
from deskhand.accounts.actor import Actor, Client
from deskhand.accounts.queries import active_staff
from deskhand.categories import learning
from deskhand.categories import queries as categories
from deskhand.categories.classify import Guess
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import Invalid
from deskhand.kit.ids import new_id
from deskhand.kit.settings import Settings
from deskhand.kit.statements import Statement
from deskhand.tickets import messages, snapshot, tags
from deskhand.tickets.model import NewStaffTicket, NewTicket, Status, Ticket
from deskhand.tickets.tables import spam, tickets

_HIGHEST = Statement(select(*(select(func.max(table.c.number)).scalar_subquery() for table in (tickets, spam))))
_NEXT = text("SELECT nextval('ticket_numbers')")
_LIFT = text("SELECT setval('ticket_numbers', :start) FROM ticket_numbers WHERE last_value < :start OR NOT is_called")
_INSERT_TICKET = Statement(tickets.insert())


class Announced(NamedTuple):
    """How a ticket is called, where that was said before there was one."""

    id: str
    number: int


def create(tx: Connection, settings: Settings, actor: Actor, new: NewTicket) -> Ticket:
    """File a ticket of the actor's own. Raises Invalid for an unknown category or attachments that cannot be bound."""
    return file(tx, settings, actor, people.get(tx, actor.require_user()), new, verified=True)


def create_for(tx: Connection, settings: Settings, actor: Actor, new: NewStaffTicket) -> Ticket:
    """File a ticket for a customer, whom its e-mail finds or makes."""
    actor.require_staff()
    if new.assignee_id and active_staff(tx, new.assignee_id) is None:
        raise Invalid.field("assignee_id", "unknown_agent", "There is no such active agent.")
    requester = people.correspondent(tx, email=new.requester.email, name=new.requester.name)
    # The agent's browser and address say nothing of the customer.
    actor = replace(actor, client=Client("staff"))
    ticket = file(tx, settings, actor, requester, new, verified=True, assignee_id=new.assignee_id)
    tags.replace(tx, ticket.id, new.tags)
    return ticket


def file(
    tx: Connection,
    settings: Settings,
    actor: Actor,
    requester: RowMapping,
    new: NewTicket,
    *,
    verified: bool,
    assignee_id: str | None = None,
    announced: Announced | None = None,
    **event_data: Any,
) -> Ticket:
    """The one way a ticket is made, whoever files it and through whatever door."""
    announced = announced or Announced(new_id(), next_number(tx, settings))
    given = {"requester_id": requester["id"], "assignee_id": assignee_id, "verified": verified, **announced._asdict()}
    ticket = _insert_ticket(tx, settings, actor.client, new, given)
    snapshot.take(tx, settings, ticket, requester, actor.client)
    # Filed by staff: the words are the customer's, as far as the agent tells.
    author = actor if actor.user_id == requester["id"] else snapshot.on_behalf(requester, actor.client)
    message = messages.insert(
        tx,
        author,
        ticket.id,
        "message",
        new.written,
        owner_id=requester["id"],
        uploader_id=actor.user_id,
    )
    data = {
        "message_id": message.id,
        "requester_id": requester["id"],
        "assignee_id": assignee_id,
        "changes": {},
        **event_data,
    }
    events.record(tx, "ticket.created", ticket.id, actor=actor.author, data=data)
    return ticket


def category_slug_of(tx: Connection, slug: str, *, allow_retired: bool = False) -> RowMapping:
    """The category a ticket may be given. Raises Invalid where there is none, or none any more."""
    found = categories.find(tx, slug)
    if found is None or (found["retired_at"] is not None and not allow_retired):
        raise Invalid.field("category_slug", "unknown_category", "There is no such category.")
    return found


def next_number(tx: Connection, settings: Settings) -> int:
    """The next readable number. Unique under concurrency; on PostgreSQL a ticket that is rolled back leaves a gap."""
    if tx.dialect.name == "postgresql":
        return tx.execute(_NEXT).scalar_one()
    return max(settings.ticket_start, *(highest or 0 for highest in _HIGHEST.rows(tx, {})[0])) + 1


def start_numbers(tx: Connection, settings: Settings) -> None:
    """Lift PostgreSQL's sequence to where the settings want the first ticket; it never goes back."""
    if tx.dialect.name == "postgresql" and settings.ticket_start > 0:
        tx.execute(_LIFT, {"start": settings.ticket_start})


def _as_json(guess: Guess) -> dict[str, Any]:
    words = [{"text": word.text, "weight": word.weight} for word in guess.words]
    return {"slug": guess.slug, "probability": round(guess.probability, 3), "words": words}


def _insert_ticket(tx: Connection, settings: Settings, client: Client, new: NewTicket, given: dict[str, Any]) -> Ticket:
    slug, guess = new.category_slug, None
    if slug is None:
        guess = learning.suggest(tx, new.reading)
        slug = guess.slug
    category = category_slug_of(tx, slug)
    moment = now()
    row: dict[str, Any] = dict.fromkeys(Ticket._fields[:-1])
    row |= given | {
        "readable_id": f"{settings.ticket_prefix}-{given['number']}",
        "subject": new.subject,
        "status": Status.OPEN,
        "priority": new.priority.rank,
        "category_slug": slug,
        "category_guess": guess and _as_json(guess),
        "metadata": new.metadata,
        "channel": client.via,
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
        "requester_read_at": moment,
    }
    _INSERT_TICKET.run(tx, row)
    return Ticket(**row, category=category["name"])
