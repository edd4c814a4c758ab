"""The worker: turns events into jobs by the wiring, runs the jobs, keeps the schedule.

One thread dispatches, renews leases and watches the clock; a few more run jobs. Any number of workers may run beside
each other, in this process or elsewhere: what one has leased no other takes, and a dead one's lease runs out.
"""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, RowMapping

from deskhand.doors.services import Services
from deskhand.kit import events, jobs, schedule
from deskhand.kit.clock import SECOND, now
from deskhand.kit.errors import Unavailable
from deskhand.kit.schedule import Regular

log = structlog.get_logger("deskhand.worker")

Reaction = Callable[[Connection, Services, RowMapping], None]
Handler = Callable[[Services, jobs.Job], None]

_BATCH = 100
# How long to sleep when nothing is due: commits of this process wake the worker at once, those of others by this.
_NAP = 1.0
_RENEW = 10 * SECOND
_SCHEDULE = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Plan:
    """What the wiring says: reactions by event, handlers by kind of job, and the schedule."""

    reactions: Mapping[str, Sequence[Reaction]]
    handlers: Mapping[str, Handler]
    regulars: Sequence[Regular]


class Worker:
    """`start()` returns at once; `stop()` waits for the jobs under way."""

    def __init__(self, services: Services, plan: Plan, *, threads: int = 4) -> None:
        self.services, self.plan = services, plan
        self.name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stopping, self._news = threading.Event(), threading.Condition()
        self._threads = [threading.Thread(target=self._lead, name="worker-lead", daemon=True)]
        self._threads += [threading.Thread(target=self._work, name=f"worker-{n}", daemon=True) for n in range(threads)]
        services.store.after_commit.append(self.wake)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join()
        self.services.store.after_commit.remove(self.wake)

    def wake(self) -> None:
        """There may be something to do."""
        with self._news:
            self._news.notify_all()

    def _lead(self) -> None:
        renewed = scheduled = 0
        while not self._stopping.is_set():
            busy = self._safely(lambda: dispatch(self.services, self.plan))
            moment = now()
            if moment - renewed > _RENEW:
                renewed = moment
                self._safely(self._renew)
            if moment - scheduled > _SCHEDULE:
                scheduled = moment
                self._safely(self._keep_schedule)
            if not busy:
                self._nap()

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self._safely(lambda: run_one(self.services, self.plan, self.name)):
                self._nap()

    def _safely(self, step: Callable[[], bool | None]) -> bool:
        """A worker outlives its troubles: the database may be away for a while."""
        try:
            return bool(step())
        except Unavailable as refusal:
            log.warning("database unavailable", detail=refusal.detail)
        except Exception:
            log.exception("bug")
        self._stopping.wait(_NAP)
        return False

    def _nap(self) -> None:
        with self._news:
            if not self._stopping.is_set():
                self._news.wait(_NAP)

    def _renew(self) -> None:
        with self.services.store.begin() as tx:
            jobs.renew(tx, self.name)

    def _keep_schedule(self) -> None:
        with self.services.store.begin() as tx:
            schedule.enqueue_due(tx, self.plan.regulars)


def dispatch(services: Services, plan: Plan) -> bool:
    """Queue what follows from the events that wait. False when there were none."""
    with services.store.reading() as tx:
        if not events.any_waiting(tx):
            return False
    with services.store.begin() as tx:
        waiting = events.take_waiting(tx, _BATCH)
        for event in waiting:
            for react in plan.reactions.get(event["name"], ()):
                react(tx, services, event)
        events.mark_dispatched(tx, [event["seq"] for event in waiting])
    return bool(waiting)


def run_one(services: Services, plan: Plan, worker: str) -> bool:
    """Claim one job and run it to its end. False when none is due."""
    with services.store.reading() as tx:
        if not jobs.any_due(tx):
            return False
    with services.store.begin() as tx:
        job = jobs.claim(tx, worker)
    if job is None:
        return False
    with structlog.contextvars.bound_contextvars(job=job.id, kind=job.kind, attempt=job.attempts):
        _run(services, plan, worker, job)
    return True


def drain(services: Services, plan: Plan, worker: str = "drain") -> int:
    """Dispatch and run until nothing is due; returns how many jobs ran. For commands and tests."""
    ran = 0
    while dispatch(services, plan) or run_one(services, plan, worker):
        ran += 1
    return ran


def _run(services: Services, plan: Plan, worker: str, job: jobs.Job) -> None:
    try:
        plan.handlers[job.kind](services, job)
    except jobs.GiveUp as reason:
        log.warning("job given up", reason=str(reason))
        _fail(services, worker, job, str(reason), final=True)
    except (jobs.TryLater, Unavailable) as reason:
        log.info("job will be tried again", reason=str(reason))
        _fail(services, worker, job, str(reason))
    except Exception as bug:
        log.exception("job failed")
        _fail(services, worker, job, type(bug).__name__)
    else:
        with services.store.begin() as tx:
            jobs.finish(tx, job, worker)


def _fail(services: Services, worker: str, job: jobs.Job, reason: str, *, final: bool = False) -> None:
    with services.store.begin() as tx:
        jobs.fail(tx, job, worker, reason, final=final)
