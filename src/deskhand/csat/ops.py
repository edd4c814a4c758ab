"""Rating a ticket: once, after it was resolved."""

from sqlalchemy import Connection, RowMapping, bindparam, select

from deskhand.accounts.actor import Actor
from deskhand.csat.model import NewRating
from deskhand.csat.tables import ratings
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import Conflict
from deskhand.kit.schema import insert
from deskhand.kit.statements import Statement
from deskhand.tickets.model import Status, Ticket

_FIND = Statement(select(ratings).where(ratings.c.ticket_id == bindparam("ticket")))
_RATE = insert(ratings).on_conflict_do_nothing(index_elements=["ticket_id"])


class AlreadyRated(Conflict):
    code = "already_rated"
    title = "This ticket has been rated already"


class NotResolved(Conflict):
    code = "not_resolved"
    title = "A ticket can be rated once it is resolved"


def rate(tx: Connection, actor: Actor, ticket: Ticket, new: NewRating) -> RowMapping:
    """Keep the one rating. Raises NotResolved, AlreadyRated; of two at the same moment the table's key lets one in.

    `ticket` comes from `access.lock`: nobody opens it again meanwhile.
    """
    if ticket.status not in {Status.RESOLVED, Status.CLOSED}:
        raise NotResolved
    comment = (new.comment or "").strip() or None
    row = {
        "ticket_id": ticket.id,
        "user_id": actor.require_user(),
        "rating": new.rating,
        "comment": comment,
        "created_at": now(),
    }
    if tx.execute(_RATE, row).rowcount == 0:
        raise AlreadyRated
    data = {
        "rating": new.rating,
        "comment": comment,
        "requester_id": ticket.requester_id,
        "assignee_id": ticket.assignee_id,
    }
    events.record(tx, "ticket.rated", ticket.id, actor=actor.author, data=data)
    return find(tx, ticket.id)  # type: ignore[return-value]


def find(tx: Connection, ticket_id: str) -> RowMapping | None:
    """The ticket's rating, if it has one."""
    return _FIND.mapping(tx, {"ticket": ticket_id})
