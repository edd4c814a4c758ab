"""Who of the team looks at a ticket, or writes on it, at this moment. For the team's eyes alone.

A page says so every few seconds, and when it is left. Who says nothing any more is gone half a minute later.
"""

from typing import NamedTuple

from sqlalchemy import Boolean, Connection, bindparam, delete, select

from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.kit.clock import SECOND, now
from deskhand.kit.schema import Id, Time, insert
from deskhand.tickets.access import NoSuchTicket
from deskhand.tickets.tables import presences, tickets

SEEN_FOR = 30 * SECOND


class Presence(NamedTuple):
    user_id: str
    name: str
    writing: bool
    seen_at: int


_p = presences.c
_SEEN = select(
    tickets.c.id,
    bindparam("person", type_=Id),
    bindparam("busy", type_=Boolean),
    bindparam("moment", type_=Time),
).where(tickets.c.id == bindparam("ticket"))
_PUT = insert(presences).from_select(["ticket_id", "user_id", "writing", "seen_at"], _SEEN)
_TOUCH = _PUT.on_conflict_do_update(
    index_elements=["ticket_id", "user_id"],
    set_={"writing": _PUT.excluded.writing, "seen_at": _PUT.excluded.seen_at},
)
_OTHERS = (
    select(_p.user_id, users.c.name, _p.writing, _p.seen_at)
    .join(users, users.c.id == _p.user_id)
    .where(_p.ticket_id == bindparam("ticket"), _p.user_id != bindparam("person"), _p.seen_at > bindparam("since"))
    .order_by(users.c.name, _p.user_id)
)
_LEAVE = delete(presences).where(_p.ticket_id == bindparam("ticket"), _p.user_id == bindparam("person"))
_SWEEP = delete(presences).where(_p.seen_at <= bindparam("since"))


def touch(tx: Connection, actor: Actor, ticket_id: str, *, writing: bool) -> None:
    """The actor is here. Raises NotFound where there is no such ticket."""
    actor.require_staff()
    seen = {"ticket": ticket_id, "person": actor.require_user(), "busy": writing, "moment": now()}
    if tx.execute(_TOUCH, seen).rowcount == 0:
        raise NoSuchTicket


def others(tx: Connection, actor: Actor, ticket_id: str) -> list[Presence]:
    """Who else is here, by name."""
    actor.require_staff()
    asked = {"ticket": ticket_id, "person": actor.require_user(), "since": now() - SEEN_FOR}
    return [Presence._make(row) for row in tx.execute(_OTHERS, asked)]


def leave(tx: Connection, actor: Actor, ticket_id: str) -> None:
    """The actor is gone; nothing happens where they were not here."""
    actor.require_staff()
    tx.execute(_LEAVE, {"ticket": ticket_id, "person": actor.require_user()})


def sweep(tx: Connection) -> int:
    """Delete who has not been seen for a while; returns how many."""
    return tx.execute(_SWEEP, {"since": now() - SEEN_FOR}).rowcount
