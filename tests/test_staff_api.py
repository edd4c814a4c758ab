"""The team's side: queues, answers, notes, changes, and what a ticket has been through."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import UNLIMITED, bearer, cast, events_of, fields, is_problem, later
from tests.support.app import Desk, email, running

TICKET = {"subject": "By phone", "body": "She called."}


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        cast(desk)
        yield desk


def listed(desk: Desk, query: str = "", who: str = "sam") -> list[str]:
    return [ticket["subject"] for ticket in desk.as_(who).get(f"/staff/tickets{query}", expect=200).json()["tickets"]]


def test_queues_hold_what_their_names_say(calm: Desk) -> None:
    sam, ada = calm.as_("sam"), calm.as_("ada")
    made = [calm.new_ticket("alice" if n % 2 else "bob", subject=f"No. {n}") for n in range(4)]
    at = [f"/staff/tickets/{ticket['id']}" for ticket in made]
    sam.patch(at[0], {"assignee_id": calm.user_id("sam"), "tags": ["VIP", "eu", "vip"]}, expect=200)
    ada.patch(at[1], {"assignee_id": calm.user_id("ada"), "status": "resolved"}, expect=200)
    assert listed(calm) == listed(calm, "?view=all") == ["No. 3", "No. 2", "No. 1", "No. 0"]
    assert listed(calm, "?view=mine") == ["No. 0"]
    assert listed(calm, "?view=mine", who="ada") == ["No. 1"]
    assert listed(calm, "?view=unassigned") == listed(calm, "?assignee=none") == ["No. 3", "No. 2"]
    assert listed(calm, f"?assignee={calm.user_id('ada').upper()}") == ["No. 1"]
    assert listed(calm, "?requester=ALICE@acme.example") == ["No. 3", "No. 1"]
    assert listed(calm, "?requester=nobody@example.com") == []
    assert listed(calm, "?tag=Vip") == ["No. 0"]
    assert listed(calm, "?tag=vi") == []
    assert listed(calm, "?status=resolved") == ["No. 1"]
    assert listed(calm, "?q=no&status=open&view=unassigned&sort=created_at") == ["No. 2", "No. 3"]
    shown = sam.get(at[0]).json()
    assert shown["tags"] == ["eu", "vip"]
    assert shown["assignee"] == {"id": calm.user_id("sam"), "name": "Sam Okafor", "email": email("sam")}
    assert shown["requester"]["email"] == email("bob")


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "-updated_at", "updated_at", "-priority"])
def test_cursors_lead_through_everything_once(calm: Desk, sort: str) -> None:
    for n in range(7):
        calm.new_ticket(priority=["low", "high", "urgent"][n % 3])
    sam, url = calm.as_("sam"), f"/staff/tickets?per_page=2&sort={sort}"
    expected = [ticket["id"] for ticket in sam.get(f"/staff/tickets?sort={sort}").json()["tickets"]]
    page = sam.get(url, expect=200).json()
    seen = [ticket["id"] for ticket in page["tickets"]]
    meanwhile = calm.new_ticket(priority="medium")["id"]  # what comes in shifts nothing
    while page["next_cursor"]:
        answer = sam.get(f"{url}&cursor={page['next_cursor']}", expect=200)
        page = answer.json()
        seen += [ticket["id"] for ticket in page["tickets"]]
        following = answer.links.get("next")
        assert (following is None) == (page["next_cursor"] is None)
        assert following is None or f"cursor={page['next_cursor']}" in following["url"]
    assert len(seen) == len(set(seen))
    assert [ticket_id for ticket_id in seen if ticket_id != meanwhile] == expected


def test_a_ticket_on_behalf_of_somebody(desk: Desk) -> None:
    cast(desk)
    sam = desk.as_("sam")
    made = sam.post(
        "/staff/tickets", TICKET | {"requester": {"email": "Alice@ACME.example"}, "tags": ["a"]}, expect=201
    )
    assert made.json()["requester"]["id"] == desk.user_id("alice")  # found by e-mail, never made anew
    assert made.json()["tags"] == ["a"]
    mine = desk.as_("alice").get(f"/tickets/{made.json()['id']}", expect=200).json()
    assert mine["messages"][0]["author"] == {"type": "customer", "name": "Alice Moreau"}
    new = {"requester": {"email": "nia@example.com", "name": "Nia"}, "assignee_id": desk.user_id("ada")}
    first, second = (sam.post("/staff/tickets", TICKET | new, expect=201).json() for _ in range(2))
    assert first["requester"] == second["requester"]
    assert (first["requester"]["name"], first["assignee"]["name"]) == ("Nia", "Ada Brandt")
    (message,) = sam.get(f"/staff/tickets/{first['id']}").json()["messages"]
    assert (message["author"]["type"], message["identity"]) == ("customer", "unverified")
    assert events_of(desk, "ticket.created", first["id"])[0]["actor_type"] == "agent"
    assert fields(sam.post("/staff/tickets", TICKET | new | {"assignee_id": desk.user_id("alice")})) == {"assignee_id"}


def test_an_answer_makes_it_the_customers_turn_unless_told_otherwise(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    at, sam = f"/staff/tickets/{ticket_id}", desk.as_("sam")
    reply = sam.post(f"{at}/replies", {"body": "Which **page**?"}, expect=201).json()
    assert reply["author"] == {"id": desk.user_id("sam"), "type": "agent", "name": "Sam Okafor"}
    assert (reply["kind"], reply["identity"]) == ("message", "session")
    shown = sam.get(at).json()
    assert shown["status"] == "pending"
    first = shown["first_reply_at"]
    for status in ("open", "resolved", "closed", "pending"):
        with later(60):
            sam.post(f"{at}/replies", {"body": "So.", "status": status}, expect=201)
        assert desk.as_("alice").get(f"/tickets/{ticket_id}").json()["status"] == status
    shown = sam.get(at).json()
    assert shown["first_reply_at"] == first
    seen = desk.as_("alice").get(f"/tickets/{ticket_id}").json()["messages"]
    assert {message["author"]["type"] for message in seen} == {"customer", "agent"}


def test_a_change_is_shown_kept_and_told(desk: Desk) -> None:
    cast(desk)
    made = desk.new_ticket()
    at, sam = f"/staff/tickets/{made['id']}", desk.as_("sam")
    change = {
        "status": "resolved",
        "priority": "urgent",
        "category_slug": "billing",
        "assignee_id": desk.user_id("ada"),
        "subject": "Clearer",
        "tags": ["refund"],
    }
    changed = sam.patch(at, change, expect=200).json()
    assert changed.items() >= change.items()
    assert changed["resolved_at"]
    history = [entry for entry in sam.get(at).json()["history"] if entry["event"] == "ticket.changed"]
    assert {entry["field"]: (entry["from"], entry["to"]) for entry in history} == {
        "status": ("open", "resolved"),
        "priority": ("medium", "urgent"),
        "category_slug": (made["category_slug"], "billing"),
        "assignee_id": (None, desk.user_id("ada")),
        "subject": (made["subject"], "Clearer"),
        "tags": ([], ["refund"]),
    }
    assert {entry["actor"]["name"] for entry in history} == {"Sam Okafor"}
    assert all(entry["at"].endswith("Z") for entry in history)
    again = sam.patch(at, change, expect=200).json()
    assert again == changed
    assert len(events_of(desk, "ticket.changed")) == 1
    assert sam.patch(at, {"assignee_id": None, "tags": []}, expect=200).json()["assignee"] is None
    assert sam.patch(at, {"status": "open"}, expect=200).json()["resolved_at"] is None
    for nobody in (desk.user_id("alice"), "01a20000-0000-7000-8000-000000000000"):
        assert fields(sam.patch(at, {"assignee_id": nobody})) == {"assignee_id"}


def test_a_change_that_closes_or_opens_again_is_told_as_that(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    sam, at = desk.as_("sam"), f"/staff/tickets/{ticket_id}"
    sam.patch(at, {"status": "closed", "priority": "low", "assignee_id": desk.user_id("sam")}, expect=200)
    sam.patch(at, {"status": "open"}, expect=200)
    sam.patch(at, {"status": "pending"}, expect=200)
    sam.patch(at, {"status": "open"}, expect=200)
    told = [(entry["event"], entry.get("field"), entry.get("to")) for entry in sam.get(at).json()["history"]]
    assert told == [
        ("ticket.created", None, None),
        ("ticket.changed", "priority", "low"),
        ("ticket.changed", "assignee_id", desk.user_id("sam")),
        ("ticket.closed", "status", "closed"),
        ("ticket.reopened", "status", "open"),
        ("ticket.changed", "status", "pending"),
        ("ticket.changed", "status", "open"),  # it had only waited
    ]
    (closed,) = events_of(desk, "ticket.closed", ticket_id)
    assert closed["data"]["assignee_id"] == desk.user_id("sam")


def test_a_stale_write_is_refused(desk: Desk) -> None:
    at = f"/staff/tickets/{desk.new_ticket()['id']}"
    sam, ada = desk.as_("sam"), desk.as_("ada")
    tag = sam.get(at).headers["ETag"]
    ada.patch(at, {"priority": "low"}, headers={"If-Match": tag}, expect=200)
    is_problem(sam.patch(at, {"priority": "high"}, headers={"If-Match": tag}), 412, "stale")
    is_problem(sam.patch(at, {"priority": "high"}, headers={"If-Match": '"of another thing"'}), 412)
    assert sam.get(at).json()["priority"] == "low"
    fresh = sam.get(at).headers["ETag"]
    ada.post(f"{at}/notes", {"body": "Hm."}, expect=201)  # the team sees notes: its ETag moves
    is_problem(sam.patch(at, {"priority": "high"}, headers={"If-Match": fresh}), 412)
    sam.patch(at, {"priority": "high"}, headers={"If-Match": sam.get(at).headers["ETag"]}, expect=200)
    sam.patch(at, {"priority": "low"}, headers={"If-Match": "*"}, expect=200)


def test_history_tells_everything_in_order(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    at, sam, alice = f"/staff/tickets/{ticket_id}", desk.as_("sam"), desk.as_("alice")
    sam.post(f"{at}/notes", {"body": "Known bug."}, expect=201)
    sam.post(f"{at}/replies", {"body": "Fixed.", "status": "resolved"}, expect=201)
    alice.post(f"/tickets/{ticket_id}/close", expect=200)
    alice.post(f"/tickets/{ticket_id}/satisfaction", {"rating": 4}, expect=201)
    alice.post(f"/tickets/{ticket_id}/reopen", expect=200)
    thread = sam.get(at).json()
    told = [(entry["event"], entry["actor"]["type"], entry.get("from"), entry.get("to")) for entry in thread["history"]]
    assert told == [
        ("ticket.created", "customer", None, None),
        ("ticket.noted", "agent", None, None),
        ("ticket.replied", "agent", "open", "resolved"),
        ("ticket.closed", "customer", "resolved", "closed"),
        ("ticket.rated", "customer", None, None),
        ("ticket.reopened", "customer", "closed", "open"),
    ]
    assert [message["kind"] for message in thread["messages"]] == ["message", "note", "message"]
    assert thread["satisfaction"]["rating"] == 4


def test_people_and_accounts(desk: Desk) -> None:
    cast(desk)
    sam, ada, alice = desk.as_("sam"), desk.as_("ada"), desk.user_id("alice")
    users: list[dict[str, Any]] = sam.get("/staff/users", expect=200).json()["users"]
    assert {user["role"] for user in users} == {"customer", "agent", "admin"}
    assert sam.get("/staff/users?role=agent").json()["total"] == 1
    sam.patch(f"/staff/users/{alice}", {"name": "Alice M."}, expect=200)
    is_problem(sam.patch(f"/staff/users/{alice}", {"role": "agent"}), 403, "admin_only")
    is_problem(sam.patch(f"/staff/users/{desk.user_id('ada')}", {"name": "Not Ada"}), 403)
    assert ada.patch(f"/staff/users/{alice}", {"role": "agent"}, expect=200).json()["role"] == "agent"
    assert bearer(desk, desk.token("alice")).get("/staff/tickets").status_code == 200
    pushed = {"name": "Acme", "plan": "pro", "traits": {"since": 2019}, "usage": {"requests": 7}}
    assert sam.put("/staff/accounts/acme-1", pushed, expect=200).json().items() >= pushed.items()
    assert sam.put("/staff/accounts/acme-1", {"plan": "free"}, expect=200).json()["traits"] == {}
