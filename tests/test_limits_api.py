"""Limits: exact under any number of clients, over restarts and processes, and fair to what was refused."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.api import api_key, at_once, bearer, count, is_problem, later, second_app, served, storm, with_key
from tests.support.app import SUPPORT, Caller, Desk, running

HOUR = 3600
FORM = {"name": "Vi", "email": "vi@example.com", "subject": "Hello", "body": "Is there a free plan?"}
TICKET = {"subject": "A question", "body": "Why?"}


def file_ticket(caller: Caller, **more: Any) -> httpx2.Response:
    return caller.post("/tickets", TICKET, **more)


def budget(response: httpx2.Response) -> tuple[int, int, int]:
    """(limit, remaining, reset) as bare numbers."""
    limit, remaining, reset = (response.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))
    return int(limit), int(remaining), int(reset)


def test_the_sixth_ticket_within_an_hour(desk: Desk) -> None:
    alice = desk.as_("alice")
    for left in (4, 3, 2, 1, 0):
        answer = file_ticket(alice, expect=201)
        limit, remaining, reset = budget(answer)
        assert (limit, remaining) == (5, left)
        assert HOUR - 60 < reset <= HOUR
        assert answer.headers["RateLimit-Policy"] == "5;w=3600"
    refused = file_ticket(alice)
    is_problem(refused, 429, "rate_limited")
    assert budget(refused)[:2] == (5, 0)
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= HOUR
    assert budget(refused)[2] == wait
    assert count(desk, "tickets") == 5
    file_ticket(desk.as_("bob"), expect=201)  # it is counted by user
    with later(wait - 3):
        assert file_ticket(alice).status_code == 429
    with later(wait):
        file_ticket(alice, expect=201)


def test_the_window_slides(desk: Desk) -> None:
    """A slot opens when its own hour has passed, not all of them at the turn of one."""
    alice = desk.as_("alice")
    file_ticket(alice, expect=201)
    with later(1800):
        for _ in range(4):
            file_ticket(alice, expect=201)
        wait = int(file_ticket(alice).headers["Retry-After"])
        assert 1790 <= wait <= 1801
    with later(HOUR + 1):
        file_ticket(alice, expect=201)
        assert int(file_ticket(alice).headers["Retry-After"]) > 1700
    with later(HOUR + 1802):
        assert budget(file_ticket(alice, expect=201))[1] == 3


def test_replies_and_the_contact_form_have_theirs(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    for left in range(29, -1, -1):
        reply = desk.as_("alice").post(f"/tickets/{ticket_id}/replies", {"body": "More."}, expect=201)
        assert budget(reply)[:2] == (30, left)
    is_problem(desk.as_("alice").post(f"/tickets/{ticket_id}/replies", {"body": "More."}), 429)
    for left in (2, 1, 0):
        assert budget(desk.anyone().post("/tickets/public", FORM, expect=201))[:2] == (3, left)
    refused = desk.anyone().post("/tickets/public", FORM)
    is_problem(refused, 429)
    with later(int(refused.headers["Retry-After"])):
        desk.anyone().post("/tickets/public", FORM, expect=201)


def test_what_is_refused_for_other_reasons_does_not_count(desk: Desk) -> None:
    alice, nobody = desk.as_("alice"), desk.anyone()
    ticket_id = desk.new_ticket("bob")["id"]
    for _ in range(40):
        is_problem(alice.post(f"/tickets/{ticket_id}/replies", {"body": "Not mine."}), 404)
        is_problem(alice.post(f"/tickets/{ticket_id}/replies", {"body": ""}), 422)
    for _ in range(6):
        is_problem(alice.post("/tickets", {"subject": "", "body": "b"}), 422)
        is_problem(alice.post("/tickets", TICKET | {"category_slug": "none"}), 422)
        is_problem(
            alice.post("/tickets", TICKET | {"body": "![x](attachment:01a20000-0000-7000-8000-000000000000)"}), 422
        )
        is_problem(alice.post("/tickets", content=b"{", headers={"Content-Type": "application/json"}), 422)
        is_problem(alice.post("/tickets", content=b"{}", headers={"Content-Type": "text/plain"}), 415)
        is_problem(nobody.post("/tickets", TICKET), 401)
        is_problem(nobody.post("/tickets/public", FORM | {"email": "nobody"}), 422)
    assert budget(file_ticket(alice, expect=201))[1] == 4
    assert budget(nobody.post("/tickets/public", FORM, expect=201))[1] == 2
    mine = desk.new_ticket()["id"]
    assert budget(alice.post(f"/tickets/{mine}/replies", {"body": "Mine."}, expect=201))[1] == 29


def test_a_user_is_one_by_whatever_credential(desk: Desk) -> None:
    keyed = with_key(desk, api_key(desk, "alice")[1])
    other = bearer(desk, api_key(desk, "alice")[1])
    for caller in (desk.as_("alice"), keyed, other, keyed, other):
        file_ticket(caller, expect=201)
    assert [file_ticket(caller).status_code for caller in (desk.as_("alice"), keyed, other)] == [429] * 3


def test_the_team_is_not_limited(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    sam = desk.as_("sam")
    requester = {"email": "new@example.com"}
    for _ in range(7):
        assert "RateLimit-Limit" not in file_ticket(sam, expect=201).headers
        sam.post("/staff/tickets", TICKET | {"requester": requester}, expect=201)
        desk.as_("ada").post("/tickets/public", FORM, expect=201)
    for _ in range(32):
        sam.post(f"/staff/tickets/{ticket_id}/replies", {"body": "Again."}, expect=201)


def test_limits_are_set_by_the_operator(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, limit_tickets="100/day", limit_replies="off", limit_public="1/15min") as desk:
        alice = desk.as_("alice")
        made = file_ticket(alice, expect=201)
        assert budget(made)[:2] == (100, 99)
        assert made.headers["RateLimit-Policy"] == "100;w=86400"
        for _ in range(35):
            reply = alice.post(f"/tickets/{made.json()['id']}/replies", {"body": "On."}, expect=201)
        assert not [name for name in reply.headers if name.startswith("ratelimit")]
        desk.anyone().post("/tickets/public", FORM, expect=201)
        assert 0 < int(desk.anyone().post("/tickets/public", FORM).headers["Retry-After"]) <= 900
        with (
            second_app(desk, limit_tickets=None) as off,
            second_app(desk, limit_tickets=desk.settings.limit_logins) as ten,
        ):
            for _ in range(12):
                file_ticket(off.as_("alice"), expect=201)
            assert budget(file_ticket(ten.as_("alice"), expect=201))[0] == 10


def test_a_limit_is_exact_under_forty_parallel_requests(desk: Desk) -> None:
    ticket_id = desk.new_ticket("bob")["id"]
    alice, bob = ({"Authorization": f"Bearer {desk.token(who)}"} for who in ("alice", "bob"))
    reply = {"method": "POST", "url": f"{SUPPORT}/tickets/{ticket_id}/replies", "headers": bob, "json": {"body": "Me."}}
    ticket = {"method": "POST", "url": f"{SUPPORT}/tickets", "headers": alice, "json": TICKET}
    form = {"method": "POST", "url": f"{SUPPORT}/tickets/public", "json": FORM}
    with served(desk) as address:
        answers = storm(address, [ticket, form, reply] * 40, clients=40)
    by_kind = [Counter(answer.status_code for answer in answers[kind::3]) for kind in range(3)]
    assert by_kind == [{201: 5, 429: 35}, {201: 3, 429: 37}, {201: 30, 429: 10}]
    left = sorted(budget(answer)[1] for answer in answers[::3] if answer.status_code == 201)
    assert left == [0, 1, 2, 3, 4]
    assert count(desk, "tickets") == 1 + 5 + 3


def test_a_limit_is_exact_across_processes_and_restarts(desk: Desk) -> None:
    with second_app(desk) as other:
        callers = [file.as_("alice") for file in (desk, other)] * 4
        answers = at_once(*(lambda caller=caller: file_ticket(caller).status_code for caller in callers))
        assert Counter(answers) == {201: 5, 429: 3}
    with second_app(desk) as restarted:
        is_problem(file_ticket(restarted.as_("alice")), 429)


def public(desk: Desk, forwarded: str | None, *more: str) -> int:
    headers = [("X-Forwarded-For", value) for value in (forwarded, *more) if value is not None]
    return desk.client.post(f"{SUPPORT}/tickets/public", json=FORM, headers=headers).status_code


def test_a_forged_address_gains_nothing(desk: Desk) -> None:
    forged = ("1.1.1.1", "2.2.2.2", "::1", "3.3.3.3, 4.4.4.4", "testclient")
    assert [public(desk, address) for address in forged] == [201, 201, 201, 429, 429]
    headers = {
        "X-Real-IP": "9.9.9.9",
        "Forwarded": "for=9.9.9.9",
        "X-Client-IP": "9.9.9.9",
        "CF-Connecting-IP": "9.9.9.9",
    }
    is_problem(desk.anyone(**headers).post("/tickets/public", FORM), 429)


ONCE = {"limit_public": "1/hour", "trusted_proxies": "10.0.0.0/8, 2001:db8:ffff::/48"}
SAME = [  # pairs of addresses that a proxy names, and whether they are one client
    (["1.2.3.4", "1.2.3.4"], True),
    (["1.2.3.5", "1.2.3.6"], False),
    (["8.8.8.8, 1.2.3.7", "9.9.9.9, 1.2.3.7"], True),  # what the client wrote before the proxy's own word
    (["1.2.3.8, 10.1.1.1", "1.2.3.8, 10.2.2.2, 10.3.3.3"], True),  # through several proxies
    (["1.2.3.9:1234", "1.2.3.9:5678"], True),
    (["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"], True),
    (["[2001:db8:1:4::1]:443", "2001:0db8:0001:0004::2"], True),
    (["2001:db8:1:5::1", "2001:db8:1:6::1"], False),
    (["::ffff:1.2.3.10", "1.2.3.10"], True),
    (["garbage, 1.2.3.11", "<script>, 1.2.3.11"], True),
    (["1.2.3.12, garbage", "1.2.3.13, nonsense"], True),  # nobody knows: the proxy itself
]


@pytest.mark.parametrize("proxy", ["10.9.9.9", "2001:db8:ffff::1"])
def test_behind_trusted_proxies_the_right_most_other_hop_counts(database_url: str, tmp_path: Path, proxy: str) -> None:
    with (
        running(database_url, tmp_path, **ONCE) as desk,
        second_app(desk, client=(proxy, 443)) as behind,
        second_app(desk, client=("192.0.2.1", 443)) as stranger,
    ):
        for (first, second), same in SAME:
            assert public(behind, first) == 201, first
            assert public(behind, second) == (429 if same else 201), second
        assert public(behind, "7.7.7.7", "1.2.3.20") == 201  # two headers are one list
        assert public(behind, "1.2.3.20") == 429
        assert public(behind, "") == 429  # as the proxy itself, which has asked before
        assert public(stranger, "5.5.5.5") == 201  # no proxy of ours: its word is nothing
        assert public(stranger, "6.6.6.6") == 429
        shown = desk.as_("sam").get("/staff/tickets?sort=created_at&per_page=1").json()["tickets"][0]["id"]
        assert desk.as_("sam").get(f"/staff/tickets/{shown}").json()["enrichment"]["client"]["ip"] == "1.2.3.4"
