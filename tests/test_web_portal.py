"""The customers' pages: whose they are, the list, what one wants to hear of, and keys."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import UNLIMITED, api_key, cast, count, events_of, later, rows
from tests.support.app import Desk, email, running
from tests.support.pages import HOSTILE, Browser, error_of, page, value_of

SIGNED_IN = ["/support", "/support/new", "/support/preferences", "/support/api-keys"]
OF_A_TICKET = ["close", "reopen", "change", "rate", "mute"]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        yield desk


def listed(text: str) -> list[str]:
    """The subjects on a page of the list, in order."""
    return [unescape(found) for found in re.findall(r'<a class="topic"[^>]*>([^<]*)</a>', text)]


def chips(text: str) -> dict[str, int]:
    found = re.findall(r'<a class="chip"[^>]*>(\w+) <span class="count">(\d+)</span>', text)
    return {name: int(number) for name, number in found}


class TestWhoseTheyAre:
    def test_visitors_are_asked_to_sign_in_and_come_back(self, desk: Desk) -> None:
        ref = desk.new_ticket()["readable_id"]
        for path in [*SIGNED_IN, f"/support/{ref}", "/support?status=all&q=x"]:
            answer = desk.client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login?next=/support"), path
        before = rows(desk)
        for path in [*SIGNED_IN[1:], f"/support/{ref}", *(f"/support/{ref}/{name}" for name in OF_A_TICKET)]:
            assert desk.client.post(path, data={"body": "x"}).headers["location"].startswith("/login"), path
        assert rows(desk) == before

    @pytest.mark.parametrize("who", ["mallory", "bob", "sam", "ada"])
    def test_a_ticket_of_somebody_else_is_not_there(self, calm: Desk, who: str) -> None:
        """Staff too see on these pages what is their own, and nothing else."""
        cast(calm)
        ticket, key_id = calm.new_ticket(subject="zanzibar", body="quokka"), api_key(calm, "alice")[0]
        stranger, before = Browser(calm, who), rows(calm)
        forms = {"body": "x", "muted": "true", "rating": "1", "priority": "low"}
        for ref in (ticket["readable_id"], ticket["id"], "ALT-999999", "nothing", "new%00", "%2e%2e"):
            answers = [stranger.get(f"/support/{ref}"), stranger.get(f"/support/{ref}/news")]
            answers += [stranger.post(f"/support/{ref}{part}", forms) for part in ("", *(f"/{n}" for n in OF_A_TICKET))]
            for answer in answers:
                assert "zanzibar" not in page(answer, 404)
                assert "quokka" not in answer.text
        page(stranger.post(f"/support/api-keys/{key_id}/revoke"), 404)
        page(stranger.post("/support/api-keys/nothing/revoke"), 404)
        assert listed(page(stranger.get("/support?status=all"))) == []
        assert listed(page(stranger.get("/support?status=all&q=quokka"))) == []
        assert rows(calm) == before

    def test_a_file_sent_to_a_ticket_of_somebody_else_is_not_taken(self, calm: Desk) -> None:
        ref, stranger = calm.new_ticket()["readable_id"], Browser(calm, "mallory")
        page(stranger.post(f"/support/{ref}", {"body": "x"}, files={"files": ("a.txt", b"words")}), 404)
        assert count(calm, "attachments") == 0

    def test_forms_without_the_sessions_token_do_nothing(self, calm: Desk) -> None:
        ref, alice = calm.new_ticket()["readable_id"], Browser(calm, "alice")
        before = rows(calm)
        for path in [*SIGNED_IN[1:], f"/support/{ref}", *(f"/support/{ref}/{name}" for name in OF_A_TICKET)]:
            page(alice.post(path, {"csrf": "x", "body": "b", "subject": "s"}), 403)
        assert rows(calm) == before


class TestList:
    def test_open_ones_first_and_chips_count(self, calm: Desk) -> None:
        for name in ("first", "second", "third"):
            calm.new_ticket(subject=name)
        calm.new_ticket("bob", subject="of bob")
        done = calm.new_ticket(subject="done")["id"]
        calm.as_("alice").post(f"/tickets/{done}/close", expect=200)
        alice = Browser(calm, "alice")
        text = page(alice.get("/support"))
        assert listed(text) == ["third", "second", "first"]
        assert chips(text) == {"Open": 3, "Resolved": 1, "All": 4}
        assert listed(page(alice.get("/support?status=resolved"))) == ["done"]
        assert set(listed(page(alice.get("/support?status=all")))) == {"first", "second", "third", "done"}

    def test_what_we_answered_is_marked_until_it_is_read(self, calm: Desk) -> None:
        ticket, alice = calm.new_ticket(), Browser(calm, "alice")
        assert "We answered" not in page(alice.get("/support"))
        calm.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "Hello."}, expect=201)
        with later(2 * 3600):
            text = page(alice.get("/support"))
        assert 'class="unread"' in text
        assert re.search(r"We answered\s*<time[^>]*>2 hours ago</time>", text)
        alice.get(f"/support/{ticket['readable_id']}")
        text = page(alice.get("/support"))
        assert 'class="unread"' not in text
        assert "Your turn" in text

    def test_search_and_category(self, calm: Desk) -> None:
        calm.new_ticket(subject="About quokkas", category_slug="billing")
        calm.new_ticket(subject="Else", body="A quokka too.", category_slug="general")
        calm.new_ticket(subject="Nothing of it")
        alice = Browser(calm, "alice")
        assert listed(page(alice.get("/support?q=quokka"))) == ["About quokkas", "Else"]
        assert listed(page(alice.get("/support?q=quokka&category=general"))) == ["Else"]
        assert listed(page(alice.get("/support?q=quokka&category=nothing"))) == ["About quokkas", "Else"]
        none = page(alice.get("/support?q=wombat"))
        assert "Nothing found" in none
        assert "/help?q=wombat" in none

    def test_a_part_is_enough_for_a_search_as_one_types(self, calm: Desk) -> None:
        calm.new_ticket(subject="About quokkas")
        part = Browser(calm, "alice").get("/support?q=quokka", headers=HTMX).text
        assert listed(part) == ["About quokkas"]
        assert "<html" not in part

    def test_pages(self, calm: Desk) -> None:
        for number in range(23):
            calm.new_ticket(subject=f"n{number}")
        alice = Browser(calm, "alice")
        first, second = (page(alice.get(f"/support?page={number}")) for number in (1, 2))
        assert len(listed(first)) == 20
        assert listed(second) == ["n2", "n1", "n0"]
        assert 'href="/support?page=2"' in first
        assert "Nothing here" in page(alice.get("/support?page=99"))

    @pytest.mark.parametrize("query", ["status=x&page=x&category=%00&q=%00", "page=-1", "page=9999999999", "q=%ff'\""])
    def test_odd_addresses_show_the_list(self, calm: Desk, query: str) -> None:
        calm.new_ticket()
        assert chips(page(Browser(calm, "alice").get(f"/support?{query}")))["All"] == 1

    def test_whoever_has_none_is_led_on(self, calm: Desk) -> None:
        article = {"title": "Render pages", "body": "So.", "slug": "render", "status": "published"}
        calm.as_("sam").post("/staff/kb/articles", article, expect=201)
        text = page(Browser(calm, "alice").get("/support"))
        assert "No tickets yet" in text
        assert '<a href="/help/render">Render pages</a>' in text
        assert 'href="/support/new"' in text

    def test_hostile_words_stay_words(self, calm: Desk) -> None:
        calm.new_ticket(subject=HOSTILE)
        alice = Browser(calm, "alice")
        text = page(alice.get("/support"))
        assert listed(text) == [HOSTILE]
        assert "<script>alert" not in text
        text = page(alice.get("/support", params={"q": HOSTILE}))
        assert value_of(text, "q") == HOSTILE
        assert "<script>alert" not in text


class TestPreferences:
    def test_what_is_ticked_is_on_and_the_rest_off(self, calm: Desk) -> None:
        alice = Browser(calm, "alice")
        text = page(alice.get("/support/preferences"))
        assert re.findall(r'name="(\w+)" value="true" checked', text) == ["notify_on_reply", "notify_on_close"]
        assert email("alice") in text
        sent = {"email_digest": "true", "notify_on_close": "true", "stopped": "true"}
        answer = alice.post("/support/preferences", sent)
        assert answer.headers["location"] == "/support/preferences"
        assert "Your%20choices%20are%20saved." in answer.headers["set-cookie"]
        assert calm.as_("alice").get("/preferences").json() == {
            "notify_on_reply": False,
            "notify_on_close": True,
            "notify_on_status_change": False,
            "email_digest": True,
        }


class TestKeys:
    def make(self, desk: Desk, **form: Any) -> tuple[str, str]:
        """(the page, the key on it)"""
        form = {"name": "staging", "days": "90", "scopes": ["tickets:read"], **form}
        answer = Browser(desk, "alice").post("/support/api-keys", form)
        text = page(answer)
        assert answer.headers["cache-control"] == "no-store"
        found = re.search(r"dh_live_\w+(?=</code>)", text)
        assert found is not None
        return text, found[0]

    def test_a_key_is_shown_once_and_listed_by_its_prefix(self, calm: Desk) -> None:
        _, key = self.make(calm)
        assert calm.anyone(**{"X-API-Key": key}).get("/tickets").status_code == 200
        assert calm.anyone(**{"X-API-Key": key}).get("/preferences").status_code == 403
        with later(91 * 86_400):
            assert calm.anyone(**{"X-API-Key": key}).get("/tickets").status_code == 401
        text = page(Browser(calm, "alice").get("/support/api-keys"))
        assert key not in text
        assert key[:12] in text
        assert "staging" in text

    def test_a_form_sent_twice_makes_one_key(self, calm: Desk) -> None:
        keys = {self.make(calm, once="the same")[1] for _ in range(2)}
        assert len(keys) == 1
        assert count(calm, "api_keys") == 1
        stored = calm.read(lambda tx: str(tx.exec_driver_sql("SELECT body FROM idempotency_keys").all()))
        assert keys.pop() not in stored

    def test_it_can_be_revoked(self, calm: Desk) -> None:
        key_id, key = api_key(calm, "alice")
        alice = Browser(calm, "alice")
        assert alice.post(f"/support/api-keys/{key_id}/revoke").headers["location"] == "/support/api-keys"
        assert calm.anyone(**{"X-API-Key": key}).get("/tickets").status_code == 401
        assert len(events_of(calm, "api_key.revoked")) == 1
        page(alice.post(f"/support/api-keys/{key_id}/revoke"), 404)

    def test_a_person_of_the_team_makes_a_customers_key_here(self, calm: Desk) -> None:
        sam = Browser(calm, "sam")
        assert "staff:read" not in page(sam.get("/support/api-keys"))
        form = {"name": "n", "scopes": ["tickets:read", "staff:read"]}
        page(sam.post("/support/api-keys", form), 403)
        assert count(calm, "api_keys") == 0

    @pytest.mark.parametrize(
        ("form", "field"), [({"name": " "}, "name"), ({"name": "x" * 81}, "name"), ({"name": "a\x00"}, "name")]
    )
    def test_what_is_wrong_stands_beside_its_field(self, calm: Desk, form: dict[str, str], field: str) -> None:
        form = {"days": "30", "scopes": ["preferences"], **form}  # type: ignore[dict-item]
        text = page(Browser(calm, "alice").post("/support/api-keys", form), 422)
        assert error_of(text, field)
        assert re.findall(r'value="([a-z:]+)" checked', text) == ["preferences"]
        assert 'value="30" selected' in text
        assert count(calm, "api_keys") == 0

    def test_scopes_must_be_chosen(self, calm: Desk) -> None:
        alice = Browser(calm, "alice")
        assert 'id="scopes-error"' in page(alice.post("/support/api-keys", {"name": "n"}), 422)
        page(alice.post("/support/api-keys", {"name": "n", "scopes": ["everything"]}), 422)
        assert count(calm, "api_keys") == 0

    def test_the_limit_is_that_of_the_api(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path, limit_keys="1/hour") as desk:
            api_key(desk, "alice")
            form = {"name": "mine", "scopes": ["tickets:read"]}
            answer = Browser(desk, "alice").post("/support/api-keys", form)
            text = page(answer, 429)
            assert int(answer.headers["retry-after"]) > 0
            assert value_of(text, "name") == "mine"
            assert count(desk, "api_keys") == 1
