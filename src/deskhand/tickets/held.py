"""What staff sent and may still take back: stored at once, carried out by a job (`due`) ten seconds later.

Whoever deletes the row decides: the job, in the transaction of the act itself, or its author, who has it back then. So
it happens once or not at all, whatever dies in between. Until then nothing has happened: there is no event and no mail.
What is given is never edited: to write it anew is to take it back and to hold another.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, select, update

from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.tables import users
from deskhand.attachments import holding
from deskhand.kit import jobs
from deskhand.kit.clock import SECOND, now
from deskhand.kit.errors import Conflict, Invalid, NotFound
from deskhand.kit.ids import new_id, parse_id
from deskhand.kit.phrases import Phrase
from deskhand.tickets import access, ops, tags
from deskhand.tickets.model import MAX_TAGS, BulkChange, NewStaffReply, StaffTicketChange, Ticket
from deskhand.tickets.tables import held_acts, held_tickets

DELAY = 10 * SECOND
MAX_TICKETS = 100
JOB = "held.carry_out"


class AlreadySent(Conflict):
    code = "already_sent"
    title = "This has been sent already"


class Held(NamedTuple):
    """An act on its way, due at `due_at`; `problem` says why it could not be carried out then.

    `given` has for a `reply` body, status and change (what a macro brought with it, or None), for a `change` change,
    add_tags and remove_tags: JSON values of the fields of `NewStaffReply`, `StaffTicketChange` and `BulkChange`.
    """

    id: str
    author_id: str
    kind: str
    given: dict[str, Any]
    due_at: int
    problem: str | None
    created_at: int
    author_name: str
    ticket_ids: list[str]


_h, _ht = held_acts.c, held_tickets.c
_HELD = (
    select(*(_h[name] for name in Held._fields[:-2]), users.c.name.label("author_name"))
    .join(users, users.c.id == _h.author_id)
    .order_by(_h.id)
)
_ONE = _HELD.where(_h.id == bindparam("held"))
_BY_AUTHOR = _HELD.where(_h.author_id == bindparam("author"))
_OF_TICKET = _HELD.join(held_tickets, _ht.held_id == _h.id).where(_ht.ticket_id == bindparam("ticket"))
_TICKETS = (
    select(_ht.held_id, _ht.ticket_id)
    .where(_ht.held_id.in_(bindparam("ids", expanding=True)))
    .order_by(_ht.held_id, _ht.ticket_id)
)
_INSERT, _INSERT_TICKETS = held_acts.insert(), held_tickets.insert()
_DELETE = delete(held_acts).where(_h.id == bindparam("held"))
_SET = update(held_acts).where(_h.id == bindparam("held"))
_HASTEN = _SET.values(due_at=bindparam("moment"), problem=None)
_NOTE = _SET.values(problem=bindparam("why"))


def hold_reply(
    tx: Connection, actor: Actor, ticket: Ticket, new: NewStaffReply, change: StaffTicketChange | None = None
) -> Held:
    """Keep a reply until it is due, and the change that goes with it; the status is the reply's, whatever that says.

    Raises Invalid for files that cannot be bound and for a category or an agent that there is not.
    """
    actor.require_staff()
    with_it = change.model_dump(mode="json", exclude_unset=True, exclude={"status"}) if change else None
    ops.check(tx, with_it or {})
    held = _keep(tx, actor, "reply", [ticket.id], {"body": new.body, "status": new.status, "change": with_it})
    if files := new.written.files:
        holding.hold(tx, ids=files, uploader_id=held.author_id, held_by=held.id, ticket_id=ticket.id)
    return held


def hold_change(tx: Connection, actor: Actor, refs: Sequence[str], change: BulkChange) -> Held:
    """Keep a change of up to 100 tickets, by id or readable id. Raises NotFound, and Invalid where a change would."""
    if not 1 <= len(refs) <= MAX_TICKETS:
        raise Invalid.field("tickets", "count", Phrase("Choose 1 to {most} tickets.", most=MAX_TICKETS))
    if not change.model_fields_set:
        raise Invalid("There is nothing to change.")
    found = access.get_all(tx, actor, refs)
    fields = change.model_dump(mode="json", exclude_unset=True, exclude={"add_tags", "remove_tags"})
    given = {"change": fields, "add_tags": change.add_tags, "remove_tags": change.remove_tags}
    ops.check(tx, fields)
    check_tags(tx, found, given)
    return _keep(tx, actor, "change", sorted(ticket.id for ticket in found), given)


def take_back(tx: Connection, actor: Actor, held_id: str) -> Held:
    """Undo it before it is done: what was held comes back, its files free to be sent again. Raises AlreadySent.

    For its author alone; what failed an admin can clear away, for its author may be gone.
    """
    held = _own(tx, actor, held_id)
    if not claim(tx, held.id):
        raise AlreadySent
    holding.release(tx, uploader_id=held.author_id, held_by=held.id)
    jobs.withdraw(tx, _job_key(held.id))
    return held


def send_now(tx: Connection, actor: Actor, held_id: str) -> None:
    """Do not wait any longer; also a new try for what failed. Raises AlreadySent."""
    held = _own(tx, actor, held_id)
    if tx.execute(_HASTEN, {"held": held.id, "moment": now()}).rowcount == 0:
        raise AlreadySent
    jobs.hasten(tx, _job_key(held.id))


def of_ticket(tx: Connection, ticket_id: str) -> list[Held]:
    """What is on its way to a ticket, oldest first; for the team's eyes."""
    return _read(tx, _OF_TICKET, ticket=ticket_id)


