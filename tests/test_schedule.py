"""What runs by the clock: each tick once, however many workers there are; and what the regular jobs do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, Table, cast, func, insert, select, update

from deskhand import wiring
from deskhand.accounts import links, sessions
from deskhand.accounts.actor import Client
from deskhand.accounts.tables import sessions as session_table
from deskhand.accounts.tables import single_use_links
from deskhand.attachments.tables import attachments
from deskhand.kit import idempotency, jobs, limits, schedule
from deskhand.kit.clock import DAY, HOUR, SECOND, now
from deskhand.kit.ids import new_id
from deskhand.kit.limits import Rate
from deskhand.kit.schedule import Regular
from deskhand.tickets.tables import spam, tickets
from tests.support.api import at_once, upload
from tests.support.app import Desk, running
from tests.support.mails import told

REGULARS = [Regular("hourly", "5 * * * *"), Regular("daily", "0 7 * * *")]


def at(time_machine: Any, hour: int, minute: int = 0, second: int = 0, day: int = 18) -> None:
    time_machine.move_to(datetime(2031, 5, day, hour, minute, second, tzinfo=UTC), tick=False)


def ticks(desk: Desk, regulars: list[Regular] = REGULARS) -> list[str]:
    """Look at the clock once; the kinds that this queued."""
    before = queued(desk)
    desk.write(schedule.enqueue_due, regulars)
    return sorted(queued(desk)[len(before) :])


def queued(desk: Desk) -> list[str]:
    return desk.read(lambda tx: list(tx.execute(select(jobs.jobs.c.kind).order_by(jobs.jobs.c.id)).scalars()))


def count(desk: Desk, table: Table) -> int:
    return desk.read(lambda tx: tx.execute(select(func.count()).select_from(table)).scalar_one())


def run(desk: Desk, kind: str) -> None:
    desk.write(jobs.enqueue, kind, {})
    desk.work()


def test_a_tick_fires_when_it_is_due_and_once(desk: Desk, time_machine: Any) -> None:
    at(time_machine, 6, 4, 59)
    assert ticks(desk) == ["hourly"]  # that of 5:05
    assert ticks(desk) == []
    at(time_machine, 6, 5)
    assert ticks(desk) == ["hourly"]
    for second in range(0, 60, 10):
        at(time_machine, 6, 5, second)
        assert ticks(desk) == []
    at(time_machine, 7)
    assert ticks(desk) == ["daily"]
    at(time_machine, 7, 6)
    assert ticks(desk) == ["hourly"]


def test_what_was_missed_is_caught_up_with_within_the_hour_and_not_later(desk: Desk, time_machine: Any) -> None:
    at(time_machine, 7, 59, 59)
    assert ticks(desk) == ["daily", "hourly"]
    at(time_machine, 8, 0, 1, day=19)
    assert ticks(desk) == ["hourly"]  # seven o'clock is over an hour ago; the next comes tomorrow


def test_a_desk_that_was_off_for_days_runs_each_thing_once(desk: Desk, time_machine: Any) -> None:
    at(time_machine, 7, 6)
    assert ticks(desk) == ["daily", "hourly"]
    at(time_machine, 7, 6, day=25)
    assert ticks(desk) == ["daily", "hourly"]


def test_a_tick_fires_once_though_its_job_is_done_or_dead(desk: Desk, time_machine: Any) -> None:
    at(time_machine, 7, 6)
    assert ticks(desk) == ["daily", "hourly"]
    for state in ("done", "dead"):
        desk.write(lambda tx, s=state: tx.execute(update(jobs.jobs).values(state=s, finished_at=now())))
        assert ticks(desk) == []


def test_a_tick_fires_once_for_several_workers(desk: Desk, time_machine: Any) -> None:
    at(time_machine, 7, 6)
    at_once(*[lambda: desk.write(schedule.enqueue_due, REGULARS)] * 6)
    assert sorted(queued(desk)) == ["daily", "hourly"]


def test_the_clocks_of_the_seasons_do_not_matter(
    desk: Desk, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In New York, clocks go from 2 to 3 on 9 March 2031: times are UTC all the same."""
    monkeypatch.setenv("TZ", "America/New_York")
    time_machine.move_to(datetime(2031, 3, 9, 5, 30, tzinfo=UTC), tick=False)
    fired = []
    for _ in range(6):
        fired += ticks(desk)
        time_machine.shift(timedelta(hours=1))
    assert fired.count("hourly") == 6
    assert fired.count("daily") == 1


