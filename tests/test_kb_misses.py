"""What readers searched for in vain."""

from typing import Any

import pytest

from deskhand.kb import misses
from deskhand.kit.clock import DAY
from tests.support.api import at_once, count, is_problem, later
from tests.support.app import Desk


def search(desk: Desk, q: str, **more: Any) -> dict[str, Any]:
    return desk.anyone().get("/kb/search", params={"q": q, "settled": True} | more, expect=200).json()


def listed(desk: Desk) -> list[tuple[str, int]]:
    found = desk.as_("sam").get("/staff/kb/misses", expect=200).json()["misses"]
    return [(each["query"], each["count"]) for each in found]


def publish(desk: Desk, title: str) -> None:
    article = {"title": title, "body": "So.", "status": "published"}
    desk.as_("sam").post("/staff/kb/articles", article, expect=201)


def test_what_is_searched_for_in_vain_is_counted(desk: Desk) -> None:
    publish(desk, "Invoices")
    for q in ("Dark mode", "dark  mode?", "DÁRK MODE", "sso", "invoices"):
        search(desk, q)
    assert listed(desk) == [("DÁRK MODE", 3), ("sso", 1)]
    miss = desk.as_("sam").get("/staff/kb/misses?per_page=1", expect=200).json()["misses"][0]
    assert miss["first_at"] <= miss["last_at"]


def test_the_beginnings_of_a_query_are_not(desk: Desk) -> None:
    for q in ("dar", "dark m", "dark mode"):
        desk.anyone().get("/kb/search", params={"q": q}, expect=200)
        search(desk, q, settled=False)
    assert listed(desk) == []


@pytest.mark.parametrize(
    "q",
    [
        "",
        "  ",
        "?!",
        "x" * 101,
        "refund for alice@acme.example",
        "call 030 1234567",
        "card 4111 1111 1111 1111",
        "DE89-3704-0044",
        "dh_live_abcdefghij0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
        "zero\u200bwidth",
        "\ud83d\ude00",
    ],
)
def test_what_may_be_a_secret_or_means_nothing_is_not_kept(desk: Desk, q: str) -> None:
    assert not misses.is_kept(q)
    assert not desk.write(misses.record, q)
    assert count(desk, "search_misses") == 0


@pytest.mark.parametrize("q", ["error 502", "2024 invoices", "reset 2fa", "如何取消订阅", "x" * 100, "ﷺ" * 30, "a_b"])
def test_what_people_ask_is(desk: Desk, q: str) -> None:
    assert desk.write(misses.record, q)
    assert count(desk, "search_misses") == 1


def test_two_at_once_are_two(desk: Desk) -> None:
    at_once(*[lambda: desk.write(misses.record, "dark mode")] * 4)
    assert listed(desk) == [("dark mode", 4)]


def test_one_client_cannot_fill_the_list(desk: Desk) -> None:
    for number in range(70):
        search(desk, f"nonsense of sort {number}")
    assert count(desk, "search_misses") == 60


def test_an_answer_does_not_depend_on_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(misses, "record", fail)
    assert search(desk, "dark mode") == {"articles": [], "total": 0, "query": "dark mode"}


def test_staff_dismiss_what_is_answered(desk: Desk) -> None:
    search(desk, "Dark mode")
    search(desk, "sso")
    sam = desk.as_("sam")
    sam.delete("/staff/kb/misses", params={"query": "dark MODE"}, expect=204)
    assert listed(desk) == [("sso", 1)]
    is_problem(sam.delete("/staff/kb/misses", params={"query": "dark mode"}), 404)
    is_problem(sam.delete("/staff/kb/misses"), 422)
    search(desk, "dark mode")
    assert len(listed(desk)) == 2


def test_it_is_the_teams_to_read(desk: Desk) -> None:
    search(desk, "dark mode")
    for caller, status in ((desk.anyone(), 401), (desk.as_("alice"), 403)):
        caller.get("/staff/kb/misses", expect=status)
        caller.delete("/staff/kb/misses", params={"query": "dark mode"}, expect=status)
    assert listed(desk) == [("dark mode", 1)]


def test_it_stays_small(desk: Desk) -> None:
    desk.write(misses.record, "long ago")
    with later(91 * DAY / 1_000_000):
        for q in ("often", "often", "sometimes", "sometimes", "once", "just now"):
            desk.write(misses.record, q)
        assert desk.write(misses.sweep) == 1
        assert {query for query, _ in listed(desk)} == {"often", "sometimes", "once", "just now"}
        desk.write(lambda tx: [misses.record(tx, f"number {number}") for number in range(misses.KEPT)])
        assert desk.write(misses.sweep) == 4
        assert listed(desk)[:2] == [("sometimes", 2), ("often", 2)]
        assert count(desk, "search_misses") == misses.KEPT
