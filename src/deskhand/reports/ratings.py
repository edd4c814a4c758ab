"""What customers say of the help they got. A rating counts on the day it was given."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.csat.tables import ratings
from deskhand.reports.model import Asked, Period, Ratings
from deskhand.reports.queries import conditions, day_of, solved_within, within
from deskhand.tickets.tables import tickets

MAX_COMMENTS = 100

_t, _r = tickets.c, ratings.c


def _ratings() -> defaultdict[Any, Ratings]:
    return defaultdict(Ratings)


@dataclass(slots=True)
class Csat:
    """`solved` counts the tickets resolved or closed in the period, `answered` those of them that have a rating."""

    period: Period
    solved: int
    answered: int
    comments: list[RowMapping]
    total: Ratings = field(default_factory=Ratings)
    by_day: dict[int, Ratings] = field(default_factory=_ratings)
    by_category: dict[str, Ratings] = field(default_factory=_ratings)
    by_agent: dict[str | None, Ratings] = field(default_factory=_ratings)


def rate(tx: Connection, actor: Actor, asked: Asked) -> Csat:
    """Count the ratings of the period; for the team."""
    actor.require_staff()
    rated = select(func.count(), func.count(_r.ticket_id)).select_from(tickets).outerjoin(ratings)
    solved, answered = tx.execute(rated.where(solved_within(asked.period), *conditions(asked))).one()
    csat = Csat(
        asked.period, solved, answered, _comments(tx, asked), by_day={day: Ratings() for day in asked.period.days}
    )
    columns = (day_of(_r.created_at), _t.category_slug, _t.assignee_id, _r.rating)
    statement = select(*columns, func.count()).join_from(ratings, tickets, _t.id == _r.ticket_id)
    given = statement.where(within(_r.created_at, asked.period), *conditions(asked)).group_by(*columns)
    for day, category, agent, stars, count in tx.execute(given):
        for counted in (csat.total, csat.by_day[day], csat.by_category[category], csat.by_agent[agent]):
            counted.counts[stars - 1] += count
    return csat


def _comments(tx: Connection, asked: Asked) -> list[RowMapping]:
    """The latest comments of the period, newest first."""
    columns = (_r.rating, _r.comment, _r.created_at, _t.id, _t.readable_id, _t.assignee_id, users.c.name)
    statement = (
        select(*columns)
        .select_from(ratings)
        .join(tickets, _t.id == _r.ticket_id)
        .outerjoin(users, users.c.id == _t.assignee_id)
        .where(_r.comment.is_not(None), within(_r.created_at, asked.period), *conditions(asked))
        .order_by(_r.created_at.desc(), _r.ticket_id.desc())
        .limit(MAX_COMMENTS)
    )
    return list(tx.execute(statement).mappings())