def test_what_the_desk_does_regularly(desk: Desk) -> None:
    assert {(regular.kind, regular.cron) for regular in wiring.PLAN.regulars} >= {
        ("digest", "0 7 * * *"),
        ("autoclose", "5 * * * *"),
        ("sweep", "35 * * * *"),
    }
    assert {regular.kind for regular in wiring.PLAN.regulars} <= set(wiring.PLAN.handlers)


class TestAutoclose:
    @pytest.fixture
    def soon(self, database_url: str, tmp_path: Path) -> Iterator[Desk]:
        with running(database_url, tmp_path, autoclose_days=3, limit_public="off") as made:
            made.user_id("sam")
            yield made

    def test_resolved_tickets_close_after_their_days_and_say_so(self, soon: Desk) -> None:
        due, fresh, pending = (soon.new_ticket(subject=name) for name in ("due", "fresh", "pending"))
        for ticket, status in ((due, "resolved"), (fresh, "resolved"), (pending, "pending")):
            soon.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": status}, expect=200)
        for ticket, ago in ((due, 3 * DAY), (fresh, 3 * DAY - 60 * SECOND)):
            self.resolved(soon, ticket, ago)
        soon.work()
        soon.write(jobs.enqueue, "autoclose", {})
        assert told(soon) == [("alice", "closed")]
        assert self.statuses(soon, due, fresh, pending) == ["closed", "resolved", "pending"]
        entry = soon.as_("sam").get(f"/staff/tickets/{due['id']}", expect=200).json()["history"][-1]
        assert (entry["actor"]["type"], entry["field"], entry["from"], entry["to"]) == (
            "system",
            "status",
            "resolved",
            "closed",
        )
        soon.write(jobs.enqueue, "autoclose", {})
        assert told(soon) == []

    def test_one_who_answers_in_time_keeps_it_open(self, soon: Desk) -> None:
        ticket = soon.new_ticket()
        soon.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": "resolved"}, expect=200)
        self.resolved(soon, ticket, 9 * DAY)
        soon.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "Not yet."}, expect=201)
        run(soon, "autoclose")
        assert self.statuses(soon, ticket) == ["open"]

    def test_the_switches_and_the_unverified_are_respected(self, soon: Desk) -> None:
        soon.as_("alice").patch("/preferences", {"notify_on_close": False}, expect=200)
        form = {"name": "Vera", "email": "vera@visitor.example", "subject": "Hello", "body": "Anyone?"}
        both = [soon.new_ticket(), soon.anyone().post("/tickets/public", form, expect=201).json()]
        for ticket in both:
            soon.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": "resolved"}, expect=200)
            self.resolved(soon, ticket, 4 * DAY)
        soon.work()
        soon.write(jobs.enqueue, "autoclose", {})
        assert told(soon) == []
        assert self.statuses(soon, *both) == ["closed", "closed"]

    def test_more_than_a_batch_and_two_workers_at_once(self, soon: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        from deskhand.tickets import schedule as by_time

        monkeypatch.setattr(by_time, "_BATCH", 3)
        made = [soon.new_ticket(who) for who in ("alice", "bob") for _ in range(4)]
        old = {"status": "resolved", "resolved_at": now() - 4 * DAY}
        soon.work()
        soon.write(lambda tx: tx.execute(update(tickets).values(old)))
        job = jobs.Job("", "autoclose", {}, 1)
        at_once(*[lambda: wiring.PLAN.handlers["autoclose"](soon.services, job)] * 3)
        assert told(soon) == [("alice", "closed")] * 4 + [("bob", "closed")] * 4
        assert self.statuses(soon, *made) == ["closed"] * 8

    def resolved(self, desk: Desk, ticket: dict[str, Any], ago: int) -> None:
        changed = update(tickets).where(tickets.c.id == ticket["id"]).values(resolved_at=now() - ago)
        desk.write(lambda tx: tx.execute(changed))

    def statuses(self, desk: Desk, *wanted: dict[str, Any]) -> list[str]:
        sam = desk.as_("sam")
        return [sam.get(f"/staff/tickets/{ticket['id']}", expect=200).json()["status"] for ticket in wanted]


class TestSweep:
    """What has had its time goes, and what has not stays."""

    def test_limits(self, desk: Desk) -> None:
        for ago in (33 * DAY, 31 * DAY, 0):
            row = {"bucket": "tickets:x", "at": now() - ago}
            desk.write(lambda tx, r=row: tx.execute(limits.limit_hits.insert(), r))
        run(desk, "sweep")
        assert count(desk, limits.limit_hits) == 2
        assert desk.write(limits.spend, "tickets", "x", Rate(3, 32 * 86400)).remaining == 0

    def test_jobs_that_are_done(self, desk: Desk) -> None:
        for state, ago in (("done", 8 * DAY), ("done", 6 * DAY), ("dead", 99 * DAY), ("queued", 99 * DAY)):
            made = {"id": new_id(), "kind": f"x.{state}", "payload": {}, "state": state, "attempts": 1}
            times = {"run_at": now() + HOUR, "created_at": now() - ago, "finished_at": now() - ago}
            desk.write(lambda tx, r=made | times: tx.execute(insert(jobs.jobs).values(r)))
        run(desk, "sweep")
        assert sorted(kind for kind in queued(desk) if kind != "sweep") == ["x.dead", "x.done", "x.queued"]

    def test_idempotency_keys_after_a_day(self, desk: Desk) -> None:
        body = {"subject": "Once", "body": "Only."}
        for key in ("old", "young"):
            desk.as_("alice").post("/tickets", body | {"subject": key}, headers={"Idempotency-Key": key}, expect=201)
        keys = idempotency.idempotency_keys
        first = select(func.min(keys.c.created_at)).scalar_subquery()
        aged = update(keys).where(keys.c.created_at == first).values(created_at=now() - DAY - SECOND)
        desk.write(lambda tx: tx.execute(aged))
        run(desk, "sweep")
        assert count(desk, keys) == 1

    def test_sessions_and_links_that_have_expired(self, desk: Desk) -> None:
        alice = desk.user_id("alice")
        for _ in range(2):
            desk.write(sessions.start, alice, Client(), desk.settings)
        desk.write(links.issue, desk.services.signer, "reset", alice)
        desk.write(links.issue, desk.services.signer, "verify", alice)
        for table in (session_table, single_use_links):
            made = cast(table.c.id, String)  # ids sort by time, and PostgreSQL knows no least UUID
            oldest = select(func.min(made)).scalar_subquery()
            aged = update(table).where(made == oldest).values(expires_at=now() - 1)
            desk.write(lambda tx, a=aged: tx.execute(a))
        run(desk, "sweep")
        assert (count(desk, session_table), count(desk, single_use_links)) == (1, 1)

    def test_spam_after_thirty_days(self, desk: Desk) -> None:
        for subject in ("old", "young"):
            form = {"name": "R", "email": "r@r.example", "subject": subject, "body": "Buy", "honeypot": "x"}
            desk.anyone().post("/tickets/public", form, expect=201)
        for subject, ago in (("old", 30 * DAY + SECOND), ("young", 30 * DAY - 60 * SECOND)):
            aged = update(spam).where(spam.c.subject == subject).values(created_at=now() - ago)
            desk.write(lambda tx, a=aged: tx.execute(a))
        run(desk, "sweep")
        held = desk.as_("sam").get("/staff/spam", expect=200).json()["spam"]
        assert [item["subject"] for item in held] == ["young"]

    def test_files_that_no_message_took_after_a_day(self, desk: Desk) -> None:
        alice = desk.as_("alice")
        old, young, bound = (upload(alice, name=f"{name}.txt", expect=201).json() for name in ("a", "b", "c"))
        desk.new_ticket(body=f"See {bound['markdown']}")
        for file, ago in ((old, DAY + SECOND), (young, DAY - 60 * SECOND), (bound, 9 * DAY)):
            aged = update(attachments).where(attachments.c.id == file["id"]).values(created_at=now() - ago)
            desk.write(lambda tx, a=aged: tx.execute(a))
        run(desk, "sweep")
        assert [alice.get(file["url"]).status_code for file in (old, young, bound)] == [404, 200, 200]
        stored = [path for path in Path(desk.settings.storage_url).rglob("*") if path.is_file()]
        assert len(stored) == 2

    def test_one_trouble_is_tried_again_and_no_sweep_does_harm_twice(self, desk: Desk) -> None:
        desk.new_ticket()
        run(desk, "sweep")
        run(desk, "sweep")
        assert desk.as_("sam").get("/staff/jobs", expect=200).json()["total"] == 0
        assert desk.as_("alice").get("/tickets", expect=200).json()["total"] == 1
