"""Many tickets changed at once from the queue: nothing happens for ten seconds, in which it can be taken back."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from deskhand.kit.clock import SECOND, at, now
from tests.support.api import UNLIMITED, count, rows
from tests.support.app import Desk, running
from tests.support.pages import Browser, page

HTMX = {"HX-Request": "true"}


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        yield desk


@pytest.fixture
def sam(calm: Desk) -> Browser:
    return Browser(calm, "sam")


def later(desk: Desk) -> None:
    """Ten seconds pass, and the worker does what is due."""
    with at(now() + 11 * SECOND):
        desk.work()


def picked(*tickets: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {"tickets": [ticket["readable_id"] for ticket in tickets], **change}


def found(desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()


def held_in(text: str) -> str:
    """The id of what a page or a notice says is on its way."""
    (held_id,) = re.findall(r'id="held-([0-9a-f-]{36})"', text)
    return held_id


def test_it_waits_ten_seconds_and_is_done_then(calm: Desk, sam: Browser) -> None:
    one, two, other = (calm.new_ticket(subject=name) for name in "ABC")
    answer = sam.post("/desk/bulk", picked(one, two, assignee_id=calm.user_id("ada"), view="open", q="tag:x"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?view=open&q=tag%3Ax")
    text = re.sub(r"<[^>]+>|\s+", " ", page(sam.get("/desk")))
    assert re.search(r"2 tickets\s+Assignee: Ada Brandt", text)
    assert found(calm, one)["assignee"] is None
    later(calm)
    assert [found(calm, ticket)["assignee"] for ticket in (one, two)] == [
        {"id": calm.user_id("ada"), "name": "Ada Brandt", "email": "ada@ada.example"}
    ] * 2
    assert found(calm, other)["assignee"] is None
    assert 'id="held-' not in page(sam.get("/desk"))


@pytest.mark.parametrize(
    ("form", "field", "value"),
    [
        ({"status": "resolved"}, "status", "resolved"),
        ({"priority": "urgent"}, "priority", "urgent"),
        ({"category_slug": "billing"}, "category_slug", "billing"),
        ({"add_tags": "VIP, refund ,"}, "tags", ["old", "refund", "vip"]),
        ({"remove_tags": "old, gone"}, "tags", []),
        ({"assignee_id": "none"}, "assignee_id", None),
    ],
)
def test_each_thing_can_be_changed(calm: Desk, sam: Browser, form: dict[str, str], field: str, value: Any) -> None:
    ticket = calm.new_ticket()
    before = {"tags": ["old"], "assignee_id": calm.user_id("sam")}
    calm.as_("sam").patch(f"/staff/tickets/{ticket['id']}", before, expect=200)
    # The fields of the form that were left alone come along empty.
    assert sam.post("/desk/bulk", picked(ticket, **{"add_tags": "", "remove_tags": ""} | form)).status_code == 303
    later(calm)
    assert found(calm, ticket)[field] == value


def test_undone_it_never_happens(calm: Desk, sam: Browser) -> None:
    ticket = calm.new_ticket()
    sam.post("/desk/bulk", picked(ticket, status="closed"))
    held_id = held_in(page(sam.get("/desk?view=open")))
    answer = sam.post(f"/desk/held/{held_id}/undo", {"next": "/desk?view=open"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?view=open")
    later(calm)
    assert found(calm, ticket)["status"] == "open"
    assert count(calm, "held_acts") == 0
    page(sam.post(f"/desk/held/{held_id}/undo"), 409)


def test_only_whoever_sent_it_can_take_it_back(calm: Desk, sam: Browser) -> None:
    sam.post("/desk/bulk", picked(calm.new_ticket(), status="closed"))
    held_id = held_in(page(sam.get("/desk")))
    ada = Browser(calm, "ada")
    assert 'id="held-' not in page(ada.get("/desk"))
    page(ada.post(f"/desk/held/{held_id}/undo"), 404)
    page(Browser(calm, "alice").post(f"/desk/held/{held_id}/undo"), 403)
    for odd in ("x", "01a209a6-b354-71b6-9fc9-617097eabf15"):
        assert sam.post(f"/desk/held/{odd}/undo").status_code in {404, 409}
    assert count(calm, "held_acts") == 1


def test_with_a_script_the_list_stays_and_a_notice_tells(calm: Desk, sam: Browser) -> None:
    ticket = calm.new_ticket()
    answer = sam.post("/desk/bulk", picked(ticket, priority="high", once="n"), headers=HTMX)
    notice = sam.get(answer.headers["location"], headers=HTMX)
    assert notice.headers["HX-Trigger"] == "picked"
    assert "<html" not in notice.text
    assert "Priority: High" in re.sub(r"\s+", " ", notice.text)
    # The same change may be wanted again after it was taken back: it must not pass for the same form sent twice.
    fresh = re.search(r'name="once" id="bulk-once" value="([^"]+)" hx-swap-oob="true"', notice.text)
    assert fresh is not None
    assert fresh[1] != "n"
    held_id = held_in(notice.text)
    undone = sam.post(f"/desk/held/{held_id}/undo", headers=HTMX)
    assert "nothing has changed" in sam.get(undone.headers["location"], headers=HTMX).text
    again = sam.post("/desk/bulk", picked(ticket, priority="high", once=fresh[1]), headers=HTMX)
    held_id = held_in(sam.get(again.headers["location"], headers=HTMX).text)
    later(calm)
    done = sam.get(f"/desk/held/{held_id}", headers=HTMX)
    assert "Done." in done.text
    assert "HX-Trigger" not in done.headers


def test_a_double_click_does_it_once(calm: Desk, sam: Browser) -> None:
    form = picked(calm.new_ticket(), status="pending", once="the-same")
    answers = [sam.post("/desk/bulk", form, headers=HTMX).headers["location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert count(calm, "held_acts") == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "nothing to change"),
        ({"status": "lost"}, ""),
        ({"assignee_id": "01a209a6-b354-71b6-9fc9-617097eabf15"}, "no such active agent"),
        ({"assignee_id": "x"}, ""),
        ({"category_slug": "nonsense"}, "no such category"),
        ({"add_tags": "x" * 41}, ""),
        ({"add_tags": ",".join(map(str, range(21)))}, "20 tags"),
        ({"add_tags": "\x00"}, ""),
    ],
)
def test_what_cannot_be_done_is_said_above_the_list(
    calm: Desk, sam: Browser, change: dict[str, str], says: str
) -> None:
    ticket = calm.new_ticket()
    before = rows(calm)
    text = page(sam.post("/desk/bulk", picked(ticket, view="all", **change)), 422)
    (told,) = re.findall(r'role="alert">.*?<div>(.*?)</div>', text, re.DOTALL)
    assert says in unescape(told)
    assert told.strip()
    assert f'value="{ticket["readable_id"]}" checked' in text
    answer = sam.post("/desk/bulk", picked(ticket, **change), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#messages")
    assert rows(calm) == before


def test_nothing_picked_and_too_much_picked(calm: Desk, sam: Browser) -> None:
    ticket = calm.new_ticket()
    page(sam.post("/desk/bulk", {"status": "closed"}), 422)
    page(sam.post("/desk/bulk", {"status": "closed", "tickets": [f"ALT-{n}" for n in range(101)]}), 422)
    page(sam.post("/desk/bulk", {"status": "closed", "tickets": [ticket["readable_id"], "ALT-999999"]}), 404)
    page(sam.post("/desk/bulk", {"status": "closed", "tickets": ["\x00"]}), 404)
    assert count(calm, "held_acts") == 0


def test_what_failed_is_told_and_can_be_tried_again_or_dismissed(calm: Desk, sam: Browser) -> None:
    ticket = calm.new_ticket()
    calm.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"tags": [str(n) for n in range(20)]}, expect=200)
    calm.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"tags": [str(n) for n in range(19)]}, expect=200)
    sam.post("/desk/bulk", picked(ticket, add_tags="vip"))
    calm.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"tags": [str(n) for n in range(20)]}, expect=200)
    later(calm)
    text = page(sam.get("/desk"))
    assert "could not be changed" in text
    assert "more than 20 tags" in text
    german = page(sam.get("/desk", headers={"Accept-Language": "de"}))
    assert f"{ticket['readable_id']} hätte mehr als 20 Schlagwörter" in german
    calm.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"tags": ["one"]}, expect=200)
    assert sam.post(f"/desk/held/{held_in(text)}/again", {"next": "/desk"}).status_code == 303
    later(calm)
    assert found(calm, ticket)["tags"] == ["one", "vip"]
    assert 'id="held-' not in page(sam.get("/desk"))


def test_customers_and_strangers_cannot(calm: Desk) -> None:
    ticket = calm.new_ticket()
    page(Browser(calm, "alice").post("/desk/bulk", picked(ticket, status="closed")), 403)
    assert calm.client.post("/desk/bulk", data=picked(ticket, status="closed")).status_code == 303
    assert count(calm, "held_acts") == 0
