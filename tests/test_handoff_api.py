"""From the host product into the pages: links and tokens that sign one person in, once."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from deskhand.accounts import handoff, links, people
from deskhand.accounts.actor import Client
from deskhand.accounts.links import BadLink
from deskhand.accounts.model import UserChange
from deskhand.doors import signing_in
from deskhand.doors.signing_in import Arrived
from deskhand.kit.errors import Unauthenticated
from tests.support import tokens
from tests.support.api import api_key, at_once, bearer, count, fields, is_problem, later, with_key
from tests.support.app import Caller, Desk, running

HANDOFF = "/api/v1/auth/handoff"
ES256 = tokens.HOST_KEYS["ES256"]
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def hosted(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    given = {"jwt_secret": tokens.SECRET, "jwt_public_key": tokens.pem(ES256), "jwt_staff_claim": "team"}
    with running(database_url, tmp_path, **given) as desk:
        yield desk


def ask(caller: Caller, **body: Any) -> str:
    """The token of a fresh link."""
    answer = caller.post(HANDOFF, body, expect=201).json()
    parts = urlsplit(answer["url"])
    assert (f"{parts.scheme}://{parts.netloc}{parts.path}", answer["expires_in"]) == ("http://testserver/support", 60)
    (token,) = parse_qs(parts.query)["token"]
    return token


def arrive(desk: Desk, token: str) -> Arrived:
    return asyncio.run(signing_in.arrive(desk.services, token, Client("web")))


def whoever_is_in(desk: Desk, arrived: Arrived) -> dict[str, Any]:
    return bearer(desk, arrived.jwt).get("/api/v1/me", expect=200).json()


def test_a_host_hands_its_user_over(hosted: Desk) -> None:
    jwt = tokens.token(tokens.alice(name="Alice", email="alice@acme.example"))
    token = ask(bearer(hosted, jwt), return_to="/support/ALT-1042?reply=1")
    arrived = arrive(hosted, token)
    assert arrived.return_to == "/support/ALT-1042?reply=1"
    asked = bearer(hosted, jwt).get("/api/v1/me", expect=200).json()
    assert whoever_is_in(hosted, arrived) == asked


def test_the_start_of_the_portal_is_where_one_arrives_by_default(desk: Desk) -> None:
    assert arrive(desk, ask(desk.as_("alice"))).return_to == "/support"


def test_a_link_works_once_and_for_a_minute(desk: Desk) -> None:
    used, old = ask(desk.as_("alice")), ask(desk.as_("alice"))
    arrive(desk, used)
    with pytest.raises(BadLink):
        arrive(desk, used)
    with later(61), pytest.raises(BadLink):
        arrive(desk, old)
    arrive(desk, old)  # the other one did not make it void


def test_two_browsers_that_race_for_it(desk: Desk) -> None:
    token = ask(desk.as_("alice"))

    def attempt() -> bool:
        try:
            desk.write(handoff.redeem, desk.services.signer, token)
        except BadLink:
            return False
        return True

    assert sorted(at_once(*[attempt] * 4)) == [False, False, False, True]


def test_a_forged_or_another_link_opens_nothing(desk: Desk) -> None:
    token = ask(desk.as_("alice"))
    reset = desk.write(links.issue, desk.services.signer, "reset", desk.user_id("alice"))
    for forged in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), reset, "", "nonsense", "a.b"):
        with pytest.raises(BadLink):
            arrive(desk, forged)
    with pytest.raises(BadLink):
        desk.write(links.redeem, desk.services.signer, "reset", "invite", token=token)


def test_whoever_may_not_come_in_any_more_does_not(desk: Desk) -> None:
    token = ask(desk.as_("alice"))
    desk.write(people.change, desk.actor("ada"), desk.user_id("alice"), UserChange(disabled=True))
    with pytest.raises(BadLink):
        arrive(desk, token)


def test_a_key_makes_no_link_and_neither_does_nobody(desk: Desk) -> None:
    is_problem(with_key(desk, api_key(desk, "alice")[1]).post(HANDOFF, {}), 403, "session_required")
    desk.anyone().post(HANDOFF, {}, expect=401)
    assert count(desk, "single_use_links") == 0


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/support",
        "//evil.example/support",
        "/\\evil.example",
        "/supporters",
        "/support/../api/docs",
        "/support/%2e%2E/api/docs",
        "/support/.",
        "/api/v1/me",
        "/",
        "support",
        "/support\r\nSet-Cookie: a=b",
        "/support/a b",
        "/support?" + "x" * 500,
        "/support/\u00e9",
        7,
    ],
)
def test_it_leads_to_a_page_of_ours(desk: Desk, place: Any) -> None:
    assert fields(desk.as_("alice").post(HANDOFF, {"return_to": place})) == {"return_to"}


@pytest.mark.parametrize("place", ["/support/", "/help/rate-limits#section-why", "/desk/tickets/ALT-1?a=b&c=%2Fd/../"])
def test_every_page_of_ours_can_be_reached(desk: Desk, place: str) -> None:
    assert arrive(desk, ask(desk.as_("sam"), return_to=place)).return_to == place


def test_a_hosts_token_is_a_link_once(hosted: Desk) -> None:
    jwt = tokens.token(tokens.alice(name="Alice"))
    arrived = arrive(hosted, jwt)
    assert (whoever_is_in(hosted, arrived)["name"], arrived.return_to) == ("Alice", "/support")
    with pytest.raises(BadLink):
        arrive(hosted, jwt)
    assert bearer(hosted, jwt).get("/api/v1/me", expect=200).json()["name"] == "Alice"
    arrive(hosted, tokens.token(tokens.alice(name="Alice", jti="another")))


def test_the_twin_of_a_signature_makes_no_second_link(hosted: Desk) -> None:
    """(r, s) and (r, n - s) are both good under ECDSA: who saw a used token could else spell it anew."""
    assert isinstance(ES256, ec.EllipticCurvePrivateKey)
    jwt = tokens.token(tokens.alice(), ES256, "ES256")
    signed, _, signature = jwt.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    twin = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    other = f"{signed}.{tokens.b64(twin)}"
    assert bearer(hosted, other).get("/api/v1/me").status_code == 200
    arrive(hosted, jwt)
    with pytest.raises(BadLink):
        arrive(hosted, other)


def test_a_token_that_is_not_good_is_no_link_either(hosted: Desk) -> None:
    expired = tokens.token(tokens.alice(exp=1))
    forged = tokens.token(tokens.alice(), "some other secret of somebody")
    own = hosted.token("alice")
    for jwt in (expired, forged, own, "a.b.c"):
        with pytest.raises(Unauthenticated):
            arrive(hosted, jwt)
    assert count(hosted, "spent_tokens") == 0


def test_a_disabled_user_of_the_host_stays_outside(hosted: Desk) -> None:
    first = arrive(hosted, tokens.token(tokens.alice()))
    user_id = whoever_is_in(hosted, first)["id"]
    hosted.write(people.change, hosted.actor("ada"), user_id, UserChange(disabled=True))
    with pytest.raises(Unauthenticated):
        arrive(hosted, tokens.token(tokens.alice(jti="second")))


def test_the_staff_claim_counts_here_too(hosted: Desk) -> None:
    arrived = arrive(hosted, tokens.token(tokens.alice(sub="sam-of-acme", team="agent")))
    assert whoever_is_in(hosted, arrived)["role"] == "agent"


def test_used_tokens_are_forgotten_once_they_have_expired(hosted: Desk) -> None:
    jwt = tokens.token(tokens.alice())
    arrive(hosted, jwt)
    with later(3600 + 30):  # the clocks' leeway still admits it
        hosted.write(handoff.sweep)
        with pytest.raises(BadLink):
            arrive(hosted, jwt)
    with later(3600 + 90):
        hosted.write(handoff.sweep)
        assert count(hosted, "spent_tokens") == 0
        with pytest.raises(Unauthenticated):
            arrive(hosted, jwt)
