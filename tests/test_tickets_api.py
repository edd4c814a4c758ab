"""Customers' tickets over HTTP, from filing one to reading how it went."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any

import pytest

from deskhand.tickets import schedule
from tests.support.api import UNLIMITED, events_of, fields, is_problem, later, second_app
from tests.support.app import Desk, running

SHAPE = {
    "id": str,
    "readable_id": str,
    "subject": str,
    "status": str,
    "priority": str,
    "category": str,
    "created_at": str,
    "updated_at": str,
    "category_slug": str,
    "metadata": dict,
    "unread": bool,
    "answered_at": NoneType,
}
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        yield desk


def subjects(desk: Desk, query: str = "", who: str = "alice") -> list[str]:
    return [ticket["subject"] for ticket in desk.as_(who).get(f"/tickets{query}", expect=200).json()["tickets"]]


def resolve(desk: Desk, ticket_id: str, status: str = "resolved") -> None:
    desk.as_("sam").patch(f"/staff/tickets/{ticket_id}", {"status": status}, expect=200)


def test_a_ticket_is_filed(desk: Desk) -> None:
    is_problem(desk.anyone().post("/tickets", {"subject": "s", "body": "b"}), 401)
    asked = {
        "subject": "  Scrape returning empty content for JavaScript-heavy site ",
        "body": "Since **this morning**.\r\n<script>alert(1)</script>",
        "category_slug": "technical-issue",
        "priority": "high",
        "metadata": {"job": "job_1", "n": 3, "ok": True, "none": None, "x": 1.5},
    }
    made = desk.as_("alice").post("/tickets", asked, expect=201).json()
    assert {name: type(value) for name, value in made.items()} == SHAPE
    assert made["subject"] == asked["subject"].strip()
    assert (made["status"], made["priority"], made["category"]) == ("open", "high", "Technical Issue")
    assert made["metadata"] == asked["metadata"]
    assert made["readable_id"] == "ALT-1001"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", made["id"])
    assert STAMP.fullmatch(made["created_at"])
    assert made["updated_at"] == made["created_at"]
    thread = desk.as_("alice").get(f"/tickets/{made['id']}", expect=200).json()
    assert thread.items() >= made.items()
    assert (thread["satisfaction"], thread["muted"]) == (None, False)
    (first,) = thread["messages"]
    assert first.keys() == {"id", "author", "body", "body_html", "attachments", "created_at"}
    assert first["author"] == {"type": "customer", "name": "Alice Moreau"}
    assert first["body"] == asked["body"].replace("\r\n", "\n")
    assert "<strong>this morning</strong>" in first["body_html"]
    assert "<script" not in first["body_html"]


def test_what_is_left_out_has_defaults_and_the_limits_are_within(calm: Desk) -> None:
    plain = calm.new_ticket(subject="Charged twice", body="My invoice shows two charges for the same month.")
    assert (plain["priority"], plain["category_slug"], plain["metadata"]) == ("medium", "billing", {})
    odd = calm.new_ticket(subject="x", body="y")
    assert odd["category_slug"] == "general"
    longest = calm.new_ticket(
        subject="ä" * 255, body="€" * 65_536, metadata={f"{n}".ljust(64, "k"): "v" * 1024 for n in range(50)}
    )
    assert len(longest["subject"]) == 255
    assert len(calm.as_("alice").get(f"/tickets/{longest['id']}").json()["messages"][0]["body"]) == 65_536
    guess = calm.as_("sam").get(f"/staff/tickets/{plain['id']}").json()["category_guess"]
    assert guess["slug"] == "billing"
    assert 0.5 < guess["probability"] <= 1


def test_either_id_finds_it_in_any_case(desk: Desk) -> None:
    made = desk.new_ticket()
    for ref in (made["id"], made["id"].upper(), made["readable_id"], made["readable_id"].lower()):
        assert desk.as_("alice").get(f"/tickets/{ref}", expect=200).json()["id"] == made["id"]
        assert desk.as_("alice").post(f"/tickets/{ref}/close", expect=200).json()["id"] == made["id"]
    for ref in ("ALT-1", "ALT-0", "XYZ-1001", "1001", "ALT-01001"):
        is_problem(desk.as_("alice").get(f"/tickets/{ref}"), 404)


def test_numbers_begin_where_the_operator_wants(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, ticket_prefix="HELP", ticket_start=41) as desk:
        assert desk.new_ticket()["readable_id"] == "HELP-42"
        with second_app(desk, ticket_start=500) as other:
            numbers = [other.new_ticket()["readable_id"], desk.new_ticket()["readable_id"]]
            assert all(int(number.removeprefix("HELP-")) > 42 for number in numbers)
            assert len(set(numbers)) == 2


def furnished(desk: Desk) -> list[dict[str, Any]]:
    asked = [("Apples", "low", "billing"), ("Pears", "urgent", "general"), ("Plums", "medium", "billing")]
    made = []
    for at, (subject, priority, category) in enumerate(asked):
        with later(at * 60):
            body = f"About {subject}, and rendering."
            made.append(desk.new_ticket(subject=subject, body=body, priority=priority, category_slug=category))
    desk.new_ticket("bob", subject="Apples of Bob")
    return made


def test_lists_are_filtered_sorted_and_paged(calm: Desk) -> None:
    apples, pears, plums = furnished(calm)
    resolve(calm, pears["id"])
    calm.as_("alice").post(f"/tickets/{plums['id']}/close", expect=200)
    with later(600):
        calm.as_("alice").post(f"/tickets/{apples['id']}/replies", {"body": "More."}, expect=201)
    assert subjects(calm) == ["Plums", "Pears", "Apples"]
    assert subjects(calm, "?sort=created_at") == ["Apples", "Pears", "Plums"]
    assert subjects(calm, "?sort=-updated_at")[0] == "Apples"
    assert subjects(calm, "?sort=updated_at")[-1] == "Apples"
    assert subjects(calm, "?sort=-priority") == ["Pears", "Plums", "Apples"]
    assert subjects(calm, "?status=open") == ["Apples"]
    assert subjects(calm, "?status=resolved,closed") == ["Plums", "Pears"]
    assert subjects(calm, "?status=resolved, closed&sort=created_at") == ["Pears", "Plums"]
    assert subjects(calm, "?category=billing") == ["Plums", "Apples"]
    assert subjects(calm, "?category=billing&status=closed") == ["Plums"]
    assert subjects(calm, "?priority=urgent") == ["Pears"]
    assert subjects(calm, "?category=unheard-of") == []
    assert subjects(calm, "?q=") == ["Plums", "Pears", "Apples"]
    assert subjects(calm, "?q=apple") == ["Apples"]
    assert subjects(calm, "?q=RENDERED&status=open") == ["Apples"]
    assert sorted(subjects(calm, "?q=rendering")) == ["Apples", "Pears", "Plums"]
    assert subjects(calm, "?q=pears%20rendering")[0] == "Pears"
    assert subjects(calm, "?q=apples", who="bob") == ["Apples of Bob"]
    page = calm.as_("alice").get("/tickets?per_page=2&page=2&category=billing", expect=200)
    assert {name: page.json()[name] for name in ("total", "page", "per_page")} == {"total": 2, "page": 2, "per_page": 2}
    assert page.json()["tickets"] == []


def test_a_search_for_a_tickets_number_finds_it_first(calm: Desk) -> None:
    _, pears, _ = furnished(calm)
    name = pears["readable_id"]
    later_one = calm.new_ticket(subject="Quinces", body=f"This is as in {name}.")
    for typed in (name, name.lower(), f"%23{name}", f" {name} "):
        assert subjects(calm, f"?q={typed}") == ["Pears", "Quinces"]
    number = name.partition("-")[2]
    for typed in (number, f"%23{number}"):
        assert subjects(calm, f"?q={typed}")[0] == "Pears"
    assert subjects(calm, f"?q={name}&status=resolved") == []
    assert subjects(calm, f"?q=XYZ-{number}") == []
    assert subjects(calm, f"?q={number}{number}") == []
    mallorys = calm.as_("mallory").get(f"/tickets?q={name}", expect=200).json()
    assert (mallorys["tickets"], mallorys["total"]) == ([], 0)
    found = calm.as_("sam").get(f"/staff/tickets?q={later_one['readable_id']}", expect=200).json()
    assert [ticket["id"] for ticket in found["tickets"]] == [later_one["id"]]


def test_pages_link_to_each_other(calm: Desk) -> None:
    made = furnished(calm)
    url: str | None = "/tickets?per_page=1&sort=created_at"
    seen, last = [], None
    while url:
        answer = calm.as_("alice").get(url, expect=200)
        seen += [ticket["id"] for ticket in answer.json()["tickets"]]
        url = answer.links.get("next", {}).get("url")
        assert set(answer.links) >= {"first", "last"}
        assert ("prev" in answer.links) == (len(seen) > 1)
        last = answer.links["last"]["url"]
    assert seen == [ticket["id"] for ticket in made]
    assert last is not None
    assert calm.as_("alice").get(last).json()["page"] == 3
    beyond = calm.as_("alice").get("/tickets?page=1000000000&per_page=100", expect=200)
    assert beyond.json()["tickets"] == []
    assert beyond.json()["total"] == 3
    assert "next" not in beyond.links
    assert calm.as_("alice").get(beyond.links["prev"]["url"]).json()["tickets"]


def test_a_customer_changes_an_own_open_ticket(desk: Desk) -> None:
    at = f"/tickets/{desk.new_ticket(subject='About zebras')['id']}"
    alice = desk.as_("alice")
    changed = alice.patch(at, {"subject": "Better said", "priority": "urgent", "category_slug": "account"}, expect=200)
    assert changed.json().items() >= {"subject": "Better said", "priority": "urgent", "category": "Account"}.items()
    assert subjects(desk, "?q=better") == ["Better said"]
    assert subjects(desk, "?q=zebras") == []  # the former subject
    assert alice.patch(at, {}, expect=200).json() == changed.json()
    assert alice.patch(at, {"priority": "urgent"}, expect=200).json() == changed.json()
    (event,) = events_of(desk, "ticket.changed")
    assert event["data"]["changes"].keys() == {"subject", "priority", "category_slug"}
    for status in ("resolved", "closed"):
        resolve(desk, at.rpartition("/")[2], status)
        is_problem(alice.patch(at, {"subject": "Too late"}), 409, "ticket_not_open")
    resolve(desk, at.rpartition("/")[2], "pending")
    alice.patch(at, {"subject": "In time"}, expect=200)


@pytest.mark.parametrize("status", ["pending", "resolved", "closed"])
def test_a_customers_reply_reopens(desk: Desk, status: str) -> None:
    ticket_id = desk.new_ticket()["id"]
    resolve(desk, ticket_id, status)
    reply = desk.as_("alice").post(f"/tickets/{ticket_id}/replies", {"body": "Not *yet*."}, expect=201).json()
    assert reply.keys() == {"id", "author", "body", "body_html", "attachments", "created_at"}
    assert "<em>yet</em>" in reply["body_html"]
    thread = desk.as_("alice").get(f"/tickets/{ticket_id}").json()
    assert thread["status"] == "open"
    assert thread["messages"][-1] == reply
    history = desk.as_("sam").get(f"/staff/tickets/{ticket_id}").json()["history"]
    (moved,) = [entry for entry in history if entry["event"] == "ticket.replied"]
    assert (moved["field"], moved["from"], moved["to"]) == ("status", status, "open")
    assert moved["actor"] == {"id": desk.user_id("alice"), "type": "customer", "name": "Alice Moreau"}


def test_a_refused_reply_reopens_nothing(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    resolve(desk, ticket_id)
    foreign = "![x](attachment:01a20000-0000-7000-8000-000000000000)"
    assert fields(desk.as_("alice").post(f"/tickets/{ticket_id}/replies", {"body": foreign})) == {"body"}
    thread = desk.as_("alice").get(f"/tickets/{ticket_id}").json()
    assert (thread["status"], len(thread["messages"])) == ("resolved", 1)


def test_closing_and_reopening_may_be_said_twice(desk: Desk) -> None:
    made = desk.new_ticket()
    alice, at = desk.as_("alice"), f"/tickets/{made['id']}"
    assert alice.post(f"{at}/reopen", expect=200).json() == made  # it is open
    closed = [alice.post(f"{at}/close", expect=200).json() for _ in range(2)]
    assert closed[0] == closed[1]
    assert closed[0]["status"] == "closed"
    reopened = [alice.post(f"{at}/reopen", expect=200).json() for _ in range(2)]
    assert reopened[0] == reopened[1]
    assert reopened[0]["status"] == "open"
    assert len(events_of(desk, "ticket.closed")) == len(events_of(desk, "ticket.reopened")) == 1
    assert alice.post(f"{at}/close", {}).status_code == 200  # a body does no harm


def test_unread_says_that_the_team_has_answered(desk: Desk) -> None:
    alice, ticket_id = desk.as_("alice"), desk.new_ticket()["id"]
    assert alice.get("/tickets").json()["tickets"][0]["unread"] is False
    sent = desk.as_("sam").post(f"/staff/tickets/{ticket_id}/replies", {"body": "Hello."}, expect=201).json()
    listed = alice.get("/tickets").json()["tickets"][0]
    assert (listed["unread"], listed["answered_at"]) == (True, sent["created_at"])
    assert alice.get(f"/tickets/{ticket_id}").json()["status"] == "pending"
    assert alice.get("/tickets").json()["tickets"][0]["unread"] is False


def test_a_resolved_ticket_closes_by_itself(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    resolve(desk, ticket_id)
    assert desk.write(schedule.autoclose, desk.settings) == 0
    with later(desk.settings.autoclose_days * 86_400 + 1):
        assert desk.write(schedule.autoclose, desk.settings) == 1
        assert desk.write(schedule.autoclose, desk.settings) == 0
    assert desk.as_("alice").get(f"/tickets/{ticket_id}").json()["status"] == "closed"
    history = desk.as_("sam").get(f"/staff/tickets/{ticket_id}").json()["history"]
    assert history[-1]["actor"]["type"] == "system"


def test_a_ticket_is_enriched_when_filed(desk: Desk) -> None:
    first = desk.new_ticket(subject="The first")
    headers = {"User-Agent": "acme-sdk/2.1"}
    made = desk.as_("alice").post("/tickets", {"subject": "s", "body": "b"}, headers=headers, expect=201).json()
    known = desk.as_("sam").get(f"/staff/tickets/{made['id']}").json()["enrichment"]
    assert known["client"] == {"via": "api", "user_agent": "acme-sdk/2.1", "ip": "testclient"}
    assert [ticket["readable_id"] for ticket in known["recent_tickets"]] == [first["readable_id"]]


def test_the_team_on_customers_routes_sees_its_own(desk: Desk) -> None:
    desk.new_ticket()
    mine = desk.new_ticket("sam", subject="Of Sam")
    assert subjects(desk, who="sam") == ["Of Sam"]
    thread = desk.as_("sam").get(f"/tickets/{mine['id']}", expect=200).json()
    assert thread["messages"][0]["author"]["type"] == "customer"
    desk.as_("sam").post(f"/tickets/{mine['id']}/replies", {"body": "Me."}, expect=201)
    assert desk.as_("sam").get(f"/tickets/{mine['id']}").json()["status"] == "open"
