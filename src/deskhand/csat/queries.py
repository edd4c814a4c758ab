"""What one customer thought of the help so far."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from deskhand.csat.tables import ratings
from deskhand.tickets.tables import tickets

_OF_PERSON = (
    select(func.count(), func.avg(ratings.c.rating))
    .join_from(tickets, ratings, ratings.c.ticket_id == tickets.c.id)
    .where(tickets.c.requester_id == bindparam("person"))
)


class Given(NamedTuple):
    """`average` is None where nothing was rated."""

    count: int
    average: float | None


def of_person(tx: Connection, user_id: str) -> Given:
    count, average = tx.execute(_OF_PERSON, {"person": user_id}).one()
    return Given(count, None if average is None else float(average))
