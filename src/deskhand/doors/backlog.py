"""What the worker has before it, as metrics and the doctor tell it."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from deskhand.kit import clock
from deskhand.kit.events import events
from deskhand.kit.jobs import jobs

STATES = ("queued", "running", "dead")

# As the partial indexes have it: a condition with parameters would not use them.
_JOBS = (
    select(jobs.c.state, func.count().label("number"))
    .where(text("state IN ('queued', 'running', 'dead')"))
    .group_by(jobs.c.state)
)
_OLDEST_JOB = select(func.min(jobs.c.run_at)).where(
    text("state IN ('queued', 'running')"), jobs.c.state == "queued", text("run_at <= :moment")
)
_EVENTS = select(func.count(), func.min(events.c.at)).where(events.c.dispatched_at.is_(None))


class Backlog(NamedTuple):
    """Jobs that are not done by state, events not yet dispatched, microseconds the longest has waited for a worker."""

    jobs: dict[str, int]
    events: int
    oldest: int


def backlog(tx: Connection) -> Backlog:
    """Counted along the indexes of what is unfinished, however much is done."""
    counted = dict.fromkeys(STATES, 0) | {row.state: row.number for row in tx.execute(_JOBS)}
    due = tx.execute(_OLDEST_JOB, {"moment": clock.now()}).scalar_one()
    waiting, since = tx.execute(_EVENTS).one()
    begun = [at for at in (due, since) if at is not None]
    return Backlog(counted, waiting, max(0, clock.now() - min(begun)) if begun else 0)
