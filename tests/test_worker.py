"""Jobs and the worker: nothing is lost, nothing is done twice, nothing that is stuck holds up the rest."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from deskhand import wiring
from deskhand.accounts.actor import SYSTEM
from deskhand.doors import worker
from deskhand.doors.services import Services
from deskhand.doors.worker import Plan, Worker
from deskhand.kit import events, jobs
from deskhand.kit.clock import HOUR, SECOND, now
from deskhand.kit.errors import NotFound, Unavailable
from tests.support.api import at_once
from tests.support.app import Desk

_PATIENCE = 20.0
table = jobs.jobs


def plan(reactions: Any = None, **handlers: Callable[[Services, jobs.Job], None]) -> Plan:
    return Plan(reactions=reactions or {}, handlers=handlers, regulars=[])


def enqueue(desk: Desk, kind: str, times: int = 1) -> None:
    desk.write(lambda tx: [jobs.enqueue(tx, kind, {"n": n}) for n in range(times)])


def happen(desk: Desk, times: int = 1) -> list[str]:
    """Record events; their ids."""
    return desk.write(lambda tx: [events.record(tx, "thing.happened", None, actor=SYSTEM.author) for _ in range(times)])


def refused(desk: Desk, act: Callable[[Connection], object]) -> None:
    """Do `act` in a transaction that ends in a refusal."""

    def work(tx: Connection) -> None:
        act(tx)
        raise NotFound

    with pytest.raises(NotFound):
        desk.write(work)


def row(desk: Desk, kind: str) -> dict[str, Any]:
    found = select(table).where(table.c.kind == kind)
    return dict(desk.read(lambda tx: tx.execute(found).mappings().one()))


def shift(desk: Desk, **values: Any) -> None:
    """Change every unfinished job, as the passing of time would."""
    unfinished = table.c.state.in_(["queued", "running"])
    desk.write(lambda tx: tx.execute(update(table).where(unfinished).values(**values)))


def due(desk: Desk) -> None:
    shift(desk, run_at=now() - 1, lease_until=now() - 1)


def states(desk: Desk) -> dict[str, int]:
    counted = select(table.c.state, func.count()).group_by(table.c.state)
    return dict(desk.read(lambda tx: [tuple(found) for found in tx.execute(counted)]))


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


@contextmanager
def at_work(desk: Desk, made: Plan, threads: int = 4, workers: int = 1) -> Iterator[list[Worker]]:
    """Workers as separate processes would be: each over connections of its own."""
    opened = [wiring.prepare(desk.settings, passwords=desk.services.passwords) for _ in range(workers)]
    running = [Worker(services, made, threads=threads) for services in opened]
    for one in running:
        one.start()
    try:
        yield running
    finally:
        at_once(*(one.stop for one in running))
        for services in opened:
            services.store.close()


@contextmanager
def releasing(event: threading.Event) -> Iterator[None]:
    """Let go of whoever waits for it, also where the test has failed."""
    try:
        yield
    finally:
        event.set()


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LEASE", 8 * SECOND // 10)
    monkeypatch.setattr(worker, "_RENEW", SECOND // 10)
    monkeypatch.setattr(worker, "_NAP", 0.05)


def test_a_job_comes_and_goes_with_its_transaction(desk: Desk) -> None:
    refused(desk, lambda tx: jobs.enqueue(tx, "lost", {}))
    enqueue(desk, "kept")
    assert [desk.write(jobs.claim, "w").kind, desk.write(jobs.claim, "w")] == ["kept", None]


def test_a_dedupe_key_is_good_for_one_job_ever(desk: Desk) -> None:
    made = at_once(*[lambda: desk.write(jobs.enqueue, "once", {}, dedupe_key="k")] * 6)
    assert sorted(made) == [False] * 5 + [True]
    ran: list[str] = []
    worker.drain(desk.services, plan(once=lambda _, job: ran.append(job.id)))
    assert desk.write(jobs.enqueue, "once", {}, dedupe_key="k") is False
    assert desk.write(jobs.enqueue, "once", {}, dedupe_key="other") is True
    assert len(ran) == 1


def test_what_is_due_first_is_done_first_and_what_is_not_due_waits(desk: Desk) -> None:
    moment = now()
    for kind, at in (("second", moment - 2), ("first", moment - 3), ("later", moment + HOUR)):
        desk.write(jobs.enqueue, kind, {}, run_at=at)
    ran: list[str] = []
    made = dict.fromkeys(("first", "second", "later"), lambda _, job: ran.append(job.kind))
    worker.drain(desk.services, plan(**made))
    assert ran == ["first", "second"]


def test_the_pauses_between_attempts_double_up_to_six_hours(desk: Desk) -> None:
    enqueue(desk, "bad")
    pauses = []
    for attempt in range(1, jobs.MAX_ATTEMPTS):
        due(desk)
        job = desk.write(jobs.claim, "w")
        assert job.attempts == attempt
        desk.write(jobs.fail, job, "w", "the server is down")
        pauses.append((row(desk, "bad")["run_at"] - now()) / SECOND)
        assert row(desk, "bad")["state"] == "queued"
    for attempt, pause in enumerate(pauses):
        expected = min(5 * 2**attempt, 6 * 3600)
        assert 0.87 * expected - 1 < pause < 1.13 * expected
    assert 40 * 3600 < sum(pauses) < 80 * 3600
    assert max(jobs.pause(n) for n in range(1, 99)) <= 1.125 * 6 * HOUR
    assert len({jobs.pause(5) for _ in range(20)}) > 10  # what failed together is not tried again together


def test_what_keeps_failing_is_dead_lettered_and_a_retry_starts_afresh(desk: Desk) -> None:
    def bad(_: Services, job: jobs.Job) -> None:
        raise jobs.TryLater("the server is down")

    enqueue(desk, "bad")
    for _ in range(jobs.MAX_ATTEMPTS):
        due(desk)
        worker.drain(desk.services, plan(bad=bad))
    dead = row(desk, "bad")
    assert (dead["state"], dead["attempts"], dead["error"]) == ("dead", jobs.MAX_ATTEMPTS, "the server is down")
    assert dead["finished_at"] is not None
    due(desk)
    assert worker.drain(desk.services, plan(bad=bad)) == 0

    answer = desk.as_("sam").post(f"/staff/jobs/{dead['id']}/retry", expect=200).json()
    assert (answer["state"], answer["attempts"]) == ("queued", 0)
    worker.drain(desk.services, plan(bad=lambda *_: None))
    assert (row(desk, "bad")["state"], row(desk, "bad")["error"]) == ("done", None)


def test_a_job_that_no_retry_can_save_is_dead_at_once(desk: Desk) -> None:
    def hopeless(*_: Any) -> None:
        raise jobs.GiveUp("there is no such mailbox")

    enqueue(desk, "hopeless")
    worker.drain(desk.services, plan(hopeless=hopeless))
    assert (row(desk, "hopeless")["state"], row(desk, "hopeless")["error"]) == ("dead", "there is no such mailbox")


def test_a_bug_is_tried_again_and_tells_staff_its_name_alone(desk: Desk) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("select secret from /etc/passwd")

    enqueue(desk, "broken")
    worker.drain(desk.services, plan(broken=broken))
    assert (row(desk, "broken")["state"], row(desk, "broken")["error"]) == ("queued", "ZeroDivisionError")
    assert "passwd" not in desk.as_("sam").get("/staff/jobs", expect=200).text


def test_a_kind_that_this_release_does_not_know_waits_for_one_that_does(desk: Desk) -> None:
    enqueue(desk, "of.tomorrow")
    worker.drain(desk.services, plan())
    assert row(desk, "of.tomorrow")["state"] == "queued"


def test_a_lease_is_respected_until_it_runs_out(desk: Desk) -> None:
    enqueue(desk, "slow")
    first = desk.write(jobs.claim, "first")
    assert desk.write(jobs.claim, "second") is None
    assert 0 < row(desk, "slow")["lease_until"] - now() <= jobs.LEASE
    shift(desk, lease_until=now() - 1)
    second = desk.write(jobs.claim, "second")
    assert (second.id, second.attempts) == (first.id, 2)
    # What the first has to say of it by now does not count any more.
    assert desk.write(jobs.finish, first, "first") is False
    assert desk.write(jobs.fail, first, "first", "too late") is False
    assert desk.write(jobs.finish, second, "second") is True
    assert (row(desk, "slow")["state"], row(desk, "slow")["error"]) == ("done", None)


def test_leases_are_kept_for_what_is_really_under_way(desk: Desk) -> None:
    enqueue(desk, "mine")
    enqueue(desk, "forgotten")
    kept = [desk.write(jobs.claim, "w"), desk.write(jobs.claim, "w")]
    at_it = next(job for job in kept if job.kind == "mine")
    shift(desk, lease_until=now() - 1)
    desk.write(jobs.renew, "w", [at_it.id])
    assert desk.write(jobs.claim, "other").kind == "forgotten"
    assert desk.write(jobs.claim, "other") is None
    desk.write(jobs.renew, "w", [job.id for job in kept])
    assert row(desk, "forgotten")["leased_by"] == "other"


def test_each_job_is_done_once_by_several_workers(desk: Desk) -> None:
    ran: Counter[tuple[str, int]] = Counter()

    def note(_: Services, job: jobs.Job) -> None:
        ran.update([(job.kind, job.payload["n"])])

    enqueue(desk, "one", 60)
    with at_work(desk, plan(one=note, two=note), workers=2):
        enqueue(desk, "two", 60)
        until(lambda: states(desk) == {"done": 120})
    assert len(ran) == 120
    assert set(ran.values()) == {1}


def test_each_event_is_dispatched_once_by_several_workers(desk: Desk) -> None:
    seen: Counter[str] = Counter()

    def react(tx: Any, _: Services, event: Any) -> None:
        jobs.enqueue(tx, "hear", {"event": event["id"]})

    made = Plan({"thing.happened": (react,)}, {"hear": lambda _, job: seen.update([job.payload["event"]])}, [])
    ids = set()
    with at_work(desk, made, workers=2):
        for _ in range(15):
            ids |= set(happen(desk, 10))
        until(lambda: len(seen) >= 150 and set(states(desk)) == {"done"})
    assert seen == Counter(ids)


def test_what_happened_while_nobody_worked_is_not_forgotten(desk: Desk) -> None:
    refused(desk, lambda tx: events.record(tx, "thing.happened", None, actor=SYSTEM.author))
    kept = happen(desk, 250)
    heard: list[str] = []
    made = Plan({"thing.happened": (lambda _tx, _services, event: heard.append(event["id"]),)}, {}, [])
    worker.drain(desk.services, made)
    assert heard == kept
    worker.drain(desk.services, made)
    assert len(heard) == 250


def test_a_long_job_keeps_its_lease(desk: Desk, short_leases: None) -> None:
    ran: list[str] = []

    def long(_: Services, job: jobs.Job) -> None:
        ran.append(job.id)
        time.sleep(1.6)

    enqueue(desk, "long")
    with at_work(desk, plan(long=long), workers=2):
        until(lambda: states(desk) == {"done": 1})
    assert len(ran) == 1


def test_a_stop_waits_for_the_job_under_way_and_keeps_its_lease(desk: Desk, short_leases: None) -> None:
    ran: list[str] = []

    def long(_: Services, job: jobs.Job) -> None:
        ran.append(job.id)
        time.sleep(1.6)

    enqueue(desk, "long", 2)
    running = Worker(desk.services, plan(long=long), threads=1)
    running.start()
    until(lambda: bool(ran))
    stopping = threading.Thread(target=running.stop)
    stopping.start()
    taken = []
    while stopping.is_alive():
        taken += [job.id for job in [desk.write(jobs.claim, "another")] if job]
        time.sleep(0.02)
    stopping.join()
    assert len(ran) == 1
    assert ran[0] not in taken
    assert len(set(taken)) == 1  # the second job was free for whoever goes on
    assert states(desk) == {"done": 1, "running": 1}


def test_a_kind_that_is_stuck_holds_up_no_other(desk: Desk) -> None:
    release, ran = threading.Event(), []

    def stuck(*_: Any) -> None:
        assert release.wait(_PATIENCE)

    enqueue(desk, "stuck", 10)
    made = plan(stuck=stuck, quick=lambda _, job: ran.append(job.payload["n"]))
    with at_work(desk, made, threads=4), releasing(release):
        until(lambda: states(desk).get("running") == 2)
        enqueue(desk, "quick", 20)
        until(lambda: states(desk).get("done") == 20)
        assert states(desk) == {"running": 2, "queued": 8, "done": 20}
        release.set()
        until(lambda: states(desk) == {"done": 30})


def test_one_thread_does_everything_in_turn(desk: Desk) -> None:
    ran: list[str] = []
    note = dict.fromkeys(("one", "two"), lambda _, job: ran.append(job.kind))
    enqueue(desk, "one", 3)
    enqueue(desk, "two", 3)
    with at_work(desk, plan(**note), threads=1):
        until(lambda: states(desk) == {"done": 6})
    assert ran == ["one"] * 3 + ["two"] * 3


def test_a_job_that_kills_its_workers_is_given_up(desk: Desk) -> None:
    ran: list[int] = []
    enqueue(desk, "poison")
    for _ in range(jobs.MAX_ATTEMPTS):
        due(desk)
        assert worker.claim(desk.services, "doomed") is not None  # and it dies
    due(desk)
    worker.drain(desk.services, plan(poison=lambda _, job: ran.append(job.attempts)))
    assert ran == []
    assert (row(desk, "poison")["state"], row(desk, "poison")["error"]) == (
        "dead",
        "Every worker that tried this died.",
    )


def test_a_job_whose_end_could_not_be_written_down_is_done_again(
    desk: Desk, short_leases: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    finish, refusals = jobs.finish, iter([Unavailable("disk full")])

    def unlucky(*args: Any) -> bool:
        for refusal in refusals:
            raise refusal
        return finish(*args)

    monkeypatch.setattr(jobs, "finish", unlucky)
    enqueue(desk, "thing")
    with at_work(desk, plan(thing=lambda _, job: ran.append(job.attempts))):
        until(lambda: states(desk) == {"done": 1})
    assert ran == [1, 2]


def test_a_worker_outlives_its_troubles(desk: Desk, short_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    take, troubles = events.any_waiting, iter([Unavailable("gone"), RuntimeError("a bug")])

    def troubled(tx: Any) -> bool:
        for trouble in troubles:
            raise trouble
        return take(tx)

    def react(tx: Any, _: Services, event: Any) -> None:
        jobs.enqueue(tx, "hear", {})

    monkeypatch.setattr(events, "any_waiting", troubled)
    with at_work(desk, Plan({"thing.happened": (react,)}, {"hear": lambda _, job: ran.append(job.id)}, [])):
        happen(desk)
        until(lambda: len(ran) == 1)


def test_a_commit_in_the_same_process_wakes_the_worker(desk: Desk) -> None:
    done = threading.Event()
    running = Worker(desk.services, plan(quick=lambda *_: done.set()))
    running.start()
    try:
        time.sleep(0.3)  # by now it sleeps
        begun = time.monotonic()
        enqueue(desk, "quick")
        assert done.wait(_PATIENCE)
        assert time.monotonic() - begun < 0.5
    finally:
        running.stop()
    assert desk.store.after_commit == []
