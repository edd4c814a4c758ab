"""A retry with the same Idempotency-Key gives the first answer again and does nothing twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from deskhand.kit.schema import metadata
from tests.support.api import api_key, count, fields, is_problem, later, rows, second_app, upload, with_key
from tests.support.app import Desk, running

KEY = {"Idempotency-Key": "6c1f4c1e"}
TICKET = {"subject": "Once", "body": "Please."}
FORM = {"name": "Vi", "email": "vi@example.com", "subject": "Hello", "body": "Is there a free plan?"}


@pytest.fixture
def narrow(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk that takes one of everything."""
    once = dict.fromkeys(["limit_tickets", "limit_public", "limit_replies", "limit_uploads", "limit_keys"], "1/hour")
    with running(database_url, tmp_path, **once) as desk:
        yield desk


def creations(desk: Desk) -> list[tuple[str, str, Any]]:
    """(who, path, body) of every POST that creates."""
    ticket_id = desk.as_("ada").post("/tickets", TICKET, expect=201).json()["id"]  # whom no limit binds
    at = f"/staff/tickets/{ticket_id}"
    desk.as_("sam").patch(at, {"status": "resolved"}, expect=200)
    desk.anyone().post("/tickets/public", FORM | {"honeypot": "x"}, expect=201, headers={"X-API-Key": staff_key(desk)})
    spam_id = desk.as_("sam").get("/staff/spam").json()["spam"][0]["id"]
    return [
        ("alice", "/tickets", TICKET),
        ("nobody", "/tickets/public", FORM),
        ("ada", f"/tickets/{ticket_id}/satisfaction", {"rating": 5}),
        ("ada", f"/tickets/{ticket_id}/replies", {"body": "More."}),
        ("alice", "/api/v1/api-keys", {"name": "laptop"}),
        ("sam", "/staff/tickets", TICKET | {"requester": {"email": "new@example.com"}}),
        ("sam", f"{at}/replies", {"body": "Hello."}),
        ("sam", f"{at}/notes", {"body": "Hm."}),
        ("ada", "/staff/categories", {"slug": "sdk", "name": "SDK"}),
        ("sam", "/staff/kb/articles", {"title": "How", "body": "So.", "status": "draft"}),
        ("ada", "/staff/users", {"email": "nia@example.com", "name": "Nia"}),
        ("sam", f"/staff/spam/{spam_id}/release", None),
    ]


def staff_key(desk: Desk) -> str:
    return api_key(desk, "sam")[1]


def test_a_repeat_gives_the_first_answer_and_spends_nothing(narrow: Desk) -> None:
    for who, path, body in creations(narrow):
        caller = narrow.anyone() if who == "nobody" else narrow.as_(who)
        first = caller.post(path, body, headers=KEY | {"Idempotency-Key": path}, expect=201)
        before = rows(narrow)
        for _ in range(3):
            again = caller.post(path, body, headers={"Idempotency-Key": path}, expect=201)
            assert again.content == first.content
            assert again.headers["Idempotent-Replay"] == "true"
        assert "Idempotent-Replay" not in first.headers
        assert rows(narrow) == before, path
        if body is not None:
            reused = caller.post(path, body | {"extra": 1}, headers={"Idempotency-Key": path})
            assert reused.status_code == 422
        if who in ("alice", "nobody"):
            is_problem(caller.post(path, body), 429)


def test_another_body_is_refused(desk: Desk) -> None:
    alice = desk.as_("alice")
    ticket_id = alice.post("/tickets", TICKET, headers=KEY, expect=201).json()["id"]
    refused = alice.post("/tickets", TICKET | {"body": "Else."}, headers=KEY)
    is_problem(refused, 422, "idempotency_key_reused")
    assert fields(refused) == {"Idempotency-Key"}
    is_problem(alice.post(f"/tickets/{ticket_id}/replies", {"body": "b"}, headers=KEY), 422, "idempotency_key_reused")
    assert count(desk, "tickets") == 1
    assert count(desk, "messages") == 1


def test_a_key_is_its_users_own(desk: Desk) -> None:
    ids = {desk.as_(who).post("/tickets", TICKET, headers=KEY, expect=201).json()["id"] for who in ("alice", "bob")}
    keyed = with_key(desk, api_key(desk, "alice")[1]).post("/tickets", TICKET, headers=KEY, expect=201)
    assert keyed.headers["Idempotent-Replay"] == "true"  # the same person by another credential
    ids |= {keyed.json()["id"]}
    assert len(ids) == count(desk, "tickets") == 2
    here = desk.anyone().post("/tickets/public", FORM, headers=KEY, expect=201).json()["id"]
    with second_app(desk, client=("192.0.2.7", 1)) as elsewhere:
        there = elsewhere.anyone().post("/tickets/public", FORM, headers=KEY, expect=201).json()["id"]
    assert here != there


def test_a_refusal_is_not_kept(desk: Desk) -> None:
    alice = desk.as_("alice")
    is_problem(alice.post("/tickets", TICKET | {"category_slug": "none"}, headers=KEY), 422)
    is_problem(alice.post("/tickets", {"subject": ""}, headers=KEY), 422)
    alice.post("/tickets", TICKET, headers=KEY, expect=201)
    for _ in range(4):
        alice.post("/tickets", TICKET, expect=201)
    other = {"Idempotency-Key": "another"}
    wait = int(alice.post("/tickets", TICKET, headers=other).headers["Retry-After"])
    with later(wait):
        made = alice.post("/tickets", TICKET, headers=other, expect=201)
        assert "Idempotent-Replay" not in made.headers


def test_a_key_is_kept_for_a_day(desk: Desk) -> None:
    alice = desk.as_("alice")
    first = alice.post("/tickets", TICKET, headers=KEY, expect=201).json()
    with later(86_400 - 60):
        assert alice.post("/tickets", TICKET, headers=KEY, expect=201).json() == first
    with later(86_400 + 60), second_app(desk) as tomorrow:
        fresh = tomorrow.anyone(Authorization=f"Bearer {_session(tomorrow)}")
        assert fresh.post("/tickets", TICKET, headers=KEY, expect=201).json()["id"] != first["id"]


def _session(desk: Desk) -> str:
    desk._tokens = {}
    return desk.token("alice")


def test_an_answer_with_a_secret_lies_sealed(desk: Desk) -> None:
    alice = desk.as_("alice")
    made = alice.post("/api/v1/api-keys", {"name": "laptop"}, headers=KEY, expect=201)
    plain = made.json()["key"]
    assert alice.post("/api/v1/api-keys", {"name": "laptop"}, headers=KEY, expect=201).json()["key"] == plain
    everything = [
        repr(row)
        for table in metadata.sorted_tables
        for row in desk.read(lambda tx, table=table: tx.execute(select(table)).all())
    ]
    assert not [row for row in everything if plain in row or plain[20:] in row or KEY["Idempotency-Key"] in row]
    assert plain not in alice.get("/api/v1/api-keys").text


def test_uploads_repeat_too(narrow: Desk) -> None:
    alice = narrow.as_("alice")
    first = upload(alice, b"one", headers=KEY, expect=201)
    assert int(first.headers["RateLimit-Remaining"]) == 0
    with later(3601):
        again = upload(alice, b"one", headers=KEY, expect=201)
        assert (again.json(), again.headers["Idempotent-Replay"]) == (first.json(), "true")
        is_problem(upload(alice, b"two", headers=KEY), 422, "idempotency_key_reused")
        assert count(narrow, "attachments") == 1
        upload(alice, b"two", expect=201)  # neither of them was counted
    assert count(narrow, "attachments") == 2
