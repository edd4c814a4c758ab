"""Coming from the host product: the token in the address signs in once, and is gone from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support import tokens
from tests.support.api import at_once, bearer, count
from tests.support.app import Desk, running
from tests.support.pages import Browser, page, secret_page

HANDOFF = "/api/v1/auth/handoff"


@pytest.fixture
def hosted(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, jwt_secret=tokens.SECRET, frame_ancestors="https://app.example") as desk:
        yield desk


def link(desk: Desk, **body: Any) -> str:
    """The path of a fresh link for Alice, as the host's server asks for it."""
    jwt = tokens.token(tokens.alice(name="Alice", email="alice@acme.example"))
    answer = bearer(desk, jwt).post(HANDOFF, body, expect=201).json()
    return answer["url"].removeprefix("http://testserver")


def arrive(desk: Desk, path: str, to: str) -> None:
    """The browser is led on, signed in."""
    desk.client.cookies.clear()
    answer = desk.client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, to)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Alice" in page(desk.client.get("/support"))


def refused(answer: httpx2.Response) -> str:
    text = secret_page(answer, 401)
    assert "does not sign you in any more" in text
    assert "deskhand_session" not in answer.headers.get("set-cookie", "")
    return text


def test_a_link_signs_in_and_leads_on(hosted: Desk) -> None:
    arrive(hosted, link(hosted), "/support")
    arrive(hosted, link(hosted, return_to="/support/new?subject=x"), "/support/new?subject=x")


def test_a_hosts_own_token_may_stand_at_any_page(hosted: Desk) -> None:
    for number, place in enumerate(("/support", "/support/new", "/support/ALT-1042", "/support?status=all")):
        jwt = tokens.token(tokens.alice(name="Alice", jti=str(number)))
        arrive(hosted, f"{place}{'&' if '?' in place else '?'}token={jwt}", place)


def test_it_works_once(hosted: Desk) -> None:
    for path in (link(hosted), f"/support?token={tokens.token(tokens.alice(name='Alice'))}"):
        hosted.client.cookies.clear()
        answers = at_once(*[lambda path=path: hosted.client.get(path).status_code] * 3)
        assert sorted(answers) == [303, 401, 401]


def test_looking_where_it_leads_does_not_use_it_up(hosted: Desk) -> None:
    path = link(hosted)
    hosted.client.cookies.clear()
    assert hosted.client.head(path).status_code == 303
    assert count(hosted, "sessions") == 0
    arrive(hosted, path, "/support")


@pytest.mark.parametrize("token", ["", "x", "é", "%00", "a.b.c", "A" * 79, "A" * 5000])
def test_a_wrong_token_gets_a_kind_page_with_a_way_in(hosted: Desk, token: str) -> None:
    hosted.client.cookies.clear()
    text = refused(hosted.client.get(f"/support?token={token}"))
    assert 'href="/login?next=/support"' in text
    assert count(hosted, "sessions") == 0


def test_links_for_other_purposes_and_forged_tokens_do_not_do(hosted: Desk) -> None:
    expired = tokens.token(tokens.alice(exp=1))
    forged = tokens.token(tokens.alice(), key="a secret that somebody made up by themselves")
    for token in (expired, forged, hosted.token("alice")):
        hosted.client.cookies.clear()
        refused(hosted.client.get(f"/support?token={token}"))


def test_whoever_is_signed_in_stays_so_when_a_link_is_spent(hosted: Desk) -> None:
    bob = Browser(hosted, "bob")
    text = refused(bob.get("/support?token=x"))
    assert "signed in here as Bob Lindqvist" in text
    page(bob.get("/support"))


def test_the_hosts_pages_may_show_it_in_a_frame(hosted: Desk) -> None:
    arrive(hosted, link(hosted), "/support")
    policy = hosted.client.get("/support").headers["content-security-policy"]
    assert "frame-ancestors 'self' https://app.example" in policy
