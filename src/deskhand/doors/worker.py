"""The worker: turns events into jobs by the wiring, runs the jobs, keeps the schedule.

One thread dispatches, renews leases and watches the clock; a few more run jobs. Any number of workers may run beside
each other, in this process or elsewhere: what one has leased no other takes, and a dead one's lease runs out.

No kind of job gets more than half of the threads, so that a mail server that never answers holds up nothing but mails.
While requests are under way all of them together take a small share of the processor (kit/traffic.py).
"""

import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
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
        self._share = max(1, threads // 2)
        self._stopping, self._over, self._news = threading.Event(), threading.Event(), threading.Condition()
        self._claiming, self._under_way = threading.Lock(), dict[str, str]()  # kind by job id
        self._leader = threading.Thread(target=self._lead, name="worker-lead", daemon=True)
        self._hands = [threading.Thread(target=self._work, name=f"worker-{n}", daemon=True) for n in range(threads)]
        services.store.after_commit.append(self.wake)

    def start(self) -> None:
        for thread in (self._leader, *self._hands):
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.wake()
        for thread in self._hands:
            thread.join()
        self._over.set()  # until now somebody had to keep the leases of what was under way
        self.wake()
        self._leader.join()
        self.services.store.after_commit.remove(self.wake)

    def wake(self) -> None:
        """There may be something to do."""
        with self._news:
            self._news.notify_all()

    def _lead(self) -> None:
        renewed = scheduled = 0
        while not self._over.is_set():
            stopping, moment = self._stopping.is_set(), now()
            busy = not stopping and self._step(lambda: dispatch(self.services, self.plan))
            if moment - renewed > _RENEW:
                renewed = moment
                self._safely(self._renew)
            if not stopping and moment - scheduled > _SCHEDULE:
                scheduled = moment
                self._safely(self._keep_schedule)
            if not busy:
                self._nap(self._over)

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self._step(self._run_one):
                self._nap(self._stopping)

    def _run_one(self) -> bool:
        with self._claiming:
            counted = Counter(tuple(self._under_way.values()))
            job = claim(self.services, self.name, without=[kind for kind in counted if counted[kind] >= self._share])
            if job is None:
                return False
            self._under_way[job.id] = job.kind
        try:
            run(self.services, self.plan, self.name, job)
        finally:
            self._under_way.pop(job.id, None)  # it may be here twice, if this process slept longer than its lease
        return True

    def _step(self, step: Callable[[], bool]) -> bool:
        """Do it, and let requests go first before the next one."""
        before = time.thread_time()
        done = self._safely(step)
        spent = time.thread_time() - before
        self.services.traffic.stand_back(spent, len(self._hands) + 1, self._stopping)
        return done

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

    def _nap(self, end: threading.Event) -> None:
        with self._news:
            if not end.is_set():
                self._news.wait(_NAP)

    def _renew(self) -> None:
        if under_way := tuple(self._under_way):
            with self.services.store.begin() as tx:
                jobs.renew(tx, self.name, under_way)

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


def claim(services: Services, worker: str, *, without: Collection[str] = ()) -> jobs.Job | None:
    """Lease the next job that is due; None when there is none."""
    with services.store.reading() as tx:
        if not jobs.any_due(tx, without=without):
            return None
    with services.store.begin() as tx:
        return jobs.claim(tx, worker, without=without)


def run(services: Services, plan: Plan, worker: str, job: jobs.Job) -> None:
    """Run a claimed job to its end and write down how it went."""
    with structlog.contextvars.bound_contextvars(job=job.id, kind=job.kind, attempt=job.attempts):
        if job.attempts > jobs.MAX_ATTEMPTS:
            # Each attempt before ended with its worker: whatever it is, it must not go on killing them.
            log.error("job given up: its workers died")
            _fail(services, worker, job, "Every worker that tried this died.", final=True)
        else:
            _run(services, plan, worker, job)


def drain(services: Services, plan: Plan, worker: str = "drain") -> int:
    """Dispatch and run until nothing is due; returns how many steps that took. For commands and tests."""
    steps = 0
    while dispatch(services, plan) or _run_next(services, plan, worker):
        steps += 1
    return steps


def _run_next(services: Services, plan: Plan, worker: str) -> bool:
    job = claim(services, worker)
    if job is not None:
        run(services, plan, worker, job)
    return job is not None


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
