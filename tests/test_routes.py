"""Every route is described, and every route by which a stranger writes has a limit."""

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deskhand.accounts.actor import Role
from deskhand.doors.api import openapi
from tests.support.api import UNLIMITED, api_routes, at_once, is_problem, served
from tests.support.app import SUPPORT, Desk, running

PASSWORD = "a password that is long enough"
VI = {"name": "Vi", "email": "vi@example.com"}

# What anyone may write without login: (path, body, the setting that limits it).
LIMITED: list[tuple[str, dict[str, Any], str]] = [
    ("/tickets/public", VI | {"subject": "s", "body": "b"}, "limit_public"),
    ("/kb/{slug}/helpful", {"helpful": True}, "limit_votes"),
    ("/api/v1/auth/login", {"email": "vi@example.com", "password": PASSWORD}, "limit_logins"),
    ("/api/v1/auth/login", {"email": "vi@example.com", "password": PASSWORD}, "limit_logins_ip"),
    ("/api/v1/auth/signup", VI | {"password": PASSWORD}, "limit_account_mails"),
    ("/api/v1/auth/signup", VI | {"password": PASSWORD}, "limit_account_mails_ip"),
    ("/api/v1/auth/password-reset", {"email": "vi@example.com"}, "limit_account_mails"),
    ("/api/v1/auth/password-reset", {"email": "vi@example.com"}, "limit_account_mails_ip"),
]
# They do nothing without a signed link, which is looked at before anything costly.
NEED_A_LINK = {"/api/v1/auth/verify", "/api/v1/auth/password-reset/confirm", "/api/v1/auth/setup"}
# What customers may write without bounds but those of their own rows: a few switches and states.
UNBOUNDED = {
    "/tickets/{ticket_id}",
    "/tickets/{ticket_id}/close",
    "/tickets/{ticket_id}/reopen",
    "/tickets/{ticket_id}/mute",
    "/tickets/{ticket_id}/satisfaction",
    "/preferences",
    "/api/v1/auth/logout",
    "/api/v1/api-keys/{key_id}",
}
OF_CUSTOMERS = {
    "/tickets": "limit_tickets",
    "/tickets/{ticket_id}/replies": "limit_replies",
    "/attachments": "limit_uploads",
    "/api/v1/api-keys": "limit_keys",
    "/api/v1/auth/handoff": "limit_handoffs",
}


@pytest.fixture
def bare(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path) as desk:
        yield desk


def writes(desk: Desk, *audiences: Role | None) -> set[str]:
    return {
        route.path.removeprefix(SUPPORT)
        for method, route in api_routes(desk)
        if method != "GET" and route.access[0] in audiences
    }


def test_every_way_to_write_is_limited_or_said_to_be_without(bare: Desk) -> None:
    assert writes(bare, Role.VISITOR) == {path for path, _, _ in LIMITED} | NEED_A_LINK
    assert writes(bare, Role.CUSTOMER, None) == OF_CUSTOMERS.keys() | UNBOUNDED


@pytest.mark.parametrize(("path", "body", "setting"), LIMITED)
def test_a_strangers_second_try_is_over_a_limit_of_one(
    database_url: str, tmp_path: Path, path: str, body: dict[str, Any], setting: str
) -> None:
    with running(database_url, tmp_path, signup=True, **UNLIMITED | {setting: "1/hour"}) as desk:
        article = {"title": "How", "body": "So.", "slug": "how", "status": "published"}
        desk.as_("sam").post("/staff/kb/articles", article, expect=201)
        first, second = (desk.anyone().post(path.replace("{slug}", "how"), body) for _ in range(2))
        assert first.status_code in {200, 201, 202, 401}
        is_problem(second, 429, "rate_limited")
        assert int(second.headers["Retry-After"]) > 0


@pytest.mark.parametrize("setting", OF_CUSTOMERS.values())
def test_a_customers_second_try_is_over_a_limit_of_one(database_url: str, tmp_path: Path, setting: str) -> None:
    with running(database_url, tmp_path, **UNLIMITED | {setting: "1/hour"}) as desk:
        alice = desk.as_("alice")
        ticket_id = desk.new_ticket("alice" if setting != "limit_tickets" else "bob")["id"]
        calls = {
            "limit_tickets": lambda: alice.post("/tickets", {"subject": "s", "body": "b"}),
            "limit_replies": lambda: alice.post(f"/tickets/{ticket_id}/replies", {"body": "b"}),
            "limit_uploads": lambda: alice.post("/attachments", files={"file": ("a.txt", b"a")}),
            "limit_handoffs": lambda: alice.post("/api/v1/auth/handoff", {}),
            "limit_keys": lambda: alice.post("/api/v1/api-keys", {"name": "k"}),
        }
        assert calls[setting]().status_code == 201
        is_problem(calls[setting](), 429, "rate_limited")


def test_every_route_is_described(bare: Desk) -> None:
    document = bare.anyone().get("/api/openapi.json", expect=200).json()
    names = set()
    for method, route in api_routes(bare):
        operation = document["paths"][route.path_format][method.lower()]
        assert inspect.getdoc(route.endpoint) == operation["description"], route.path
        assert operation["tags"]
        names.add(operation["operationId"])
        success = next(status for status in operation["responses"] if status.startswith("2"))
        if success != "204" and "attachment_id" not in route.path and (method, route.name) != ("GET", "get_logo"):
            assert operation["responses"][success]["content"]["application/json"]["schema"], route.path
        for status in ("401", "403"):
            assert operation["responses"][status]["content"]["application/problem+json"], route.path
        keyed = [parameter["name"] for parameter in operation.get("parameters", [])].count("Idempotency-Key")
        assert keyed == (method == "POST" and success in ("201", "202"))
    assert len(names) == len(api_routes(bare))


def test_the_pages_about_it_need_nothing_from_elsewhere(bare: Desk) -> None:
    page = bare.anyone().get("/api/docs", expect=200)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for outside in ("<script", 'src="http', 'href="http', "@import"):
        assert outside not in page.text
    assert "problem-invalid" in page.text


def test_others_are_answered_while_the_description_is_made_and_it_is_made_once(
    bare: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered, makes = threading.Event(), threading.Event(), []
    document = openapi.document

    def slowly(app: Any) -> dict[str, Any]:
        asked.set()
        makes.append(answered.wait(timeout=5))
        return document(app)

    monkeypatch.setattr(openapi, "document", slowly)

    def meanwhile(http: httpx2.Client) -> int:
        assert asked.wait(timeout=5)
        status = http.get("/healthz").status_code
        answered.set()
        return status

    with served(bare) as address, httpx2.Client(base_url=address, timeout=30) as http:
        data, page, again, health = at_once(
            lambda: http.get("/api/openapi.json"),
            lambda: http.get("/api/docs"),
            lambda: http.get("/api/openapi.json"),
            lambda: meanwhile(http),
        )
    assert (data.status_code, page.status_code, health) == (200, 200, 200)
    assert makes == [True]
    assert data.content == again.content
    assert data.json()["openapi"].startswith("3.1")
    assert page.headers["content-type"].startswith("text/html")
