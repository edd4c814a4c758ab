"""How many tickets there are of each kind. For the desk's rail counting stops at `MOST`, so that it stays as quick."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal, select

from deskhand.accounts.actor import Actor
from deskhand.tickets import filters
from deskhand.tickets.filters import Filter, Shape
from deskhand.tickets.model import Status
from deskhand.tickets.tables import spam, tickets

MOST = 1_000  # that many, or more: a page says 999+

_t = tickets.c
_OWN = select(_t.status, func.count()).where(_t.requester_id == bindparam("owner")).group_by(_t.status)


class Rail(NamedTuple):
    """Each from 0 to `MOST`."""

    mine: int
    unassigned: int
    open: int
    pending: int
    resolved: int
    spam: int


def own(tx: Connection, actor: Actor) -> dict[Status, int]:
    """The actor's own tickets, by each status that any is in."""
    return {Status(status): number for status, number in tx.execute(_OWN, {"owner": actor.require_user()})}


def rail(tx: Connection, actor: Actor) -> Rail:
    """One statement. Mine are open and pending; unassigned are open."""
    actor.require_staff()
    asked = [
        Filter(status=(Status.OPEN, Status.PENDING), assignee=(actor.require_user(),)),
        Filter(status=(Status.OPEN,), assignee=("none",)),
        Filter(status=(Status.OPEN,)),
        Filter(status=(Status.PENDING,)),
        Filter(status=(Status.RESOLVED,)),
    ]
    return Rail._make(_counted(tx, asked, spam_too=True))


def count(tx: Connection, actor: Actor, asked: Sequence[Filter]) -> list[int | None]:
    """How many each filter finds, in one statement for all. None where it searches for words, which takes too long."""
    actor.require_staff()
    found = iter(_counted(tx, [one for one in asked if one.q is None]))
    return [None if one.q is not None else next(found) for one in asked]


def _counted(tx: Connection, asked: Sequence[Filter], *, spam_too: bool = False) -> Sequence[int]:
    if not asked:
        return []
    values: dict[str, Any] = {}
    for number, one in enumerate(asked):
        values |= filters.values(one, f"_{number}")
    # An order does not matter here, and each would be a statement of its own.
    shapes = tuple(filters.shape(one, "desk")._replace(sort="") for one in asked)
    row: Any = tx.execute(_statement(shapes, spam_too), values).one()
    return list(row)


@lru_cache(512)
def _statement(shapes: tuple[Shape, ...], spam_too: bool) -> Any:
    counts = [_bounded(tickets, filters.where(shape, f"_{number}")) for number, shape in enumerate(shapes)]
    if spam_too:
        counts.append(_bounded(spam, [spam.c.released_ticket_id.is_(None)]))
    return select(*(count.label(f"n{number}") for number, count in enumerate(counts)))


def _bounded(table: Any, conditions: list[ColumnElement[bool]]) -> Any:
    some = select(literal(1)).select_from(table).where(*conditions).limit(MOST).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
