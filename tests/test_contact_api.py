"""The contact form: open to everyone, of no use for writing to strangers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskhand.accounts.actor import Client
from deskhand.tickets import contact
from tests.support.api import UNLIMITED, cast, count, events_of, fields, is_problem, later, rows
from tests.support.app import Desk, email, running

FORM = {"name": "Vi Zanzibar", "email": "vi@example.com", "subject": "Buy quokkas", "body": "Visit http://spam.example"}
SHAPE = {"id", "readable_id", "subject", "status", "priority", "category", "created_at", "updated_at"}
SHAPE |= {"category_slug", "metadata", "unread", "answered_at"}


@pytest.fixture
def open_desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk that takes any number of forms, and holds the default caps on mails."""
    limits = UNLIMITED | {"limit_public_recipient": "5/day", "limit_public_global": "200/hour"}
    with running(database_url, tmp_path, **limits) as desk:
        cast(desk)
        yield desk


def submit(desk: Desk, **changes: Any) -> dict[str, Any]:
    return desk.anyone().post("/tickets/public", FORM | changes, expect=201).json()


def mails_to(desk: Desk, address: str) -> list[str]:
    """Subject and text of every mail to the address, oldest first."""
    desk.work()
    ada = desk.as_("ada")
    listed = [mail for mail in ada.get("/staff/outbox?per_page=100").json()["mails"] if mail["recipient"] == address]
    found = [ada.get(f"/staff/outbox/{mail['id']}", expect=200).json() for mail in reversed(listed)]
    return [f"{mail['subject']}\n{mail['text']}" for mail in found]


def test_a_visitor_files_a_ticket_that_the_team_sees_as_unverified(open_desk: Desk) -> None:
    made = submit(open_desk)
    assert made.keys() == SHAPE
    assert (made["status"], made["priority"], made["subject"]) == ("open", "medium", "Buy quokkas")
    seen = open_desk.as_("sam").get(f"/staff/tickets/{made['id']}", expect=200).json()
    assert (seen["verified"], seen["channel"]) == (False, "contact")
    assert (seen["requester"]["name"], seen["requester"]["email"]) == ("Vi Zanzibar", "vi@example.com")
    assert seen["messages"][0]["identity"] == "unverified"
    assert seen["enrichment"]["client"]["via"] == "contact"
    renamed = {name: value for name, value in FORM.items() if name != "body"} | {"message": "As well."}
    other = open_desk.anyone().post("/tickets/public", renamed, expect=201).json()
    assert open_desk.as_("sam").get(f"/staff/tickets/{other['id']}").json()["messages"][0]["body"] == "As well."


def test_the_form_takes_nothing_else(open_desk: Desk) -> None:
    before = rows(open_desk)
    for field, value in {"priority": "urgent", "category_slug": "billing", "metadata": {}, "website": "x"}.items():
        assert fields(open_desk.anyone().post("/tickets/public", FORM | {field: value})) == {field}
    assert fields(open_desk.anyone().post("/tickets/public", FORM | {"message": "Both?"})) <= {"message", "body"}
    assert fields(open_desk.anyone().post("/tickets/public", {})) == {"name", "email", "subject", "body"}
    file = "![x](attachment:01a20000-0000-7000-8000-000000000000)"
    assert fields(open_desk.anyone().post("/tickets/public", FORM | {"body": file})) == {"body"}
    assert rows(open_desk) == before


def test_a_robot_cannot_tell_that_it_was_seen(open_desk: Desk) -> None:
    sam = open_desk.as_("sam")
    real = open_desk.anyone().post("/tickets/public", FORM, expect=201)
    held = open_desk.anyone().post(
        "/tickets/public", FORM | {"honeypot": "http://x", "email": "r@example.com"}, expect=201
    )
    after = submit(open_desk)
    assert {name: type(value) for name, value in held.json().items()} == {
        name: type(value) for name, value in real.json().items()
    }
    assert set(held.headers) == set(real.headers)
    numbers = [int(made["readable_id"].rpartition("-")[2]) for made in (real.json(), held.json(), after)]
    assert numbers == sorted(set(numbers))  # it took a number as any other
    assert sam.get("/staff/tickets").json()["total"] == 2
    assert sam.get("/staff/tickets?q=quokkas").json()["total"] == 2
    is_problem(sam.get(f"/staff/tickets/{held.json()['id']}"), 404)
    assert count(open_desk, "spam") == 1
    assert mails_to(open_desk, "r@example.com") == []
    assert len(events_of(open_desk, "ticket.created")) == 2


