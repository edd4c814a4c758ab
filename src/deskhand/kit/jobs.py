"""Jobs: work to be done after a commit, kept in the same database so that it commits or rolls back with its cause.

A worker claims a job by a lease; one that dies loses it and another takes over. What keeps failing is dead-lettered.
"""

import random
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)

from deskhand.kit.clock import HOUR, SECOND, now
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import new_id
from deskhand.kit.schema import Id, Json, Time, insert, metadata
from deskhand.kit.statements import Statement

LEASE = 30 * SECOND
MAX_ATTEMPTS = 20  # over some two days: a mail server that is down for a night costs nobody a mail
_LONGEST_PAUSE = 6 * HOUR

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("payload", Json, nullable=False),
    Column("dedupe_key", String(200), unique=True),
    Column("state", String(10), nullable=False),  # queued, running, done, dead
    Column("run_at", Time, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Time),
    Column("leased_by", String(60)),
    Column("error", Text),
    Column("created_at", Time, nullable=False),
    Column("finished_at", Time),
    Index("ix_jobs_state", "state", "id"),
    Index("ix_jobs_leased_by", "leased_by"),
)
# Written out: a partial index serves only a condition whose values are known when the statement is prepared.
_unfinished = text("jobs.state IN ('queued', 'running')")
_to_be_retried = and_(jobs.c.state == "queued", jobs.c.attempts > 0)
_index_where = text("state IN ('queued', 'running')")
Index("ix_jobs_due", jobs.c.run_at, sqlite_where=_index_where, postgresql_where=_index_where)


class Job(NamedTuple):
    """A claimed job: `attempts` counts this one too."""

    id: str
    kind: str
    payload: Any
    attempts: int


class GiveUp(Exception):
    """Raised by a job that no retry can save; the message says why, fit for the desk's eyes."""


class TryLater(Exception):
    """Raised by a job whose time will come: expected trouble outside, such as a server that is down."""


def enqueue(
    tx: Connection, kind: str, payload: Mapping[str, Any], *, dedupe_key: str | None = None, run_at: int | None = None
) -> bool:
    """Queue a job; False when one with this `dedupe_key` has been queued before."""
    moment = now()
    row = {
        "id": new_id(),
        "kind": kind,
        "payload": dict(payload),
        "dedupe_key": dedupe_key,
        "state": "queued",
        "run_at": run_at or moment,
        "attempts": 0,
        "created_at": moment,
    }
    return _ENQUEUE.run(tx, row) == 1


def any_due(tx: Connection, *, without: Collection[str] = ()) -> bool:
    """Whether `claim` would find something: asked before it, so that idle workers take no write lock."""
    return tx.execute(_DUE, {"moment": now(), "without": list(without)}).first() is not None


def claim(tx: Connection, worker: str, *, without: Collection[str] = ()) -> Job | None:
    """Lease the next due job, or one whose worker has died, for `LEASE`; none of the kinds in `without`."""
    moment = now()
    given = {"moment": moment, "until": moment + LEASE, "worker": worker, "without": list(without)}
    row = tx.execute(_CLAIM, given).one_or_none()
    return Job(*row) if row else None


def renew(tx: Connection, worker: str, job_ids: Collection[str]) -> None:
    """Keep the leases of the jobs that `worker` is really at. Others that stand under its name run out: their end could
    not be written down, or the answer to their claim was lost."""
    mine = and_(jobs.c.id.in_(list(job_ids)), jobs.c.leased_by == worker, jobs.c.state == "running")
    tx.execute(update(jobs).where(mine).values(lease_until=now() + LEASE))


def finish(tx: Connection, job: Job, worker: str) -> bool:
    """Mark it done; False when the lease was lost meanwhile."""
    return _settle(tx, job, worker, state="done", finished_at=now(), error=None)


