"""From the act to the mail server: at least once whatever happens, once when nothing fails.

The server is a real one on loopback; workers are threads over connections of their own, or processes that are killed.
"""

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from deskhand import wiring
from deskhand.doors.worker import Worker
from deskhand.kit import jobs, logs
from deskhand.kit.clock import now
from deskhand.kit.errors import Unavailable
from deskhand.kit.mailer import Mailer, parse_url
from deskhand.kit.settings import Settings
from deskhand.notifications import delivery
from deskhand.notifications.tables import mails
from tests.support.app import Desk, running
from tests.support.mails import outbox
from tests.support.smtp import SmtpServer

_PATIENCE = 60.0
_TIMEOUT = 0.7  # seconds for a mail, instead of thirty
NOWHERE = "smtp://127.0.0.1:1"

table = jobs.jobs
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["deskhand.wiring"])


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def desk(database_url: str, tmp_path: Path, smtp: SmtpServer) -> Iterator[Desk]:
    """A desk that mails by `smtp`, with little patience; Sam is its team."""
    with running(database_url, tmp_path, smtp_url=smtp.url, limit_tickets="off") as made:
        mail_by(made, smtp.url)
        made.user_id("sam")
        yield made


def mail_by(desk: Desk, url: str) -> None:
    desk.services = replace(desk.services, mailer=Mailer(parse_url(url), timeout=_TIMEOUT))


def the_job(desk: Desk, kind: str = "mail.send") -> dict[str, Any]:
    return dict(desk.read(lambda tx: tx.execute(select(table).where(table.c.kind == kind)).mappings().one()))


def shift(desk: Desk, **values: Any) -> None:
    unfinished = table.c.state.in_(["queued", "running"])
    desk.write(lambda tx: tx.execute(update(table).where(unfinished).values(**values)))


def try_again(desk: Desk) -> None:
    shift(desk, run_at=now() - 1)
    desk.work()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def ids(smtp: SmtpServer) -> Counter[str]:
    return Counter(str(message["Message-ID"]) for message in smtp.messages)


def states(desk: Desk) -> Counter[str]:
    return Counter(mail.state for mail in outbox(desk))


def test_a_mail_goes_as_it_was_written_once(desk: Desk, smtp: SmtpServer) -> None:
    desk.new_ticket()
    desk.work()
    (received,), (mail,) = smtp.messages, outbox(desk)
    assert (received.mail_from, received.rcpt_to) == ("support@localhost", ["sam@sam.example"])
    assert received.raw.decode() == mail.source
    assert (mail.state, mail.error) == ("sent", None)
    (listed,) = desk.as_("ada").get("/staff/outbox", expect=200).json()["mails"]
    assert (listed["state"], listed["recipient"], listed["kind"]) == ("sent", "sam@sam.example", "new_ticket")
    assert listed["sent_at"] is not None
    desk.work()
    assert (len(smtp.messages), smtp.attempts) == (1, 1)


def test_a_server_that_is_down_is_asked_again_after_a_pause(desk: Desk, smtp: SmtpServer) -> None:
    mail_by(desk, NOWHERE)
    desk.new_ticket()
    desk.work()
    (mail,), job = outbox(desk), the_job(desk)
    assert mail.state == "waiting"
    assert mail.error is not None
    assert (job["state"], job["attempts"], job["error"]) == ("queued", 1, mail.error)
    assert 4 < (job["run_at"] - now()) / 1e6 < 6
    mail_by(desk, smtp.url)
    desk.work()
    assert smtp.attempts == 0  # its time has not come
    try_again(desk)
    assert len(smtp.messages) == 1
    assert [(mail.state, mail.error) for mail in outbox(desk)] == [("sent", None)]


@pytest.mark.parametrize("mode", ["fail", "busy", "stall", "stall data", "refuse sender"])
def test_trouble_that_may_pass_is_waited_out(desk: Desk, smtp: SmtpServer, mode: Any) -> None:
    smtp.mode = mode
    desk.new_ticket()
    begun = time.monotonic()
    desk.work()
    assert time.monotonic() - begun < _TIMEOUT + 5
    assert (the_job(desk)["state"], states(desk)) == ("queued", {"waiting": 1})
    smtp.mode = "accept"
    try_again(desk)
    assert (the_job(desk)["state"], states(desk), len(smtp.messages)) == ("done", {"sent": 1}, 1)


@pytest.mark.parametrize("mode", ["refuse", "reject"])
def test_a_refusal_for_good_is_dead_lettered_at_once_and_can_be_tried_again(
    desk: Desk, smtp: SmtpServer, mode: Any
) -> None:
    smtp.mode = mode
    desk.new_ticket()
    desk.work()
    (mail,) = outbox(desk)
    assert (mail.state, smtp.attempts) == ("failed", 1)
    assert mail.error is not None
    assert mail.error.startswith("The mail server refused this mail: 55")
    (job,) = desk.as_("sam").get("/staff/jobs", expect=200).json()["jobs"]
    assert (job["kind"], job["state"], job["error"]) == ("mail.send", "dead", mail.error)

    smtp.mode = "accept"
    desk.as_("sam").post(f"/staff/jobs/{job['id']}/retry", expect=200)
    desk.work()
    assert (states(desk), len(smtp.messages)) == ({"sent": 1}, 1)
    assert desk.as_("sam").get("/staff/jobs", expect=200).json()["jobs"] == []


