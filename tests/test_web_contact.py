"""The contact form as a page: what it files, what it takes for a robot's, and that nothing typed is lost."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deskhand.kit.clock import DAY
from deskhand.tickets import contact
from tests.support.api import count, events_of, later, rows
from tests.support.app import Desk, running
from tests.support.pages import HOSTILE, Browser, error_of, page, secret_page, text_of, value_of

LETTER = {
    "name": "Vera",
    "email": "vera@visitor.example",
    "subject": "Empty content",
    "body": "The body is **empty**.\r\nSince today.",
}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, limit_public="off", limit_public_recipient="off") as made:
        yield made


def form(desk: Desk, seconds: int = 60, **given: str) -> dict[str, str]:
    """What a browser sends, of a page that was opened so long ago."""
    with later(-seconds):
        text = page(desk.client.get("/contact"))
    return LETTER | {"stamp": value_of(text, "stamp"), "once": value_of(text, "once"), "extra": ""} | given


def send(desk: Desk, sent: dict[str, str]) -> httpx2.Response:
    return desk.client.post("/contact", data=sent)


def thanks(desk: Desk, answer: httpx2.Response) -> str:
    assert answer.status_code == 303, answer.text[:500]
    assert answer.headers["location"].startswith("/contact/thanks/")
    return secret_page(desk.client.get(answer.headers["location"]))


def queue(desk: Desk) -> list[dict[str, Any]]:
    return desk.as_("sam").get("/staff/tickets", expect=200).json()["tickets"]


def held(desk: Desk) -> list[dict[str, Any]]:
    return desk.as_("sam").get("/staff/spam", expect=200).json()["spam"]


def test_who_was_offered_no_articles_while_typing_gets_them_afterwards(desk: Desk) -> None:
    assert "Perhaps one of these" not in thanks(desk, send(desk, form(desk)))
    new = {"title": "Why content comes back empty", "body": "Switch rendering on.", "status": "published"}
    desk.as_("sam").post("/staff/kb/articles", new, expect=201)
    desk.as_("sam").post("/staff/kb/articles", new | {"title": "Empty content, a draft", "status": "draft"}, expect=201)
    text = thanks(desk, send(desk, form(desk)))
    assert re.search(r'<h2>Perhaps one of these.*href="/help/why-content-comes-back-empty"', text, re.DOTALL)
    assert "a draft" not in text


def test_a_letter_becomes_a_ticket_and_is_thanked_for_by_name(desk: Desk) -> None:
    text = thanks(desk, send(desk, form(desk)))
    (ticket,) = queue(desk)
    assert "Thank you, Vera" in text
    assert ticket["readable_id"] in text
    assert "vera@visitor.example" in text
    assert (ticket["channel"], ticket["verified"]) == ("contact", False)
    view = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()
    assert view["messages"][0]["body"] == "The body is **empty**.\nSince today."


def test_it_is_the_same_act_as_through_the_api(desk: Desk) -> None:
    thanks(desk, send(desk, form(desk)))
    api = {name: LETTER[name].replace("\r\n", "\n") for name in LETTER}
    desk.anyone().post("/tickets/public", api, expect=201)
    page_ticket, api_ticket = (
        {name: value for name, value in ticket.items() if not name.endswith(("id", "_at"))} for ticket in queue(desk)
    )
    assert page_ticket | {"requester": None} == api_ticket | {"requester": None}
    one, other = ([event["data"].keys(), event["actor_type"]] for event in events_of(desk, "ticket.created"))
    assert one == other


def test_the_form_can_be_sent_without_a_script_and_names_what_browsers_know(desk: Desk) -> None:
    text = page(desk.client.get("/contact?subject=Hello+%3Cthere%3E"))
    assert value_of(text, "subject") == "Hello <there>"
    for name, known in (("name", "name"), ("email", "email")):
        assert re.search(rf'name="{name}"[^>]*autocomplete="{known}"', text)
    trap = re.search(r'<div class="trap" aria-hidden="true">.*?<input([^>]*)>', text)
    assert trap is not None
    assert 'tabindex="-1"' in trap[1]
    assert "required" not in trap[1]
    assert 'name="description"' in text
    assert value_of(page(desk.client.get("/contact?subject=%00a%0Ab")), "subject") == "a b"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "no address"}, "email"),
        ({"email": "vera@visitor.example\nBcc: all@x.example"}, "email"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"body": ""}, "body"),
        ({"body": "x" * 65_537}, "body"),
        ({"name": HOSTILE, "body": "\x00"}, "body"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(
    desk: Desk, given: dict[str, str], field: str
) -> None:
    sent = form(desk, **given)
    text = page(send(desk, sent), 422)
    assert error_of(text, field)
    for name in {"name", "email", "subject"} - {field}:
        assert value_of(text, name) == sent[name]
    if field != "body":
        assert text_of(text, "body") == sent["body"].replace("\r\n", "\n")
    assert "<script>alert" not in text
    assert count(desk, "tickets") == count(desk, "spam") == 0
    # Whoever mends it at once is no robot.
    again = LETTER | {"stamp": value_of(text, "stamp"), "once": value_of(text, "once")}
    thanks(desk, send(desk, again))
    assert len(queue(desk)) == 1


@pytest.mark.parametrize(
    ("seconds", "given", "reason"),
    [(60, {"extra": "http://spam.example"}, "honeypot"), (0, {}, "too_fast"), (0, {"extra": "x"}, "honeypot")],
)
def test_a_robot_is_thanked_like_anybody_and_kept_aside(
    desk: Desk, seconds: int, given: dict[str, str], reason: str
) -> None:
    text = thanks(desk, send(desk, form(desk, seconds, **given)))
    assert "Thank you, Vera" in text
    assert queue(desk) == []
    (spam,) = held(desk)
    assert (spam["reason"], spam["email"]) == (reason, "vera@visitor.example")
    desk.work()
    assert count(desk, "mails") == 0
    desk.as_("sam").post(f"/staff/spam/{spam['id']}/release", expect=201)
    assert queue(desk)[0]["readable_id"] in text


def test_two_seconds_are_enough(desk: Desk) -> None:
    thanks(desk, send(desk, form(desk, contact.HURRIED // 1_000_000)))
    assert len(queue(desk)) == 1


@pytest.mark.parametrize("stamp", ["old", "", "x", "forged"])
def test_a_page_that_lay_open_for_long_is_asked_for_once_more(desk: Desk, stamp: str) -> None:
    sent = form(desk, 2 * DAY // 1_000_000)
    if stamp != "old":
        sent["stamp"] = "A" + sent["stamp"][1:] if stamp == "forged" else stamp
    text = page(send(desk, sent), 422)
    assert 'role="alert"' in text
    assert value_of(text, "subject") == LETTER["subject"]
    assert text_of(text, "body") == LETTER["body"].replace("\r\n", "\n")
    assert count(desk, "tickets") == count(desk, "spam") == 0
    thanks(desk, send(desk, sent | {"stamp": value_of(text, "stamp"), "once": value_of(text, "once")}))
    assert len(queue(desk)) == 1


def test_a_double_click_files_one_ticket(desk: Desk) -> None:
    sent = form(desk)
    first, second = send(desk, sent), send(desk, sent)
    assert first.headers["location"] == second.headers["location"]
    assert len(queue(desk)) == 1


def test_the_limit_is_the_apis_and_keeps_what_was_typed(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, limit_public="2/hour") as desk:
        desk.anyone().post("/tickets/public", LETTER, expect=201)
        thanks(desk, send(desk, form(desk)))
        answer = send(desk, form(desk, subject="And one more"))
        text = page(answer, 429)
        assert 0 < int(answer.headers["retry-after"]) <= 3600
        assert value_of(text, "subject") == "And one more"
        assert 'role="alert"' in text
        # Who is signed in is counted by the same address.
        alice = Browser(desk, "alice")
        page(alice.post("/contact", form(desk)), 429)
        desk.anyone().post("/tickets/public", LETTER, expect=429)


def test_whoever_is_signed_in_is_shown_a_better_way(desk: Desk) -> None:
    text = page(Browser(desk, "alice").get("/contact?subject=Hi"))
    assert 'href="/support/new?subject=Hi"' in text
    assert value_of(text, "name") == "Alice Moreau"
    answer = Browser(desk, "alice").post("/contact", form(desk, email="alice@acme.example"))
    assert answer.status_code == 303
    (ticket,) = queue(desk)
    assert ticket["verified"] is False  # by this door nobody is known


def test_forms_of_other_sites_and_links_of_others_making_do_nothing(desk: Desk) -> None:
    sent, before = form(desk), rows(desk)
    page(desk.client.post("/contact", data=sent, headers={"Origin": "https://evil.example"}), 403)
    secret_page(desk.client.get("/contact/thanks/x"), 404)
    secret_page(desk.client.get(f"/contact/thanks/{sent['stamp']}"), 404)
    assert rows(desk) == before


def test_hostile_words_stay_words(desk: Desk) -> None:
    text = thanks(desk, send(desk, form(desk, name=HOSTILE, subject=HOSTILE[:200], body=HOSTILE)))
    assert "<script>alert" not in text
    assert "Thank you, &lt;script&gt;" in text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ""),
        (b'{"body": "x"}', "application/json"),
        (b"name=%ff%fe&body=%ed%a0%80", "application/x-www-form-urlencoded"),
        (b"\xff", "multipart/form-data; boundary=x"),
        (b"a=1&" * 5_000, "application/x-www-form-urlencoded"),
        (b"body=" + b"x" * 5_000_000, "application/x-www-form-urlencoded"),
    ],
)
def test_odd_bodies_are_no_bugs(desk: Desk, content: bytes, kind: str) -> None:
    answer = desk.client.post("/contact", content=content, headers={"Content-Type": kind})
    assert answer.status_code in {400, 413, 415, 422}
    page(answer, answer.status_code)
    assert count(desk, "tickets") == 0
