"""Saved views: Sam's own, the team's, what they find, and how many."""

from typing import Any

import pytest

from deskhand.accounts import people
from deskhand.accounts.actor import Role
from deskhand.accounts.model import UserChange
from deskhand.tickets import counts
from deskhand.views import ops, queries
from tests.support.api import at_once, cast, count, events_of, fields, is_problem, second_app, statements
from tests.support.app import Desk

VIEWS = "/staff/views"


def saved(desk: Desk, who: str = "sam", *, expect: int = 201, **given: Any) -> Any:
    body = {"name": "Waiting", "query": "status:open"} | given
    return desk.as_(who).post(VIEWS, body, expect=expect).json()


def seen(desk: Desk, who: str) -> list[str]:
    return [view["name"] for view in desk.as_(who).get(VIEWS, expect=200).json()["views"]]


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Sam has a colleague, Grace, who is an agent too."""
    cast(desk)
    change = UserChange(role=Role.AGENT, name="Grace Hall")
    desk.write(people.change, desk.actor("ada"), desk.user_id("bob"), change)
    return desk


def test_a_view_is_its_owners_until_it_is_shared(staffed: Desk) -> None:
    desk = staffed
    mine = saved(desk, name="Mine")
    shown = {"name": "Mine", "query": "status:open", "sort": None, "shared": False, "position": 0}
    assert mine.items() >= shown.items()
    assert mine["owner"] == {"id": desk.user_id("sam"), "name": "Sam Okafor"}
    assert (seen(desk, "sam"), seen(desk, "bob"), seen(desk, "ada")) == (["Mine"], [], [])
    at = f"{VIEWS}/{mine['id']}"
    for who in ("bob", "ada"):  # an admin too: it is nobody else's business
        for answer in (
            desk.as_(who).patch(at, {"name": "Hers"}),
            desk.as_(who).delete(at),
            desk.as_(who).get(f"/staff/tickets?view={mine['id']}"),
        ):
            is_problem(answer, 404, "not_found")
    desk.as_("sam").patch(at, {"shared": True}, expect=200)
    assert seen(desk, "bob") == seen(desk, "ada") == ["Mine"]
    is_problem(desk.as_("bob").patch(at, {"name": "Hers"}), 403, "not_owner")
    is_problem(desk.as_("bob").delete(at), 403, "not_owner")
    assert desk.as_("ada").patch(at, {"name": "Ours"}, expect=200).json()["owner"]["name"] == "Sam Okafor"
    assert seen(desk, "sam") == ["Ours"]
    desk.as_("ada").delete(at, expect=204)
    assert seen(desk, "sam") == seen(desk, "bob") == []
    is_problem(desk.as_("sam").delete(at), 404)
    told = [events_of(desk, f"view.{what}", mine["id"]) for what in ("created", "changed", "deleted")]
    assert [len(rows) for rows in told] == [1, 2, 1]
    assert all(row["staff_only"] for rows in told for row in rows)


def test_views_stand_in_the_order_they_are_given(desk: Desk) -> None:
    first, _, third = (saved(desk, name=name) for name in ("b", "a", "c"))
    assert seen(desk, "sam") == ["b", "a", "c"]
    assert third["position"] == 2
    desk.as_("sam").patch(f"{VIEWS}/{first['id']}", {"position": 2}, expect=200)
    assert seen(desk, "sam") == ["a", "b", "c"]
    saved(desk, name="first", position=0)
    assert seen(desk, "sam") == ["first", "a", "b", "c"]


def test_a_query_that_is_not_understood_is_refused(desk: Desk) -> None:
    kept = saved(desk)
    for query in ("colour:red", "status:opne", "category:nonsense", "assignee:nobody", "open status:", "created:soon"):
        assert fields(desk.as_("sam").post(VIEWS, {"name": "x", "query": query})) == {"query"}, query
        assert fields(desk.as_("sam").patch(f"{VIEWS}/{kept['id']}", {"query": query})) == {"query"}, query
    problem = is_problem(desk.as_("sam").post(VIEWS, {"name": "x", "query": "a:b status:opne"}), 422)
    assert [error["code"] for error in problem["errors"]] == ["unknown_key", "unknown_value"]
    for field, values in {
        "name": [1, None, "", " ", "x" * 61, "two\nlines", "a\x00b"],
        "query": [1, None, "x" * 501, "two\nlines", "a\x00b"],
        "sort": [1, "", "subject"],
        "shared": [1, None, "yes"],
        "position": [-1, 10_001, "1", 1.5],
        "surprise": [1],
    }.items():
        for value in values:
            body = {"name": "x", "query": "y"} | {field: value}
            assert fields(desk.as_("sam").post(VIEWS, body)) == {field}, (field, value)
            assert fields(desk.as_("sam").patch(f"{VIEWS}/{kept['id']}", {field: value})) == {field}, (field, value)
    assert count(desk, "saved_views") == 1
    assert saved(desk, query="assignee:sam category:billing from:nobody-yet words")["query"]
    assert saved(desk, query="")["query"] == ""


def test_a_change_that_changes_nothing_leaves_nothing(desk: Desk) -> None:
    kept = saved(desk)
    at = f"{VIEWS}/{kept['id']}"
    for same in ({}, {"name": kept["name"], "sort": None}):
        assert desk.as_("sam").patch(at, same, expect=200).json() == kept
    assert events_of(desk, "view.changed") == []
    assert desk.as_("sam").patch(at, {"sort": "-priority"}, expect=200).json()["sort"] == "-priority"
    assert desk.as_("sam").patch(at, {"sort": None}, expect=200).json()["sort"] is None


def test_a_view_lists_what_it_asks_for(staffed: Desk) -> None:
    desk = staffed
    made = [desk.new_ticket(who, subject=f"{who} {n}", priority="high") for who in ("alice", "mallory") for n in (1, 2)]
    desk.as_("sam").patch(f"/staff/tickets/{made[0]['id']}", {"assignee_id": desk.user_id("sam")}, expect=200)
    view = saved(desk, query="from:alice priority:high", sort="created_at", shared=True)["id"]
    mine = saved(desk, query="assignee:me", shared=True)["id"]

    def listed(view_id: str, query: str = "", who: str = "sam") -> list[str]:
        answer = desk.as_(who).get(f"/staff/tickets?view={view_id.upper()}{query}", expect=200).json()
        return [ticket["subject"] for ticket in answer["tickets"]]

    assert listed(view) == ["alice 1", "alice 2"]
    assert listed(view, "&sort=-created_at") == ["alice 2", "alice 1"]
    assert listed(view, "&query=sort:-created_at") == ["alice 2", "alice 1"]
    assert listed(view, "&query=from:mallory") == ["mallory 1", "mallory 2"]  # what is typed outranks it
    assert listed(view, "&query=assignee:none") == listed(view, "&assignee=none") == ["alice 2"]
    assert listed(mine) == ["alice 1"]
    assert listed(mine, who="bob") == []
    assert fields(desk.as_("sam").get("/staff/tickets?view=nonsense")) == {"view"}
    is_problem(desk.as_("sam").get(f"/staff/tickets?view={made[0]['id']}"), 404)


def test_what_a_view_once_understood_is_still_told(staffed: Desk) -> None:
    desk = staffed
    view = saved(desk, query="assignee:grace")["id"]
    assert desk.as_("sam").get(f"/staff/tickets?view={view}").json()["misread"] == []
    desk.write(people.change, desk.actor("ada"), desk.user_id("bob"), UserChange(role=Role.CUSTOMER))
    page = desk.as_("sam").get(f"/staff/tickets?view={view}&query=colour:red", expect=200).json()
    assert [part["text"] for part in page["misread"]] == ["assignee:grace", "colour:red"]


def test_views_are_counted_together_with_the_desks_own(staffed: Desk) -> None:
    desk = staffed
    for who in ("alice", "alice", "mallory"):
        desk.new_ticket(who)
    for name, query in {"a": "from:alice", "b": "from:mallory status:open", "c": "words", "d": "tag:vip"}.items():
        saved(desk, name=name, query=query, shared=name < "c")
    found = desk.as_("sam").get("/staff/counts", expect=200).json()
    assert {key: found[key] for key in counts.Rail._fields} == {
        "mine": 0,
        "unassigned": 3,
        "open": 3,
        "pending": 0,
        "resolved": 0,
        "spam": 0,
    }
    assert [(view["name"], view["count"]) for view in found["views"]] == [("a", 2), ("b", 1), ("c", None), ("d", 0)]
    assert [view["name"] for view in desk.as_("bob").get("/staff/counts").json()["views"]] == ["a", "b"]
    sam = desk.actor("sam")
    with statements() as run:
        desk.read(queries.counted, sam)
    assert len(run) <= 5


def test_as_many_views_as_there_may_be_are_counted_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sam = desk.actor("sam")
    people = ",".join(f"no{n}" for n in range(5))
    for number in range(ops.MAX_OWN + ops.MAX_SHARED):
        shared = number < ops.MAX_SHARED
        saved(desk, name=str(number), query=f"from:{people} tag:t{number} status:open", shared=shared)
    assert {one.count for one in desk.read(queries.counted, sam)} == {0}
    assert len(desk.read(queries.counted, sam)) == ops.MAX_OWN + ops.MAX_SHARED
    for more in ({}, {"shared": True}):
        is_problem(desk.as_("sam").post(VIEWS, {"name": "x", "query": ""} | more), 409, "too_many")
    saved(desk, "ada")  # her own are hers
    last = desk.read(queries.list_for, sam)[-1]
    is_problem(desk.as_("sam").patch(f"{VIEWS}/{last.id}", {"shared": True}), 409, "too_many")


def test_a_deleted_view_stays_deleted_though_somebody_changes_it_at_once(desk: Desk) -> None:
    view = saved(desk, shared=True)
    cast(desk)
    at = f"{VIEWS}/{view['id']}"
    with second_app(desk) as other:
        calls = [lambda: desk.as_("sam").delete(at), lambda: other.as_("ada").patch(at, {"name": "Changed"})]
        deleted, changed = at_once(*calls)
    assert deleted.status_code == 204
    assert changed.status_code in (200, 404)
    assert count(desk, "saved_views") == 0