def test_what_never_goes_has_failed_in_the_end(desk: Desk, smtp: SmtpServer) -> None:
    smtp.mode = "fail"
    desk.new_ticket()
    desk.work()
    for _ in range(jobs.MAX_ATTEMPTS - 2):
        try_again(desk)
    assert states(desk) == {"waiting": 1}
    try_again(desk)
    assert (states(desk), the_job(desk)["state"], smtp.attempts) == ({"failed": 1}, "dead", jobs.MAX_ATTEMPTS)
    desk.as_("sam").post(f"/staff/jobs/{the_job(desk)['id']}/retry", expect=200)
    desk.work()
    assert states(desk) == {"waiting": 1}
    smtp.mode = "accept"
    try_again(desk)
    assert (states(desk), len(smtp.messages)) == ({"sent": 1}, 1)


def test_a_break_after_the_answer_is_no_reason_to_send_again(desk: Desk, smtp: SmtpServer) -> None:
    smtp.mode = "drop after"
    desk.new_ticket()
    desk.work()
    assert (states(desk), len(smtp.messages)) == ({"sent": 1}, 1)


@pytest.mark.parametrize("moment", ["before the answer came", "before it was written down"])
def test_what_nobody_can_know_is_sent_again_as_the_same_message(
    desk: Desk, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The one case in which a mail may arrive twice: the server had it, and we did not learn or could not note that."""
    with monkeypatch.context() as patch:
        if moment == "before the answer came":
            smtp.mode = "drop"
        else:
            patch.setattr(delivery, "_settle", raising(Unavailable("disk full")))
        desk.new_ticket()
        desk.work()
    assert states(desk) == {"waiting": 1}
    smtp.mode = "accept"
    try_again(desk)
    first, second = smtp.messages
    assert first.raw == second.raw
    assert first["Message-ID"] == second["Message-ID"] is not None
    try_again(desk)
    assert (states(desk), len(smtp.messages)) == ({"sent": 1}, 2)


def raising(refusal: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise refusal

    return fail


def test_a_stalled_server_holds_up_mails_alone(desk: Desk) -> None:
    seen: list[int] = []
    plan = replace(wiring.PLAN, handlers={**wiring.PLAN.handlers, "other": lambda _, job: seen.append(1)})
    with ExitStack() as afterwards:
        # Of the two, the server goes first, so that the conversations under way end.
        stop = afterwards.enter_context(ExitStack())
        silent = afterwards.enter_context(SmtpServer())
        silent.mode = "stall"
        worker = Worker(replace(desk.services, mailer=Mailer(parse_url(silent.url), timeout=30)), plan)
        worker.start()
        stop.callback(worker.stop)
        for _ in range(6):
            desk.new_ticket()
        until(lambda: silent.attempts >= 2)
        begun = time.monotonic()
        desk.write(jobs.enqueue, "other", {})
        until(lambda: bool(seen) and states(desk) == {"waiting": 6})  # and further mails were written
        assert time.monotonic() - begun < 15
        assert silent.attempts == 2
    assert states(desk) == {"waiting": 6}


def test_what_was_meant_to_be_mailed_waits_for_a_worker(desk: Desk, smtp: SmtpServer) -> None:
    for _ in range(3):
        desk.new_ticket()
    assert (smtp.attempts, outbox(desk)) == (0, [])
    with workers(desk, 1):
        until(lambda: states(desk) == {"sent": 3})
    assert sorted(ids(smtp).values()) == [1, 1, 1]


def test_several_workers_send_each_mail_once(desk: Desk, smtp: SmtpServer) -> None:
    with workers(desk, 2):
        for _ in range(25):
            desk.new_ticket()
        until(lambda: states(desk) == {"sent": 25})
    assert set(ids(smtp).values()) == {1}
    assert len(ids(smtp)) == 25


@contextmanager
def workers(desk: Desk, n: int) -> Iterator[None]:
    """In threads, each over connections of its own."""
    opened = [wiring.prepare(desk.settings, passwords=desk.services.passwords) for _ in range(n)]
    running = [Worker(services, wiring.PLAN) for services in opened]
    for one in running:
        one.start()
    try:
        yield
    finally:
        for one, services in zip(running, opened, strict=True):
            one.stop()
            services.store.close()


class TestWithoutSmtp:
    def test_mails_stay_in_the_outbox(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path) as desk:
            desk.user_id("sam")
            ticket = desk.new_ticket()
            desk.work()
            (mail,) = desk.as_("ada").get("/staff/outbox?state=kept", expect=200).json()["mails"]
            assert (mail["kind"], mail["recipient"], mail["sent_at"]) == ("new_ticket", "sam@sam.example", None)
            text = desk.as_("ada").get(f"/staff/outbox/{mail['id']}", expect=200).json()["text"]
            assert ticket["readable_id"] in text
            assert desk.as_("sam").get("/staff/jobs?state=queued", expect=200).json()["jobs"] == []

    def test_what_was_kept_is_not_sent_once_there_is_a_server(
        self, database_url: str, tmp_path: Path, smtp: SmtpServer
    ) -> None:
        with running(database_url, tmp_path) as desk:
            desk.user_id("sam")
            desk.new_ticket()
            desk.work()
        with running(database_url, tmp_path, smtp_url=smtp.url) as desk:
            desk.new_ticket()
            desk.work()
            assert states(desk) == {"kept": 1, "sent": 1}
            assert len(smtp.messages) == 1

    def test_what_waits_for_a_server_that_is_configured_no_more_has_failed(
        self, database_url: str, tmp_path: Path, smtp: SmtpServer
    ) -> None:
        with running(database_url, tmp_path, smtp_url=NOWHERE) as desk:
            desk.user_id("sam")
            desk.new_ticket()
            desk.work()
        with running(database_url, tmp_path) as desk:
            try_again(desk)
            (mail,) = outbox(desk)
            assert (mail.state, mail.error) == ("failed", "No SMTP server is configured any more (DESKHAND_SMTP_URL).")
            job = the_job(desk)["id"]
        with running(database_url, tmp_path, smtp_url=smtp.url) as desk:
            desk.as_("sam").post(f"/staff/jobs/{job}/retry", expect=200)
            desk.work()
            assert (states(desk), len(smtp.messages)) == ({"sent": 1}, 1)


def work_until_killed(settings: dict[str, Any]) -> None:
    """A worker process, as `deskhand worker` is one."""
    logs.configure("text", "error")
    Worker(wiring.prepare(Settings(**settings)), wiring.PLAN).start()
    signal.pause()


class TestKilled:
    """Worker processes that end without a word (SIGKILL)."""

    @contextmanager
    def process(self, desk: Desk, n: int = 1) -> Iterator[list[BaseProcess]]:
        given = {"data_dir": desk.settings.data_dir, "database_url": desk.settings.database_url}
        given |= {"base_url": desk.settings.base_url, "smtp_url": desk.settings.smtp_url}
        started = [processes.Process(target=work_until_killed, args=(given,)) for _ in range(n)]
        for one in started:
            one.start()
        try:
            yield started
        finally:
            for one in started:
                one.kill()
                one.join()
                one.close()

    def test_in_the_middle_of_a_conversation(self, desk: Desk, smtp: SmtpServer) -> None:
        smtp.mode = "stall data"
        desk.new_ticket()
        with self.process(desk):
            until(lambda: smtp.attempts == 1)
            time.sleep(0.2)
        job = the_job(desk)
        assert (job["state"], job["attempts"], states(desk)) == ("running", 1, {"waiting": 1})
        smtp.mode = "accept"
        desk.new_ticket()
        with self.process(desk):
            until(lambda: states(desk) == {"waiting": 1, "sent": 1})  # the other mail: this one is still leased
            assert len(smtp.messages) == 1
            desk.write(
                lambda tx: tx.execute(update(table).where(table.c.id == job["id"]).values(lease_until=now() - 1))
            )
            until(lambda: states(desk) == {"sent": 2})
        assert sorted(ids(smtp).values()) == [1, 1]

    def test_at_any_moment_again_and_again(self, desk: Desk, smtp: SmtpServer) -> None:
        """Nothing is lost; what was delivered and recorded is not sent again; what is sent again is the same."""
        chance, total = random.Random(7), 20
        recorded: dict[str, int] = {}
        for _ in range(total):
            desk.new_ticket()
        rounds = 0
        while states(desk) != {"sent": total}:
            rounds += 1
            before = smtp.attempts
            with self.process(desk):
                until(lambda seen=before: smtp.attempts > seen or states(desk) == {"sent": total})
                time.sleep(chance.uniform(0, 0.12))
            time.sleep(0.1)  # for the server to notice
            for message_id in self.sent(desk):
                recorded.setdefault(message_id, ids(smtp)[message_id])
            shift(desk, lease_until=now() - 1, run_at=now() - 1)
        assert rounds > 1
        desk.work()  # the last one to be killed may have recorded its mail, and not yet that its job is done
        assert ids(smtp) == recorded
        assert len(recorded) == total
        assert len({message.raw for message in smtp.messages}) == total
        assert desk.read(lambda tx: tx.execute(select(table.c.state).distinct()).scalars().all()) == ["done"]

    def test_two_processes_send_each_mail_once(self, desk: Desk, smtp: SmtpServer) -> None:
        with self.process(desk, 2):
            for _ in range(25):
                desk.new_ticket()
            until(lambda: states(desk) == {"sent": 25})
        assert len(ids(smtp)) == 25
        assert set(ids(smtp).values()) == {1}

    def sent(self, desk: Desk) -> list[str]:
        found = select(mails.c.id).where(mails.c.state == "sent")
        return [f"<{mail_id}@testserver>" for mail_id in desk.read(lambda tx: tx.execute(found).scalars().all())]
