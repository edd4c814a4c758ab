"""What holds for every answer: problem details, ETags, request ids, methods, origins, headers."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from deskhand.doors.api.envelope import MAX_JSON
from deskhand.kit import logs
from deskhand.notifications import urls
from deskhand.tickets import contact, queries
from tests.support.api import fields, is_problem, served, storm
from tests.support.app import SUPPORT, Desk, running


def test_every_refusal_is_a_problem(desk: Desk) -> None:
    alice = desk.as_("alice")
    ticket_id = desk.new_ticket()["id"]
    refusals: list[tuple[httpx2.Response, int, str]] = [
        (desk.anyone().get("/tickets"), 401, "unauthenticated"),
        (alice.get("/staff/tickets"), 403, "staff_only"),
        (alice.get("/tickets/ALT-9"), 404, "not_found"),
        (desk.anyone().get("/nowhere"), 404, "not_found"),
        (desk.anyone().get("/api/v2/support/tickets"), 404, "not_found"),
        (alice.delete("/tickets"), 405, "method_not_allowed"),
        (alice.post(f"/tickets/{ticket_id}/satisfaction", {"rating": 5}), 409, "not_resolved"),
        (alice.post("/tickets", content=b"x" * (MAX_JSON + 1)), 413, "too_large"),
        (alice.post("/tickets", content=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type"),
        (alice.post("/tickets", {}), 422, "invalid"),
    ]
    for answer, status, code in refusals:
        problem = is_problem(answer, status, code)
        assert problem["type"] == f"/api/docs#problem-{code}"
        assert answer.headers["cache-control"] == "no-store"
        assert {type(problem[name]) for name in ("title", "detail", "code")} == {str}
        assert ("errors" in problem) == (status == 422)
    (first, second) = refusals[-1][0].json()["errors"]
    assert first == {"field": "subject", "code": "required", "message": "This field is required."}
    assert second["field"] == "body"
    nested = desk.as_("sam").post("/staff/tickets", {"subject": "s", "body": "b", "requester": {"email": "x"}})
    assert fields(nested) == {"requester.email"}


def test_no_link_stands_in_the_log(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(database_url, tmp_path) as desk:
        logs.configure("text", "info")
        link = desk.services.signer.sign(urls.TICKET, [desk.new_ticket()["id"]], None)
        assert desk.client.get(f"/t/{link}").status_code == 200
        desk.client.get(f"/t/{link}/attachments/none")
        desk.client.get(f"/unsubscribe/{link}")
        desk.client.get(f"/contact/thanks/{link}")
        monkeypatch.setattr(contact, "come_back", None)
        assert desk.client.get(f"/t/{link}").status_code == 500
    logged = capsys.readouterr().err
    assert link not in logged
    assert "path=/t/…/attachments/none" in logged


def test_a_bug_is_logged_with_its_request_and_says_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_tx: Connection, *_args: Any) -> None:
        raise RuntimeError("SELECT password FROM /srv/secret.db")

    monkeypatch.setattr(queries, "list_own", broken)
    with running(database_url, tmp_path) as desk:
        answer = desk.as_("alice").get("/tickets", headers={"X-Request-ID": "find-me"})
    problem = is_problem(answer, 500, "internal")
    for leak in ("SELECT", "secret", "Traceback", "RuntimeError", ".py"):
        assert leak not in answer.text
    assert problem.keys() == {"type", "title", "status", "detail", "code"}
    assert answer.headers["X-Request-ID"] == "find-me"
    logged = capsys.readouterr().err
    assert "request_id=find-me" in logged
    assert "RuntimeError" in logged


def test_an_outage_is_said_to_be_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_tx: Connection, *_args: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    monkeypatch.setattr(queries, "list_own", locked)
    answer = desk.as_("alice").get("/tickets")
    is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
    assert "SELECT" not in answer.text


def test_what_did_not_change_is_not_sent_again(desk: Desk) -> None:
    alice, sam, ticket_id = desk.as_("alice"), desk.as_("sam"), desk.new_ticket()["id"]
    paths = ["/tickets", f"/tickets/{ticket_id}", "/preferences", "/categories", "/api/v1/me", "/api/v1/api-keys"]
    paths += ["/kb/search?q=x", "/tickets?q=content", "/api/openapi.json", "/api/docs"]
    calls = [(alice, path) for path in paths]
    calls += [
        (sam, f"/staff{path}") for path in ("/tickets", f"/tickets/{ticket_id}", "/categories", "/spam", "/users")
    ]
    for caller, path in calls:
        first = caller.get(path, expect=200)
        tag = first.headers["ETag"]
        assert re.fullmatch(r'"[^"]+"', tag)
        for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = caller.get(path, headers={"If-None-Match": header})
            assert (again.status_code, again.content) == (304, b""), f"{path} {header}"
            assert again.headers["ETag"] == tag
        assert caller.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert caller.get(path).headers["ETag"] == tag
    before = alice.get(f"/tickets/{ticket_id}").headers["ETag"]
    sam.post(f"/staff/tickets/{ticket_id}/replies", {"body": "Hello."}, expect=201)
    fresh = alice.get(f"/tickets/{ticket_id}", headers={"If-None-Match": before}, expect=200)
    assert fresh.headers["ETag"] != before
    alice.get(f"/tickets/{ticket_id}", headers={"If-None-Match": fresh.headers["ETag"]}, expect=304)
    assert "Authorization" in fresh.headers["Vary"]
    assert "private" in fresh.headers["Cache-Control"]


def test_a_request_has_an_id_in_its_answer(desk: Desk) -> None:
    for given in ("a1b2-c3.d4:e5/6+=", "x" * 128):
        assert desk.anyone().get("/categories", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    made = set()
    for odd in ("", "x" * 129, "two words", "a\tb", "<script>", "é"):
        headers = {"X-Request-ID": odd.encode("latin-1")}
        made.add(desk.client.get(f"{SUPPORT}/categories", headers=headers).headers["X-Request-ID"])
    assert len(made) == 6
    assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in made)
    assert desk.anyone().get("/nowhere").headers["X-Request-ID"]
    assert desk.anyone().get("/tickets").headers["X-Request-ID"]


def test_headers_that_keep_browsers_from_guessing(desk: Desk) -> None:
    for path in ("/categories", "/nowhere", "/tickets", "/api/docs", "/api/openapi.json"):
        headers = desk.anyone().get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]
        assert "server" not in headers
    made = desk.as_("alice").post("/tickets", {"subject": "s", "body": "b"}, expect=201)
    assert made.headers["cache-control"] == "no-store"
    assert made.headers["content-type"] == "application/json"


def test_methods_say_what_is_allowed(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    allowed = {
        "/tickets": {"GET", "POST"},
        f"/tickets/{ticket_id}": {"GET", "PATCH"},
        f"/tickets/{ticket_id}/close": {"POST"},
        "/tickets/public": {"GET", "PATCH", "POST"},
        "/preferences": {"GET", "PATCH"},
        "/categories": {"GET"},
        "/api/v1/auth/login": {"POST"},
    }
    for path, methods in allowed.items():
        answer = desk.anyone().delete(path)
        is_problem(answer, 405, "method_not_allowed")
        said = {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD", "OPTIONS"}
        assert said == methods, path


def test_other_origins_only_where_the_operator_says_so(database_url: str, tmp_path: Path) -> None:
    origin = {"Origin": "https://app.acme.example"}
    preflight = origin | {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key,if-match,x-api-key,x-request-id",
    }
    with running(database_url, tmp_path, cors_origins="https://app.acme.example") as desk:
        answer = desk.client.options(f"{SUPPORT}/tickets", headers=preflight)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin["Origin"]
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        shown = desk.as_("alice").get("/tickets", headers=origin, expect=200).headers
        exposed = {name.strip() for name in shown["access-control-expose-headers"].lower().split(",")}
        assert exposed >= {"etag", "link", "retry-after", "ratelimit-reset", "ratelimit-policy", "idempotent-replay"}
        assert "access-control-allow-credentials" not in shown
        refused = desk.anyone().get("/tickets", headers=origin)
        assert refused.headers["access-control-allow-origin"] == origin["Origin"]
        other = desk.client.options(f"{SUPPORT}/tickets", headers=preflight | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        assert "access-control-allow-origin" not in desk.anyone().get("/categories", headers={"Origin": "null"}).headers


def test_without_origins_there_is_no_word_of_them(desk: Desk) -> None:
    answer = desk.anyone().get("/categories", headers={"Origin": "https://app.acme.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_slash_too_many_leads_to_the_same_host(desk: Desk) -> None:
    answer = desk.client.get(f"{SUPPORT}/categories/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, f"{SUPPORT}/categories")
    desk.as_("alice").post("/tickets/", {"subject": "s", "body": "b"}, expect=307)


def test_reads_go_on_while_writes_are_under_way(desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {desk.token('sam')}"}
    ticket_id = desk.new_ticket()["id"]
    reply = {"url": f"{SUPPORT}/staff/tickets/{ticket_id}/replies", "json": {"body": "b"}}
    requests = [{"method": "POST", "headers": headers, **reply} for _ in range(20)]
    requests += [{"method": "GET", "headers": headers, "url": f"{SUPPORT}/staff/tickets"} for _ in range(40)]
    with served(desk) as address:
        assert {answer.status_code for answer in storm(address, requests)} == {200, 201}


def test_head_is_answered_like_get_and_reads_nothing(desk: Desk) -> None:
    ticket = desk.new_ticket()
    desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "Try this."}, expect=201)
    alice = desk.as_("alice")
    head = alice.request("HEAD", f"/tickets/{ticket['id']}", expect=200)
    assert head.content == b""
    assert head.headers["content-type"] == "application/json"
    assert alice.get("/tickets").json()["tickets"][0]["unread"] is True
    desk.anyone().request("HEAD", f"/tickets/{ticket['id']}", expect=401)