def by_author(tx: Connection, actor: Actor) -> list[Held]:
    """What the actor sent that is not carried out yet, oldest first."""
    actor.require_staff()
    return _read(tx, _BY_AUTHOR, author=actor.require_user())


def find(tx: Connection, held_id: str) -> Held | None:
    return next(iter(_read(tx, _ONE, held=held_id)), None)


def claim(tx: Connection, held_id: str) -> bool:
    """Whether it was still there: whoever took it away decides what becomes of it."""
    return tx.execute(_DELETE, {"held": held_id}).rowcount > 0


def keep_problem(tx: Connection, held_id: str, why: str) -> None:
    tx.execute(_NOTE, {"held": held_id, "why": why})


def check_tags(tx: Connection, found: list[Ticket], given: dict[str, Any]) -> dict[str, list[str]]:
    """The tags that each ticket is to have; nothing where none are to change. Raises Invalid for too many."""
    add, remove = given["add_tags"], set(given["remove_tags"])
    if not add and not remove:
        return {}
    before = tags.of(tx, [ticket.id for ticket in found])
    wanted = {}
    for ticket in found:
        base = given["change"].get("tags", before[ticket.id])
        wanted[ticket.id] = [tag for tag in dict.fromkeys([*base, *add]) if tag not in remove]
        if len(wanted[ticket.id]) > MAX_TAGS:
            message = Phrase("{ticket} would have more than {most} tags.", ticket=ticket.readable_id, most=MAX_TAGS)
            raise Invalid.field("add_tags", "too_many", message)
    return wanted


def _keep(tx: Connection, actor: Actor, kind: str, ticket_ids: list[str], given: dict[str, Any]) -> Held:
    held_id, moment, author_id = new_id(), now(), actor.require_user()
    held = Held(held_id, author_id, kind, given, moment + DELAY, None, moment, actor.name, ticket_ids)
    row = held._asdict()
    tx.execute(_INSERT, {name: row[name] for name in Held._fields[:-2]})
    tx.execute(_INSERT_TICKETS, [{"held_id": held_id, "ticket_id": ticket_id} for ticket_id in ticket_ids])
    # What was written is in the row alone: everyone in the team may read jobs.
    jobs.enqueue(tx, JOB, {"held_id": held_id}, dedupe_key=_job_key(held_id), run_at=held.due_at)
    return held


def _own(tx: Connection, actor: Actor, held_id: str) -> Held:
    """Raises AlreadySent for what is gone, NotFound for what is somebody else's."""
    actor.require_staff()
    canonical = parse_id(held_id)
    if canonical is None:
        raise NotFound
    held = find(tx, canonical)
    if held is None:
        raise AlreadySent
    if held.author_id != actor.user_id and not (held.problem and actor.role is Role.ADMIN):
        raise NotFound
    return held


def _read(tx: Connection, statement: Select[*tuple[Any, ...]], **values: Any) -> list[Held]:
    rows = tx.execute(statement, values).all()
    ticket_ids: dict[str, list[str]] = defaultdict(list)
    if rows:
        for held_id, ticket_id in tx.execute(_TICKETS, {"ids": [row.id for row in rows]}):
            ticket_ids[held_id].append(ticket_id)
    return [Held._make((*row, ticket_ids[row.id])) for row in rows]


def _job_key(held_id: str) -> str:
    return f"{JOB}:{held_id}"
