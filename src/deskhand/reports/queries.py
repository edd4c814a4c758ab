"""How much there was to do, and how fast it was done. Counted in the database, put together here.

Category, assignee and channel of a figure are those that its ticket has today. A status change is dated by its event;
a duration by its end: the first reply, or the resolution that stands.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from deskhand.accounts.actor import Actor
from deskhand.kit.clock import DAY, MINUTE, now
from deskhand.kit.events import events
from deskhand.reports.model import Asked, Figures, Period
from deskhand.tickets.model import Status
from deskhand.tickets.tables import tickets

_t, _e = tickets.c, events.c
_CELL = (_t.category_slug, _t.assignee_id, _t.channel)
_ACTIVE, _DONE = (Status.OPEN, Status.PENDING), (Status.RESOLVED, Status.CLOSED)
_BATCH = 1000  # ids in one statement
_MOVING = ("ticket.replied", "ticket.changed", "ticket.closed", "ticket.reopened")


class _Move(NamedTuple):
    """A change of status that counts: in which figure, and what it does to the backlog."""

    was: tuple[Status, ...]
    became: tuple[Status, ...]
    figure: str
    backlog: int


_MOVES = (
    _Move(_ACTIVE, (Status.RESOLVED,), "resolved", -1),
    _Move(_ACTIVE, (Status.CLOSED,), "closed", -1),
    _Move((Status.RESOLVED,), (Status.CLOSED,), "closed", 0),
    _Move((Status.CLOSED,), (Status.RESOLVED,), "resolved", 0),
    _Move(_DONE, _ACTIVE, "reopened", 1),
)


# Stored as compact JSON, in which nothing that people type can look like this: its quotes are escaped.
_DATA = type_coerce(_e.data, String())


def _any_of(move: _Move) -> ColumnElement[bool]:
    return or_(*(_DATA.like(f'%"status":["{was}","{became}"]%') for was in move.was for became in move.became))


_NEUTRAL = _any_of(_Move(_ACTIVE, _ACTIVE, "", 0))
_MOVED = and_(_DATA.like('%"status":["%'), ~_NEUTRAL)
# An event's place in _MOVES, or NULL. Most changes are neutral: they are sorted out before the others are looked for.
_NUMBER = case((_NEUTRAL, None), *((_any_of(move), number) for number, move in enumerate(_MOVES)))


def _figures() -> defaultdict[Any, Figures]:
    return defaultdict(Figures)


@dataclass(slots=True)
class Summary:
    """`by_agent` has None for tickets that are nobody's. Backlogs are today's, but for those by day."""

    period: Period
    total: Figures = field(default_factory=Figures)
    backlog: Counter[str] = field(default_factory=Counter)  # by status
    unassigned: int = 0
    by_day: dict[int, Figures] = field(default_factory=_figures)
    by_category: dict[str, Figures] = field(default_factory=_figures)
    by_agent: dict[str | None, Figures] = field(default_factory=_figures)
    by_channel: dict[str, Figures] = field(default_factory=_figures)

    def touched(self, day: int | None, category: str, agent: str | None, channel: str) -> Iterator[Figures]:
        """Every figure that something of this kind counts for."""
        yield self.total
        if day is not None:
            yield self.by_day[day]
        yield self.by_category[category]
        yield self.by_agent[agent]
        yield self.by_channel[channel]


def summarise(tx: Connection, actor: Actor, asked: Asked) -> Summary:
    """Count everything; for the team."""
    actor.require_staff()
    summary = Summary(asked.period, by_day={day: Figures() for day in asked.period.days})
    moment, grown = now(), Counter[int]()
    for part in asked.period.parts():
        piece = asked._replace(period=part)
        grown.update(_count_created(tx, piece, summary))
        grown.update(_count_events(tx, piece, summary))
        _take_times(tx, piece, summary)
    _count_backlog(tx, asked, summary)
    level = sum(summary.backlog.values()) if asked.period.end >= moment else _backlog_at(tx, asked, asked.period.end)
    _fill_backlog(summary, level, grown, moment)
    return summary


def conditions(asked: Asked) -> list[ColumnElement[bool]]:
    """Which tickets count, by what was asked for."""
    wanted = [] if asked.category is None else [_t.category_slug == asked.category]
    if asked.agent is not None:
        wanted.append(_t.assignee_id.is_(None) if asked.agent == "none" else _t.assignee_id == asked.agent)
    return wanted


def within(column: Any, period: Period) -> ColumnElement[bool]:
    return and_(column >= period.start, column < period.end)


def day_of(column: Any) -> ColumnElement[int]:
    # Written out: PostgreSQL takes two parameters of the same value in SELECT and GROUP BY for different things.
    return column // literal_column(str(DAY), Integer)


def solved_within(period: Period) -> ColumnElement[bool]:
    """Tickets whose last resolution, or closing without one, lies in `period`, and which were not reopened since."""
    return or_(within(_t.resolved_at, period), and_(_t.resolved_at.is_(None), within(_t.closed_at, period)))


def _tally(tx: Connection, statement: Select[*tuple[Any, ...]]) -> Iterable[tuple[tuple[Any, ...], int]]:
    """Each row that there is, and how often; SQLite takes longer to group as many as that."""
    return Counter(map(tuple, tx.execute(statement))).items()


def _count_created(tx: Connection, asked: Asked, summary: Summary) -> Counter[int]:
    """Returns how many came on each day."""
    grown: Counter[int] = Counter()
    statement = select(day_of(_t.created_at), *_CELL).where(within(_t.created_at, asked.period), *conditions(asked))
    for (day, *cell), count in _tally(tx, statement):
        grown[day] += count
        for figures in summary.touched(day, *cell):
            figures.created += count
    return grown


def _count_events(tx: Connection, asked: Asked, summary: Summary) -> Counter[int]:
    """Count replies, resolved, closed and reopened; returns what they did to each day's backlog.

    Replies are their writer's: `by_agent`, and the filter by agent, ask who wrote and not whose ticket it is.
    """
    replied = and_(_e.name == "ticket.replied", _e.actor_type == "agent")
    statement = (
        select(day_of(_e.at), *_CELL, case((replied, _e.actor_id)), _NUMBER)
        .join_from(events, tickets, _t.id == _e.subject_id)
        .where(_e.name.in_(_MOVING), within(_e.at, asked.period), or_(replied, _MOVED))
        .where(*conditions(asked._replace(agent=None)))
    )
    grown: Counter[int] = Counter()
    for (day, category, agent, channel, writer, number), count in _tally(tx, statement):
        if writer and asked.agent in {None, writer}:
            for figures in summary.touched(day, category, writer, channel):
                figures.replies += count
        if number is not None and asked.agent in {None, agent or "none"}:
            move = _MOVES[number]
            grown[day] += move.backlog * count
            for figures in summary.touched(day, category, agent, channel):
                setattr(figures, move.figure, getattr(figures, move.figure) + count)
    return grown


def _take_times(tx: Connection, asked: Asked, summary: Summary) -> None:
    """Durations, one by one: a percentile needs them all."""
    solved_at = func.coalesce(_t.resolved_at, _t.closed_at)
    for end, when, figure in (
        (_t.first_reply_at, within(_t.first_reply_at, asked.period), "first_reply"),
        (solved_at, solved_within(asked.period), "resolution"),
    ):
        durations: defaultdict[Any, list[int]] = defaultdict(list)
        for took, *cell in tx.execute(select(end - _t.created_at, day_of(end), *_CELL).where(when, *conditions(asked))):
            durations[tuple(cell)].append(took)
        for cell, found in durations.items():
            for figures in summary.touched(*cell):
                getattr(figures, figure).extend(found)


def _count_backlog(tx: Connection, asked: Asked, summary: Summary) -> None:
    statement = select(_t.status, *_CELL).where(_t.status.in_(_ACTIVE), *conditions(asked))
    for (status, category, agent, channel), count in _tally(tx, statement):
        summary.backlog[status] += count
        summary.unassigned += count if agent is None else 0
        for figures in summary.touched(None, category, agent, channel):
            figures.backlog = (figures.backlog or 0) + count


def _backlog_at(tx: Connection, asked: Asked, at: int) -> int:
    """How many tickets were open or pending at a moment of the past: today's state, with what happened since undone.

    Only tickets changed since then can have a past that differs, so few events need be read, however old the moment.
    """
    old = (_t.created_at < at, *conditions(asked))
    today = tx.execute(select(func.count()).where(*old, _t.status.in_(_ACTIVE))).scalar_one()
    # A ticket's `updated_at` is set just before its event's time. Its id is fetched first: a planner that takes the
    # two times for independent would expect half of all tickets, and read all events for them.
    changed = tx.execute(select(_t.id).where(*old, _t.updated_at >= at - MINUTE)).scalars().all()
    numbers: Counter[int] = Counter()
    for first in range(0, len(changed), _BATCH):
        about = _e.subject_id.in_(changed[first : first + _BATCH])
        numbers.update(tx.execute(select(_NUMBER).where(about, _e.at >= at, _e.name.in_(_MOVING), _MOVED)).scalars())
    return today - sum(_MOVES[number].backlog * count for number, count in numbers.items())


def _fill_backlog(summary: Summary, level: int, grown: Counter[int], moment: int) -> None:
    """Walk back from the level at the period's end, or now; a day's backlog is the one at its end."""
    for day in reversed(summary.period.days):
        if day > moment // DAY:
            summary.by_day[day].backlog = None
        else:
            summary.by_day[day].backlog = level
            level -= grown[day]
