"""What arrives at the same moment: through a real server from twenty connections, and through two apps at once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.api import UNLIMITED, at_once, cast, count, events_of, is_problem, second_app, served, storm, upload
from tests.support.app import SUPPORT, Desk, running

PARALLEL = 20


@pytest.fixture
def busy(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk without limits."""
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        yield desk


def call(desk: Desk, who: str, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    more = {} if body is None else {"json": body}
    credentials = {"Authorization": f"Bearer {desk.token(who)}", **headers}
    return {
        "method": method,
        "url": path if path.startswith("/api") else SUPPORT + path,
        "headers": credentials,
        **more,
    }


def together(desk: Desk, requests: list[dict[str, Any]]) -> list[httpx2.Response]:
    with served(desk) as address:
        return storm(address, requests, clients=PARALLEL)


def statuses(answers: list[httpx2.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_one_rating_of_twenty(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    desk.as_("sam").patch(f"/staff/tickets/{ticket_id}", {"status": "resolved"}, expect=200)
    path = f"/tickets/{ticket_id}/satisfaction"
    answers = together(desk, [call(desk, "alice", "POST", path, {"rating": 1 + n % 5}) for n in range(PARALLEL)])
    assert statuses(answers) == {201: 1, 409: PARALLEL - 1}
    for answer in answers:
        if answer.status_code == 409:
            is_problem(answer, 409, "already_rated")
    (rated,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert desk.as_("alice").get(f"/tickets/{ticket_id}").json()["satisfaction"] == rated
    assert count(desk, "ratings") == 1
    assert len(events_of(desk, "ticket.rated")) == 1


def test_closing_and_reopening_at_once_is_each_told_once(busy: Desk) -> None:
    ticket_id = busy.new_ticket()["id"]
    for act, event, status in (("close", "ticket.closed", "closed"), ("reopen", "ticket.reopened", "open")):
        answers = together(busy, [call(busy, "alice", "POST", f"/tickets/{ticket_id}/{act}") for _ in range(PARALLEL)])
        assert statuses(answers) == {200: PARALLEL}
        assert {answer.json()["status"] for answer in answers} == {status}
        assert len(events_of(busy, event, ticket_id)) == 1
    history = busy.as_("sam").get(f"/staff/tickets/{ticket_id}").json()["history"]
    changes = [(entry["from"], entry["to"]) for entry in history if entry.get("field") == "status"]
    assert changes == [("open", "closed"), ("closed", "open")]


def test_replies_to_a_closed_ticket_open_it_once(busy: Desk) -> None:
    ticket_id = busy.new_ticket()["id"]
    busy.as_("alice").post(f"/tickets/{ticket_id}/close", expect=200)
    path = f"/tickets/{ticket_id}/replies"
    answers = together(busy, [call(busy, "alice", "POST", path, {"body": f"Still {n}"}) for n in range(PARALLEL)])
    assert statuses(answers) == {201: PARALLEL}
    thread = busy.as_("alice").get(f"/tickets/{ticket_id}").json()
    assert thread["status"] == "open"
    assert len(thread["messages"]) == 1 + PARALLEL
    reopened = [event for event in events_of(busy, "ticket.replied") if event["data"]["changes"]]
    assert len(reopened) == 1


def test_a_hundred_tickets_at_once_have_a_hundred_numbers(busy: Desk) -> None:
    requests = [call(busy, "alice", "POST", "/tickets", {"subject": f"No. {n}", "body": "b"}) for n in range(100)]
    answers = together(busy, requests)
    assert statuses(answers) == {201: 100}
    made = [answer.json() for answer in answers]
    numbers = [int(ticket["readable_id"].removeprefix("ALT-")) for ticket in made]
    assert len(set(numbers)) == 100
    assert min(numbers) > 1000
    assert len({ticket["id"] for ticket in made}) == 100
    later = busy.new_ticket()
    assert int(later["readable_id"].removeprefix("ALT-")) > max(numbers)
    assert later["id"] > max(ticket["id"] for ticket in made)
    assert len({answer.json()["id"] for answer in map(busy.as_("alice").get, _by_number(numbers))}) == 100
    assert busy.as_("alice").get("/tickets").json()["total"] == 101


def _by_number(numbers: list[int]) -> list[str]:
    return [f"/tickets/alt-{number}" for number in numbers]


def test_numbers_are_unique_across_processes(busy: Desk) -> None:
    cast(busy)
    with second_app(busy) as other:
        desks = [busy, other] * 10
        made = at_once(*(lambda desk=desk: desk.new_ticket("bob")["readable_id"] for desk in desks))
    assert len(set(made)) == len(desks)


def test_of_two_who_change_the_same_version_one_is_told(busy: Desk) -> None:
    ticket_id = busy.new_ticket()["id"]
    tag = busy.as_("sam").get(f"/staff/tickets/{ticket_id}").headers["ETag"]
    path = f"/staff/tickets/{ticket_id}"
    changes = [
        call(busy, "sam", "PATCH", path, {"tags": [f"t{n}"], "priority": "urgent"}, **{"If-Match": tag})
        for n in range(PARALLEL)
    ]
    assert statuses(together(busy, changes)) == {200: 1, 412: PARALLEL - 1}
    assert len(busy.as_("sam").get(path).json()["tags"]) == 1


def test_parallel_retries_of_one_key_make_one(busy: Desk) -> None:
    key = {"Idempotency-Key": "one and only"}
    body = {"subject": "Once", "body": "Please."}
    answers = together(busy, [call(busy, "alice", "POST", "/tickets", body, **key) for _ in range(PARALLEL)])
    done = [answer for answer in answers if answer.status_code == 201]
    assert statuses(answers).keys() <= {201, 409}
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 409)
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotent-Replay" not in answer.headers for answer in done) == 1
    assert count(busy, "tickets") == 1


def test_a_file_is_bound_once(busy: Desk) -> None:
    link = upload(busy.as_("alice"), expect=201).json()["markdown"]
    body = {"subject": "See the log", "body": link}
    answers = together(busy, [call(busy, "alice", "POST", "/tickets", body) for _ in range(PARALLEL)])
    assert statuses(answers) == {201: 1, 422: PARALLEL - 1}
    assert count(busy, "tickets") == 1


def test_a_category_and_a_released_submission_are_made_once(busy: Desk) -> None:
    form = {"name": "R", "email": "r@example.com", "subject": "s", "body": "b", "honeypot": "x"}
    busy.anyone().post("/tickets/public", form, expect=201)
    spam_id = busy.as_("sam").get("/staff/spam").json()["spam"][0]["id"]
    releases = [call(busy, "sam", "POST", f"/staff/spam/{spam_id}/release") for _ in range(PARALLEL)]
    categories = [call(busy, "ada", "POST", "/staff/categories", {"slug": "sdk", "name": "SDK"})] * PARALLEL
    answers = together(busy, releases + categories)
    assert statuses(answers[:PARALLEL]) == {201: 1, 409: PARALLEL - 1}
    assert statuses(answers[PARALLEL:]) == {201: 1, 409: PARALLEL - 1}
    assert count(busy, "tickets") == 1


def test_switches_thrown_at_once_all_hold(busy: Desk) -> None:
    switches = ("notify_on_reply", "notify_on_close", "notify_on_status_change", "email_digest")
    before = busy.as_("alice").get("/preferences").json()
    changes = [call(busy, "alice", "PATCH", "/preferences", {name: not before[name]}) for name in switches]
    assert statuses(together(busy, changes)) == {200: 4}
    assert busy.as_("alice").get("/preferences").json() == {name: not before[name] for name in switches}