def fail(tx: Connection, job: Job, worker: str, error: str, *, final: bool = False) -> bool:
    """Queue it again after a pause, or dead-letter it when `final` or out of attempts."""
    if final or job.attempts >= MAX_ATTEMPTS:
        return _settle(tx, job, worker, state="dead", finished_at=now(), error=error[:2000])
    return _settle(tx, job, worker, state="queued", run_at=now() + pause(job.attempts), error=error[:2000])


def pause(attempts: int) -> int:
    """Microseconds before the next attempt: 5 s, 10 s, 20 s … 6 h, with a quarter of jitter so that retries spread."""
    base = min(5 * SECOND * 2 ** (attempts - 1), _LONGEST_PAUSE)
    return int(base * random.uniform(0.875, 1.125))  # noqa: S311 - spreads load, guards nothing


def list_jobs(tx: Connection, *, state: str | None, limit: int, offset: int) -> tuple[list[RowMapping], int]:
    """Newest first, and how many there are in all. The state `failed` is the dead, and then what is to be retried."""
    where, order = jobs.c.state == state if state else jobs.c.state.is_not(None), [jobs.c.id.desc()]
    if state == "failed":
        where, order = or_(jobs.c.state == "dead", _to_be_retried), [jobs.c.state, *order]
    rows = tx.execute(select(jobs).where(where).order_by(*order).limit(limit).offset(offset)).mappings()
    return list(rows), tx.execute(select(func.count()).select_from(jobs).where(where)).scalar_one()


def retry(tx: Connection, job_id: str) -> RowMapping:
    """Give a dead job, or one that waits out a pause, a fresh start now. Raises NotFound where there is none."""
    again = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(["dead", "queued"]))
    tx.execute(again.values(state="queued", run_at=now(), attempts=0, finished_at=None))
    row = tx.execute(select(jobs).where(jobs.c.id == job_id)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def hasten(tx: Connection, dedupe_key: str) -> None:
    """Let the job run now, afresh if it is dead. One that is under way or done stays as it is."""
    tx.execute(_HASTEN, {"key": dedupe_key, "moment": now()})


def withdraw(tx: Connection, dedupe_key: str) -> None:
    """Delete the job, waiting or dead. One that is under way has to find out by itself that its cause is gone."""
    tx.execute(_WITHDRAW, {"key": dedupe_key})


def sweep(tx: Connection, older_than: int) -> int:
    """Delete what was done before `older_than`; dead jobs stay until someone looks."""
    return tx.execute(delete(jobs).where(jobs.c.state == "done", jobs.c.finished_at < older_than)).rowcount


def _settle(tx: Connection, job: Job, worker: str, **values: Any) -> bool:
    mine = and_(jobs.c.id == job.id, jobs.c.leased_by == worker, jobs.c.state == "running")
    return tx.execute(update(jobs).where(mine).values(lease_until=None, leased_by=None, **values)).rowcount == 1


_ENQUEUE = Statement(insert(jobs).on_conflict_do_nothing(index_elements=["dedupe_key"]))
_DUE = (
    select(jobs.c.id)
    .where(
        _unfinished,
        jobs.c.run_at <= bindparam("moment"),
        jobs.c.kind.not_in(bindparam("without", expanding=True)),
        or_(jobs.c.state == "queued", jobs.c.lease_until < bindparam("moment")),
    )
    .order_by(jobs.c.run_at)
    .limit(1)
)
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == _DUE.with_for_update(skip_locked=True).scalar_subquery())
    .values(
        state="running", attempts=jobs.c.attempts + 1, lease_until=bindparam("until"), leased_by=bindparam("worker")
    )
    .returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.attempts)
)
_AT_REST = and_(jobs.c.dedupe_key == bindparam("key"), jobs.c.state.in_(["queued", "dead"]))
_HASTEN = update(jobs).where(_AT_REST).values(state="queued", run_at=bindparam("moment"), attempts=0, finished_at=None)
_WITHDRAW = delete(jobs).where(_AT_REST)
