"""What one customer thought of the help so far."""

from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from deskhand.csat.tables import ratings
from deskhand.tickets.tables import tickets

_OF_PERSON = (
    select(func.count(), func.avg(ratings.c.rating))
    .join_from(tickets, ratings, ratings.c.ticket_id == tickets.c.id)
    .where(tickets.c.requester_id == bindparam("person"))
)


_GIVEN = (
    select(ratings.c.rating, ratings.c.comment, ratings.c.created_at, tickets.c.readable_id)
    .join_from(tickets, ratings, ratings.c.ticket_id == tickets.c.id)
    .where(tickets.c.requester_id == bindparam("person"))
    .order_by(ratings.c.created_at.desc(), ratings.c.ticket_id.desc())
    .limit(bindparam("limit"))
)


class Given(NamedTuple):
    """`average` is None where nothing was rated."""

    count: int
    average: float | None


def of_person(tx: Connection, user_id: str) -> Given:
    count, average = tx.execute(_OF_PERSON, {"person": user_id}).one()
    return Given(count, None if average is None else float(average))


def list_of_person(tx: Connection, user_id: str, *, limit: int) -> list[RowMapping]:
    """The latest ratings, each with the readable id of its ticket."""
    return list(tx.execute(_GIVEN, {"person": user_id, "limit": limit}).mappings())
