"""What staff see beside a ticket: from the token, from what the host pushed, or asked for once the ticket is stored."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug import Request, Response

from deskhand import wiring
from deskhand.doors.worker import Worker
from deskhand.kit import jobs
from deskhand.kit.clock import now
from tests.support import tokens
from tests.support.app import Caller, Desk, running
from tests.support.smtp import SmtpServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "/usage"
table = jobs.jobs


@contextmanager
def asking(database_url: str, folder: Path, url: str, **settings: Any) -> Iterator[Desk]:
    given = {"enrich_secret": SECRET, "enrich_timeout": 1.0, "jwt_secret": tokens.SECRET, "limit_tickets": "off"}
    with running(database_url, folder, **given | {"enrich_url": url} | settings) as made:
        yield made


@pytest.fixture
def desk(database_url: str, tmp_path: Path, httpserver: HTTPServer) -> Iterator[Desk]:
    """A desk that asks `httpserver`."""
    with asking(database_url, tmp_path, httpserver.url_for(URL)) as made:
        yield made


def host_user(desk: Desk, **claims: Any) -> Caller:
    """Alice as the host product knows her."""
    payload = tokens.alice(email="alice@acme.example", name="Alice Moreau", **claims)
    return desk.anyone(Authorization=f"Bearer {tokens.token(payload)}")


def file(caller: Caller) -> dict[str, Any]:
    return caller.post("/tickets", {"subject": "Empty content", "body": "It is empty."}, expect=201).json()


def seen(desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()["enrichment"]


def usage(desk: Desk, ticket: dict[str, Any]) -> tuple[str, Any]:
    found = seen(desk, ticket)
    return found["usage_state"], found["usage"]


def job(desk: Desk) -> dict[str, Any]:
    found = select(table).where(table.c.kind == "ticket.enrich")
    return dict(desk.read(lambda tx: tx.execute(found).mappings().one()))


def try_again(desk: Desk) -> None:
    desk.write(lambda tx: tx.execute(update(table).where(table.c.state == "queued").values(run_at=now() - 1)))
    desk.work()


def asked(httpserver: HTTPServer) -> list[Request]:
    return [request for request, _ in httpserver.log]


class TestGiven:
    def test_by_the_token(self, desk: Desk, httpserver: HTTPServer) -> None:
        account = {"id": "acc_1", "name": "Acme", "plan": "scale"}
        ticket = file(host_user(desk, usage={"credits": 12}, account=account))
        desk.work()
        assert usage(desk, ticket) == ("given", {"credits": 12})
        assert seen(desk, ticket)["account"]["plan"] == "scale"
        assert asked(httpserver) == []

    def test_by_what_the_host_pushed_which_outranks_the_token(self, desk: Desk, httpserver: HTTPServer) -> None:
        pushed = {"name": "Acme Inc", "plan": "scale", "traits": {"region": "eu"}, "usage": {"credits": 3}}
        desk.as_("ada").put("/staff/accounts/acc_1", pushed, expect=200)
        alice = host_user(desk, usage={"credits": 12, "seats": 4}, account={"id": "acc_1", "plan": "free"})
        ticket = file(alice)
        desk.work()
        assert usage(desk, ticket) == ("given", {"credits": 3, "seats": 4})
        assert seen(desk, ticket)["account"] == {
            "id": "acc_1",
            "name": "Acme Inc",
            "plan": "scale",
            "traits": {"region": "eu"},
        }
        assert asked(httpserver) == []

    def test_a_snapshot_stays_what_it_was(self, desk: Desk) -> None:
        alice = host_user(desk, usage={"credits": 12}, account={"id": "acc_1"})
        ticket = file(alice)
        desk.as_("ada").put("/staff/accounts/acc_1", {"usage": {"credits": 0}}, expect=200)
        assert usage(desk, ticket)[1] == {"credits": 12}
        assert usage(desk, file(alice))[1] == {"credits": 0}

    def test_nothing_is_asked_where_nobody_is_to_be_asked(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path) as desk:
            ticket = desk.new_ticket()
            desk.work()
            assert usage(desk, ticket) == ("none", {})


class TestAsked:
    def test_the_answer_is_kept_beside_the_ticket(self, desk: Desk, httpserver: HTTPServer) -> None:
        httpserver.expect_oneshot_request(URL, method="POST").respond_with_json({"credits": 7, "errors": [1, 2]})
        ticket = file(host_user(desk, account={"id": "acc_1"}))
        assert usage(desk, ticket) == ("waiting", {})
        before = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200)
        desk.work()
        after = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200)
        assert usage(desk, ticket) == ("fetched", {"credits": 7, "errors": [1, 2]})
        assert after.json()["version"] == before.json()["version"] + 1
        assert after.headers["ETag"] != before.headers["ETag"]
        again = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", headers={"If-None-Match": before.headers["ETag"]})
        assert again.status_code == 200
        desk.work()
        assert len(asked(httpserver)) == 1

    def test_the_customer_sees_nothing_of_it(self, desk: Desk, httpserver: HTTPServer) -> None:
        httpserver.expect_request(URL).respond_with_json({"secret_score": 1})
        alice = host_user(desk)
        ticket = file(alice)
        before = alice.get(f"/tickets/{ticket['id']}", expect=200)
        desk.work()
        after = alice.get(f"/tickets/{ticket['id']}", expect=200)
        assert "secret_score" not in after.text
        assert before.json()["updated_at"] == after.json()["updated_at"]
        assert before.headers["ETag"] == after.headers["ETag"]

    def test_the_question_says_who_asks_about_whom(self, desk: Desk, httpserver: HTTPServer) -> None:
        httpserver.expect_request(URL).respond_with_json({})
        ticket = file(host_user(desk, account={"id": "acc_1"}))
        desk.work()
        (request,) = asked(httpserver)
        assert request.headers["Content-Type"] == "application/json"
        assert json.loads(request.data) == {
            "ticket": {"id": ticket["id"], "readable_id": ticket["readable_id"]},
            "user": {"sub": "alice", "email": "alice@acme.example", "name": "Alice Moreau"},
            "account": {"id": "acc_1"},
        }

    def test_it_is_signed_and_keeps_its_id_when_it_is_asked_again(self, desk: Desk, httpserver: HTTPServer) -> None:
        httpserver.expect_oneshot_request(URL).respond_with_data(status=503)
        httpserver.expect_request(URL).respond_with_json({})
        file(host_user(desk))
        desk.work()
        try_again(desk)
        requests = asked(httpserver)
        assert len(requests) == 2
        for request in requests:
            assert Webhook(SECRET).verify(request.data.decode(), dict(request.headers))
            with pytest.raises(WebhookVerificationError):
                Webhook(SECRET).verify(request.data.decode() + " ", dict(request.headers))
            with pytest.raises(WebhookVerificationError):
                Webhook("whsec_" + "A" * 32).verify(request.data.decode(), dict(request.headers))
        assert len({request.headers["webhook-id"] for request in requests}) == 1

    def test_without_a_secret_it_is_not_signed(self, database_url: str, tmp_path: Path, httpserver: HTTPServer) -> None:
        httpserver.expect_request(URL).respond_with_json({})
        with asking(database_url, tmp_path, httpserver.url_for(URL), enrich_secret="") as desk:
            desk.new_ticket()
            desk.work()
        (request,) = asked(httpserver)
        assert "webhook-signature" not in request.headers

    def test_a_plain_secret_signs_as_well(self, database_url: str, tmp_path: Path, httpserver: HTTPServer) -> None:
        httpserver.expect_request(URL).respond_with_json({})
        with asking(database_url, tmp_path, httpserver.url_for(URL), enrich_secret="just words") as desk:
            desk.new_ticket()
            desk.work()
        (request,) = asked(httpserver)
        assert Webhook(b"just words").verify(request.data.decode(), dict(request.headers))


class TestTrouble:
    @pytest.mark.parametrize("status", [500, 503, 408, 425, 429])
    def test_a_host_in_trouble_is_asked_again(self, desk: Desk, httpserver: HTTPServer, status: int) -> None:
        httpserver.expect_oneshot_request(URL).respond_with_data("oops <html>", status=status)
        httpserver.expect_request(URL).respond_with_json({"credits": 7})
        ticket = file(host_user(desk))
        desk.work()
        assert usage(desk, ticket) == ("waiting", {})
        assert (job(desk)["state"], job(desk)["error"]) == ("queued", f"DESKHAND_ENRICH_URL answered {status}.")
        try_again(desk)
        assert usage(desk, ticket) == ("fetched", {"credits": 7})

    @pytest.mark.parametrize("status", [400, 401, 404, 422, 302])
    def test_a_refusal_is_final_and_can_be_tried_again_by_hand(
        self, desk: Desk, httpserver: HTTPServer, status: int
    ) -> None:
        httpserver.expect_oneshot_request(URL).respond_with_data(
            "no", status=status, headers={"Location": httpserver.url_for("/elsewhere")}
        )
        ticket = file(host_user(desk))
        version = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()["version"]
        desk.work()
        assert usage(desk, ticket) == ("failed", {})
        assert desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()["version"] == version + 1
        (listed,) = desk.as_("sam").get("/staff/jobs", expect=200).json()["jobs"]
        assert (listed["kind"], listed["state"]) == ("ticket.enrich", "dead")
        assert len(asked(httpserver)) == 1  # a redirect is not followed
        httpserver.expect_request(URL).respond_with_json({"credits": 7})
        desk.as_("sam").post(f"/staff/jobs/{listed['id']}/retry", expect=200)
        desk.work()
        assert usage(desk, ticket) == ("fetched", {"credits": 7})

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"<html>", "text/html"),
            (b"", "application/json"),
            (b"[1]", "application/json"),
            (b'"x"', "application/json"),
            (b"null", "application/json"),
            (b'{"a": "\\u0000"}', "application/json"),
            (b'{"a": "\\ud800"}', "application/json"),
            (b'{"a": NaN}', "application/json"),
            (b'{"a": "\xff"}', "application/json"),
            (b'{"a":' * 3000 + b"1" + b"}" * 3000, "application/json"),
            (b'{"a": "' + b"x" * 17_000 + b'"}', "application/json"),
        ],
        ids=["html", "empty", "list", "text", "null", "nul", "surrogate", "nan", "not utf-8", "deep", "too large"],
    )
    def test_what_is_no_small_json_object_is_not_kept(
        self, desk: Desk, httpserver: HTTPServer, body: bytes, kind: str
    ) -> None:
        httpserver.expect_request(URL).respond_with_data(body, content_type=kind)
        ticket = file(host_user(desk))
        desk.work()
        assert usage(desk, ticket) == ("failed", {})
        assert job(desk)["state"] == "dead"

    def test_an_endless_answer_ends(self, desk: Desk, httpserver: HTTPServer) -> None:
        def endless() -> Iterator[bytes]:
            for _ in range(10_000):
                yield b" " * 4096

        httpserver.expect_request(URL).respond_with_handler(lambda _: Response(endless()))
        ticket = file(host_user(desk))
        desk.work()
        assert usage(desk, ticket) == ("failed", {})

    def test_it_is_given_up_after_the_last_attempt(self, desk: Desk, httpserver: HTTPServer) -> None:
        httpserver.expect_request(URL).respond_with_data(status=500)
        ticket = file(host_user(desk))
        desk.work()
        for _ in range(jobs.MAX_ATTEMPTS - 2):
            try_again(desk)
        assert usage(desk, ticket)[0] == "waiting"
        try_again(desk)
        assert usage(desk, ticket)[0] == "failed"
        assert (job(desk)["state"], len(asked(httpserver))) == ("dead", jobs.MAX_ATTEMPTS)

    def test_nobody_there(self, database_url: str, tmp_path: Path) -> None:
        with asking(database_url, tmp_path, "http://127.0.0.1:1/usage") as desk:
            ticket = desk.new_ticket()
            desk.work()
            assert usage(desk, ticket) == ("waiting", {})
            assert job(desk)["state"] == "queued"
            assert "Traceback" not in job(desk)["error"]


class Silent:
    """A host that takes every call and says nothing until it hangs up."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/usage"
        self.calls: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def hang_up(self) -> None:
        """Harmless to repeat."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for call in (*self.calls, self._listener):
            call.close()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                self.calls.append(self._listener.accept()[0])


@contextmanager
def working(desk: Desk, silent: Silent) -> Iterator[None]:
    """A worker that asks `silent`, until that hangs up at the end."""
    worker = Worker(desk.services, wiring.PLAN)
    worker.start()
    try:
        yield
    finally:
        silent.hang_up()
        worker.stop()


class TestNeverInTheWay:
    @pytest.fixture
    def silent(self) -> Iterator[Silent]:
        host = Silent()
        yield host
        host.hang_up()

    def test_a_ticket_is_filed_at_once_though_the_host_hangs(
        self, database_url: str, tmp_path: Path, silent: Silent
    ) -> None:
        with asking(database_url, tmp_path, silent.url, enrich_timeout=60.0) as desk, working(desk, silent):
            alice, begun = host_user(desk), time.monotonic()
            tickets = [file(alice) for _ in range(6)]
            while len(silent.calls) < 2:
                assert time.monotonic() - begun < 20
                time.sleep(0.02)
            tickets += [file(alice) for _ in range(3)]
            assert time.monotonic() - begun < 30
            assert {usage(desk, ticket)[0] for ticket in tickets} == {"waiting"}

    def test_the_wait_for_an_answer_ends(self, database_url: str, tmp_path: Path, silent: Silent) -> None:
        with asking(database_url, tmp_path, silent.url, enrich_timeout=0.5) as desk:
            ticket = desk.new_ticket()
            begun = time.monotonic()
            desk.work()
            assert 0.4 < time.monotonic() - begun < 10
            assert usage(desk, ticket) == ("waiting", {})
            assert "0.5 s" in job(desk)["error"]

    def test_mails_about_the_ticket_do_not_wait_for_it(
        self, database_url: str, tmp_path: Path, httpserver: HTTPServer
    ) -> None:
        httpserver.expect_request(URL).respond_with_data(status=500)
        with SmtpServer() as smtp, asking(database_url, tmp_path, httpserver.url_for(URL), smtp_url=smtp.url) as desk:
            desk.user_id("sam")
            ticket = desk.new_ticket()
            desk.work()
            assert len(smtp.messages) == 1
            assert usage(desk, ticket)[0] == "waiting"
            assert desk.as_("alice").get(f"/tickets/{ticket['id']}", expect=200).json()["status"] == "open"
