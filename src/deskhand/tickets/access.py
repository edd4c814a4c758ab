"""The only way to a ticket: what the actor may not see does not exist."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, null, or_, select

from deskhand.accounts.actor import Actor, Role
from deskhand.categories.tables import categories
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.kit.statements import Statement
from deskhand.tickets.model import Ticket
from deskhand.tickets.tables import tickets

_t = tickets.c
_READABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}-[0-9]{1,12}", re.ASCII)
TICKET_COLUMNS = (*(_t[name] for name in Ticket._fields[:-1]), categories.c.name.label("category"))
TICKETS = select(*TICKET_COLUMNS).join(categories, categories.c.slug == _t.category_slug)
# What the classifier thought is for the team alone, and longer than all the rest: lists of customers leave it out.
OWN_TICKETS = TICKETS.with_only_columns(
    *(null().label(it.name) if it.name == "category_guess" else it for it in TICKET_COLUMNS), maintain_column_froms=True
)


class NoSuchTicket(NotFound):
    """For a ticket that is somebody else's too: ids cannot be probed."""

    title = "There is no such ticket"


def get(tx: Connection, actor: Actor, ref: str) -> Ticket:
    """The ticket with this UUID or readable id. Raises NotFound, also for what is somebody else's."""
    return _fetch(tx, actor, ref, lock=False)


def lock(tx: Connection, actor: Actor, ref: str) -> Ticket:
    """As `get`, for acts: nobody else changes the ticket until the transaction ends."""
    return _fetch(tx, actor, ref, lock=True)


def get_all(tx: Connection, actor: Actor, refs: Sequence[str]) -> list[Ticket]:
    """Several tickets by UUID or readable id, for staff, each once. Raises NotFound unless all are there."""
    actor.require_staff()
    ids = {ref: parse_id(ref) or "" for ref in refs}
    if not all(ids[ref] or _READABLE.fullmatch(ref) for ref in refs):
        raise NoSuchTicket
    named = {"ids": list(filter(None, ids.values())), "names": [ref.upper() for ref in refs if not ids[ref]]}
    found = [Ticket._make(row) for row in tx.execute(_SEVERAL, named)]
    known = {ticket.id for ticket in found} | {ticket.readable_id for ticket in found}
    if not {ids[ref] or ref.upper() for ref in refs} <= known:
        raise NoSuchTicket
    return found


def lock_all(tx: Connection, actor: Actor, ticket_ids: Sequence[str]) -> list[Ticket]:
    """Those of them that are there, for acts of staff. In order of id, so that no two wait for each other."""
    actor.require_staff()
    return [Ticket._make(row) for row in tx.execute(_LOCK_SEVERAL, {"ids": list(ticket_ids)})]


def _fetch(tx: Connection, actor: Actor, ref: str, *, lock: bool) -> Ticket:
    ticket_id = parse_id(ref)
    if ticket_id is None and not _READABLE.fullmatch(ref):
        raise NoSuchTicket
    everything = actor.is_staff or actor.role is Role.SYSTEM
    statement = _STATEMENTS[everything, ticket_id is not None, lock]
    row = statement.first(tx, {"ref": ticket_id or ref.upper(), "owner": actor.user_id})
    if row is None or (actor.ticket_id is not None and actor.ticket_id != row[0]):
        raise NoSuchTicket
    return Ticket._make(row)


def _statement(everything: bool, by_uuid: bool, lock: bool) -> Statement:
    statement: Any = TICKETS.where((_t.id if by_uuid else _t.readable_id) == bindparam("ref"))
    if not everything:
        statement = statement.where(_t.requester_id == bindparam("owner"))
    return Statement(statement.with_for_update(of=tickets) if lock else statement)


# Built once: a statement built for each call costs more than its execution.
_STATEMENTS = {
    (everything, by_uuid, lock): _statement(everything, by_uuid, lock)
    for everything in (True, False)
    for by_uuid in (True, False)
    for lock in (True, False)
}
_BY_IDS = _t.id.in_(bindparam("ids", expanding=True))
_SEVERAL = TICKETS.where(or_(_BY_IDS, _t.readable_id.in_(bindparam("names", expanding=True))))
_LOCK_SEVERAL = TICKETS.where(_BY_IDS).order_by(_t.id).with_for_update(of=tickets)
