"""The desk's pages about people: customers, a ticket filed for one of them, and the palette that finds them."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from deskhand.accounts import people
from deskhand.accounts.actor import Role
from tests.support.api import UNLIMITED, count, png, rows
from tests.support.app import Desk, email, running
from tests.support.pages import HOSTILE, Browser, error_of, page, text_of, value_of

HTMX = {"HX-Request": "true"}
FORM = {"email": "Nina@Newcomer.example", "name": "Nina Roth", "subject": "By phone", "body": "She *called*."}


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        yield desk


@pytest.fixture
def sam(calm: Desk) -> Browser:
    return Browser(calm, "sam")


def words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def options(text: str) -> list[tuple[str, str]]:
    """(address, words) of what the palette offers."""
    found = re.findall(r'<a class="item" role="option"[^>]* href="([^"]+)"[^>]*>(.*?)</a>', text, re.DOTALL)
    return [(unescape(place), words(inner).strip()) for place, inner in found]


class TestFiling:
    def test_a_ticket_is_filed_in_the_customers_name(self, calm: Desk, sam: Browser) -> None:
        ada = calm.user_id("ada")
        more = {"category_slug": "billing", "priority": "high", "tags": "VIP, phone", "assignee_id": ada, "once": "o"}
        answers = [sam.post("/desk/tickets/new", FORM | more) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        ref = answers[0].headers["location"].removeprefix("/desk/tickets/")
        ticket = calm.as_("sam").get(f"/staff/tickets/{ref}", expect=200).json()
        assert ticket["requester"]["email"] == "nina@newcomer.example"
        assert ticket["messages"][0]["author"]["name"] == "Nina Roth"
        assert (ticket["category_slug"], ticket["priority"], ticket["tags"]) == ("billing", "high", ["phone", "vip"])
        assert (ticket["assignee_id"], ticket["channel"]) == (ada, "staff")
        assert count(calm, "tickets") == 1

    def test_what_is_left_out_is_found_out(self, calm: Desk, sam: Browser) -> None:
        calm.user_id("alice")
        empty = dict.fromkeys(("name", "category_slug", "assignee_id", "tags"), "")
        answer = sam.post("/desk/tickets/new", FORM | empty | {"email": email("alice"), "priority": "medium"})
        assert answer.status_code == 303
        (ticket,) = calm.as_("alice").get("/tickets", expect=200).json()["tickets"]
        assert ticket["category_slug"]

    def test_files_come_with_it(self, calm: Desk, sam: Browser) -> None:
        answer = sam.post("/desk/tickets/new", FORM, files={"files": ("shot.png", png())})
        assert answer.status_code == 303
        ref = answer.headers["location"].removeprefix("/desk/tickets/")
        (message,) = calm.as_("sam").get(f"/staff/tickets/{ref}").json()["messages"]
        assert [file["filename"] for file in message["attachments"]] == ["shot.png"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"email": "nobody"}, "email"),
            ({"email": ""}, "email"),
            ({"name": "x" * 121}, "name"),
            ({"subject": " "}, "subject"),
            ({"body": ""}, "body"),
            ({"category_slug": "nonsense"}, "category_slug"),
            ({"priority": "9"}, "priority"),
            ({"assignee_id": "01a209a6-b354-71b6-9fc9-617097eabf15"}, "assignee_id"),
            ({"tags": "x" * 41}, "tags"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field(
        self, calm: Desk, sam: Browser, wrong: dict[str, str], field: str
    ) -> None:
        before = rows(calm)
        text = page(sam.post("/desk/tickets/new", FORM | {"tags": "vip"} | wrong), 422)
        assert error_of(text, field)
        for name in {"email", "name", "subject", "tags"}:
            assert value_of(text, name) == (FORM | {"tags": "vip"} | wrong)[name]
        assert text_of(text, "body") == (FORM | wrong)["body"]
        assert rows(calm) == before

    def test_an_address_can_come_along(self, sam: Browser) -> None:
        text = page(sam.get("/desk/tickets/new?for=vi@visitors.example"))
        assert value_of(text, "email") == "vi@visitors.example"
        assert "<script>alert" not in page(sam.get("/desk/tickets/new?for=<script>alert(1)</script>"))

    def test_people_are_suggested(self, calm: Desk, sam: Browser) -> None:
        for who in ("alice", "bob", "mallory"):
            calm.user_id(who)
        answer = sam.get("/desk/people?email=lind", headers=HTMX)
        assert re.findall(r'<option value="([^"]+)">([^<]+)', answer.text) == [(email("bob"), "Bob Lindqvist")]
        assert "<html" not in answer.text
        for odd in ("", "%00", "%22%3E", "x" * 500):
            assert "<option" not in sam.get(f"/desk/people?email={odd}", headers=HTMX).text

    def test_it_is_the_teams_alone(self, calm: Desk) -> None:
        for path in ("/desk/tickets/new", "/desk/people"):
            page(Browser(calm, "alice").get(path), 403)
        page(Browser(calm, "alice").post("/desk/tickets/new", FORM), 403)
        assert count(calm, "tickets") == 0


class TestCustomers:
    def test_they_are_listed_by_name(self, calm: Desk, sam: Browser) -> None:
        for who in ("mallory", "bob", "alice"):
            calm.user_id(who)
        text = page(sam.get("/desk/customers"))
        assert re.findall(r"<bdi>([^<]+)</bdi></a>", text) == ["Alice Moreau", "Bob Lindqvist", "Mallory Stein"]

    def test_they_are_found_by_the_beginning_of_any_word(self, calm: Desk, sam: Browser) -> None:
        for who in ("mallory", "bob", "alice"):
            calm.user_id(who)
        found = {"lind": "Bob", "acme": "Alice Bob", "mallory@": "Mallory", "sam": "Sam", "q": ""}
        for typed, expected in found.items():
            text = page(sam.get(f"/desk/customers?q={typed}"))
            assert [name.split()[0] for name in re.findall(r"<bdi>([^<]+)</bdi></a>", text)] == expected.split(), typed
        assert "Nobody found" in page(sam.get("/desk/customers?q=%22%3Cscript%3E"))

    def test_one_has_account_usage_tickets_and_ratings(self, calm: Desk, sam: Browser) -> None:
        ticket, other = calm.new_ticket(subject="Charged twice"), calm.new_ticket("bob", subject="Elsewhere")
        calm.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": "resolved"}, expect=200)
        calm.as_("alice").post(f"/tickets/{ticket['id']}/satisfaction", {"rating": 4, "comment": HOSTILE}, expect=201)
        text = page(sam.get(f"/desk/customers/{calm.user_id('alice')}"))
        shown = words(text)
        for word in ("Alice Moreau", email("alice"), "Charged twice", "4 of 5", HOSTILE, ticket["readable_id"]):
            assert word in shown, word
        assert other["readable_id"] not in text
        assert "<script>alert" not in text

    def test_what_the_host_says_of_an_account_is_shown(self, calm: Desk, sam: Browser) -> None:
        pushed = {"name": "Acme Ltd", "plan": "scale", "traits": {"region": "eu"}, "usage": {"requests_7d": 284_310}}
        calm.as_("ada").put("/staff/accounts/acc_1", pushed, expect=200)
        claims = {"account": {"id": "acc_1"}, "usage": {"seats": 4}}
        made = calm.write(
            people.from_host, sub="h1", email="h@host.example", name="Hal", claims=claims, role=Role.CUSTOMER
        )
        shown = words(page(sam.get(f"/desk/customers/{made['id']}")))
        for word in ("Acme Ltd", "scale", "region eu", "requests_7d 284,310", "seats 4"):
            assert word in shown, word
        assert "Acme Ltd scale" in words(page(sam.get("/desk/customers")))

    def test_nobody(self, sam: Browser) -> None:
        for odd in ("x", "01a209a6-b354-71b6-9fc9-617097eabf15", "%00"):
            page(sam.get(f"/desk/customers/{odd}"), 404)

    def test_they_are_the_teams_alone(self, calm: Desk) -> None:
        alice = Browser(calm, "alice")
        page(alice.get("/desk/customers"), 403)
        page(alice.get(f"/desk/customers/{calm.user_id('alice')}"), 403)


class TestPalette:
    def test_it_begins_with_commands(self, sam: Browser) -> None:
        places = [place for place, _ in options(page(sam.get("/desk")))]
        assert places[0] == "/desk/tickets/new"
        assert {"/desk", "/desk?view=mine", "/desk/kb", "/desk/customers", "/desk/settings"} <= set(places)

    def test_it_finds_everything(self, calm: Desk, sam: Browser) -> None:
        ticket = calm.new_ticket(subject="Zanzibar invoices")
        calm.as_("sam").post("/staff/kb/articles", {"title": "Zanzibar", "body": "Far.", "status": "draft"}, expect=201)
        calm.as_("ada").post(
            "/staff/users", {"email": "z@zed.example", "name": "Zan Zanzibar", "role": "agent"}, expect=201
        )
        answer = sam.get("/desk/palette?q=zanzibar", headers=HTMX)
        assert "<html" not in answer.text
        found = options(answer.text)
        assert found[0] == (f"/desk/tickets/{ticket['readable_id']}", f"Open {ticket['readable_id']} Zanzibar invoices")
        assert [place.rpartition("/")[0] for place, _ in found[1:3]] == ["/desk/customers", "/desk/kb"]
        assert found[-1][0] == "/desk?view=all&q=zanzibar"
        assert re.findall(r'aria-selected="(true)"', answer.text) == ["true"]
        assert len(set(re.findall(r'id="(option-\d+)"', answer.text))) == len(found)

    def test_it_knows_tickets_by_what_they_are_called(self, calm: Desk, sam: Browser) -> None:
        ref = calm.new_ticket()["readable_id"]
        for typed in (ref, ref.lower(), ref.removeprefix("ALT-")):
            assert options(sam.get(f"/desk/palette?q={typed}", headers=HTMX).text)[0][0] == f"/desk/tickets/{ref}"
        assert options(sam.get("/desk/palette?q=ALT-999999", headers=HTMX).text)[0][0].startswith("/desk?view=all")

    def test_it_is_a_page_without_a_script(self, calm: Desk, sam: Browser) -> None:
        ref = calm.new_ticket(subject="Zanzibar")["readable_id"]
        text = page(sam.get("/desk/palette?q=zanzibar"))
        assert value_of(text, "q") == "zanzibar"
        assert len(re.findall(f'href="/desk/tickets/{ref}"', text)) == 1
        assert text.count('id="palette-list"') == 1

    @pytest.mark.parametrize("typed", ["%00", "%22%3E%3Cscript%3Ealert(1)", "x" * 900, "status:open", "🦆", "1" * 40])
    def test_odd_words(self, calm: Desk, sam: Browser, typed: str) -> None:
        calm.new_ticket()
        answer = sam.get(f"/desk/palette?q={typed}", headers=HTMX)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


class TestSpam:
    def held(self, desk: Desk, **more: Any) -> None:
        form = {"name": "Robo", "email": "robo@spam.example", "subject": "Buy", "body": "Pills.", "honeypot": "x"}
        desk.anyone().post("/tickets/public", form | more, expect=201)

    def test_what_was_held_back_is_shown_with_its_reason(self, calm: Desk, sam: Browser) -> None:
        self.held(calm, subject=HOSTILE)
        text = page(sam.get("/desk/spam"))
        shown = words(text)
        for word in ("robo@spam.example", HOSTILE, "Pills.", "A field was filled that people cannot see."):
            assert word in shown, word
        assert "<script>alert" not in text

    def test_a_release_makes_the_ticket_once(self, calm: Desk, sam: Browser) -> None:
        self.held(calm)
        (action,) = set(re.findall(r'action="(/desk/spam/[^"]+/release)"', page(sam.get("/desk/spam"))))
        done = sam.post(action)
        assert done.status_code == 303
        assert done.headers["location"].startswith("/desk/tickets/ALT-")
        page(sam.post(action), 409)
        assert "Nothing was held back." in page(sam.get("/desk/spam"))
        assert count(calm, "tickets") == 1

    def test_there_are_pages(self, calm: Desk, sam: Browser) -> None:
        for number in range(26):
            self.held(calm, subject=f"Offer {number}")
        first, second = words(page(sam.get("/desk/spam"))), words(page(sam.get("/desk/spam?page=2")))
        assert "Offer 25" in first
        assert "Offer 0" not in first
        assert "Offer 0" in second
        assert "That was all." in page(sam.get("/desk/spam?page=3"))
        for odd in ("0", "-1", "x", "9" * 30):
            page(sam.get(f"/desk/spam?page={odd}"))

    def test_nothing(self, calm: Desk, sam: Browser) -> None:
        for odd in ("x", "01a209a6-b354-71b6-9fc9-617097eabf15"):
            page(sam.post(f"/desk/spam/{odd}/release"), 404)
        page(Browser(calm, "alice").get("/desk/spam"), 403)
