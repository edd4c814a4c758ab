"""One rating a ticket, once it was resolved. That two at once are one: tests/test_races.py."""

import pytest

from tests.support.api import events_of, fields, is_problem
from tests.support.app import Desk


def resolved(desk: Desk, status: str = "resolved") -> str:
    ticket_id = desk.new_ticket()["id"]
    desk.as_("sam").patch(f"/staff/tickets/{ticket_id}", {"status": status}, expect=200)
    return f"/tickets/{ticket_id}/satisfaction"


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_ticket_is_rated_once(desk: Desk, status: str) -> None:
    at = resolved(desk, status)
    is_problem(desk.anyone().post(at, {"rating": 5}), 401)
    is_problem(desk.as_("mallory").post(at, {"rating": 1}), 404)
    is_problem(desk.as_("sam").post(at, {"rating": 5}), 404)
    rated = desk.as_("alice").post(at, {"rating": 4, "comment": " Quick,\nand clear. "}, expect=201).json()
    assert rated.keys() == {"rating", "comment", "created_at"}
    assert (rated["rating"], rated["comment"]) == (4, "Quick,\nand clear.")
    is_problem(desk.as_("alice").post(at, {"rating": 1}), 409, "already_rated")
    thread = desk.as_("alice").get(at.removesuffix("/satisfaction")).json()
    assert thread["satisfaction"] == rated
    (event,) = events_of(desk, "ticket.rated")
    assert event["data"]["rating"] == 4
    desk.as_("alice").post(at.replace("satisfaction", "reopen"), expect=200)
    is_problem(desk.as_("alice").post(at, {"rating": 1}), 409)  # reopening gives no second one


def test_a_ticket_that_is_not_done_cannot_be_rated(desk: Desk) -> None:
    for status in ("open", "pending"):
        is_problem(desk.as_("alice").post(resolved(desk, status), {"rating": 5}), 409, "not_resolved")
    assert events_of(desk, "ticket.rated") == []


def test_words_are_optional_and_bounded(desk: Desk) -> None:
    for comment in (None, "", "  "):
        assert (
            desk.as_("alice").post(resolved(desk), {"rating": 1, "comment": comment}, expect=201).json()["comment"]
            is None
        )
    assert desk.as_("alice").post(resolved(desk), {"rating": 5}, expect=201).json()["comment"] is None
    at = resolved(desk)
    assert fields(desk.as_("alice").post(at, {"rating": 5, "comment": "x" * 2001})) == {"comment"}
    assert len(desk.as_("alice").post(at, {"rating": 5, "comment": "ö" * 2000}, expect=201).json()["comment"]) == 2000
