"""Small looks at tickets that pages take beside the thread."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select

from deskhand.accounts.actor import Actor
from deskhand.tickets.tables import messages, tickets

_t, _m = tickets.c, messages.c
_RECENT = (
    select(_t.id, _t.readable_id, _t.subject, _t.status)
    .where(_t.requester_id == bindparam("requester"))
    .order_by(_t.created_at.desc(), _t.id.desc())
    .limit(bindparam("limit"))
)
_LATEST = select(func.max(_m.seq)).where(
    _m.ticket_id == bindparam("ticket"), or_(_m.author_id.is_(None), _m.author_id != bindparam("reader"))
)


class Brief(NamedTuple):
    id: str
    readable_id: str
    subject: str
    status: str


def recent_of(tx: Connection, actor: Actor, requester_id: str, limit: int) -> list[Brief]:
    """A customer's latest tickets, for the team."""
    actor.require_staff()
    return [Brief._make(row) for row in tx.execute(_RECENT, {"requester": requester_id, "limit": limit})]


def latest_of_others(tx: Connection, actor: Actor, ticket_id: str) -> int:
    """The number of the newest message or note that is not the actor's own: it changes when somebody else writes."""
    actor.require_staff()
    return tx.execute(_LATEST, {"ticket": ticket_id, "reader": actor.user_id}).scalar_one() or 0