def test_what_was_held_back_can_be_released_and_goes_after_a_month(open_desk: Desk) -> None:
    sam, held = open_desk.as_("sam"), submit(open_desk, honeypot="x")
    submit(open_desk, honeypot="x", subject="Real spam", email="other@example.com")
    newest, kept = sam.get("/staff/spam", expect=200).json()["spam"]
    assert (newest["subject"], kept["subject"], kept["email"]) == ("Real spam", "Buy quokkas", "vi@example.com")
    released = sam.post(f"/staff/spam/{kept['id']}/release", expect=201).json()
    assert {name: released[name] for name in ("id", "readable_id")} == {
        name: held[name] for name in ("id", "readable_id")
    }
    is_problem(sam.post(f"/staff/spam/{kept['id']}/release"), 409, "already_released")
    is_problem(sam.post("/staff/spam/01a20000-0000-7000-8000-000000000000/release"), 404)
    assert [entry["subject"] for entry in sam.get("/staff/spam").json()["spam"]] == ["Real spam"]
    seen = sam.get(f"/staff/tickets/{released['id']}", expect=200).json()
    assert (seen["verified"], seen["messages"][0]["body"]) == (False, FORM["body"])
    assert len(mails_to(open_desk, "vi@example.com")) == 1
    with later(29 * 86_400):
        assert open_desk.write(contact.sweep) == 0
    with later(31 * 86_400):
        assert open_desk.write(contact.sweep) == 2
    assert sam.get(f"/staff/tickets/{released['id']}").status_code == 200


def test_the_address_gets_one_mail_without_a_word_of_the_visitors(open_desk: Desk) -> None:
    made = [submit(open_desk, email=address) for address in ("vi@example.com", "VI@Example.com", " vi@example.com ")]
    (mail,) = mails_to(open_desk, "vi@example.com")
    assert made[0]["readable_id"] in mail
    for word in ("Zanzibar", "quokka", "spam.example", "Vi "):
        assert word not in mail
    assert [event["data"]["link_mail"] for event in events_of(open_desk, "ticket.created")] == [True, False, False]
    with later(3601):
        submit(open_desk)
        assert len(mails_to(open_desk, "vi@example.com")) == 2


def test_mails_are_capped_by_address_and_in_all(database_url: str, tmp_path: Path) -> None:
    caps = UNLIMITED | {"limit_public_recipient": "2/day", "limit_public_global": "4/hour"}
    with running(database_url, tmp_path, **caps) as desk:
        for hour in range(4):
            with later(hour * 3601):
                submit(desk)
        sent = [event["data"]["link_mail"] for event in events_of(desk, "ticket.created")]
        assert sent == [True, True, False, False]
        with later(5 * 3601):
            for n in range(6):
                assert submit(desk, email=f"v{n}@example.com")["status"] == "open"
        sent = [event["data"]["link_mail"] for event in events_of(desk, "ticket.created")]
        assert sent[4:] == [True] * 4 + [False] * 2
        assert count(desk, "tickets") == 10  # each was kept all the same


def test_an_unverified_ticket_is_nobodys_until_its_link_is_opened(open_desk: Desk) -> None:
    """Who types Alice's address into the form neither reads hers nor puts anything among them."""
    alice, sam = open_desk.as_("alice"), open_desk.as_("sam")
    made = submit(open_desk, email=email("alice").upper())
    assert alice.get("/tickets").json()["total"] == 0
    is_problem(alice.get(f"/tickets/{made['id']}"), 404)
    sam.post(f"/staff/tickets/{made['id']}/replies", {"body": "Who are you?"}, expect=201)
    for text in mails_to(open_desk, email("alice")):
        assert "quokka" not in text
        assert "Zanzibar" not in text
    visitor = open_desk.write(contact.open_link, made["id"], Client("web"))
    assert visitor.user_id == open_desk.user_id("alice")
    thread = alice.get(f"/tickets/{made['id']}", expect=200).json()
    assert [message["author"]["type"] for message in thread["messages"]] == ["customer", "agent"]
    assert alice.get("/tickets?q=quokkas").json()["total"] == 1
    seen = sam.get(f"/staff/tickets/{made['id']}").json()
    assert (seen["verified"], seen["requester"]["id"]) == (True, open_desk.user_id("alice"))
    assert len(events_of(open_desk, "ticket.verified")) == 1
    open_desk.write(contact.open_link, made["id"], Client("web"))
    assert len(events_of(open_desk, "ticket.verified")) == 1
    open_desk.work()


def test_a_visitor_without_an_account_is_found_again_once_verified(open_desk: Desk) -> None:
    first, second = submit(open_desk), submit(open_desk)
    holders = [open_desk.write(contact.open_link, made["id"], Client("web")).user_id for made in (first, second)]
    assert holders[0] == holders[1]
    requester = {"email": "vi@example.com"}
    by_phone = open_desk.as_("sam").post(
        "/staff/tickets", {"subject": "s", "body": "b", "requester": requester}, expect=201
    )
    assert by_phone.json()["requester"]["id"] == holders[0]
