"""The plain pages that links in mails lead to: small, locked down, and of use to nobody without the link."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from deskhand.accounts import links, people
from deskhand.accounts.tables import users
from deskhand.kit.clock import DAY, HOUR, SECOND
from deskhand.notifications import urls
from tests.support.api import at_once, count, png, rows, upload
from tests.support.app import PASSWORD, Desk, email, running
from tests.support.pages import HOSTILE, error_of, secret_page, value_of

GOOD = "a long enough secret"


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, limit_public="off", limit_replies="off", brand="Acme & Sons") as made:
        yield made


def link(desk: Desk, purpose: str, path: str, user_id: str | None = None) -> str:
    return f"{path}?token={desk.write(links.issue, desk.services.signer, purpose, user_id)}"


def page(response: httpx2.Response, status: int = 200) -> str:
    text = secret_page(response, status)
    assert "Acme &amp; Sons" in text
    return text


def forged(token: str) -> str:
    """`token` with another sign in its midst."""
    middle = len(token) // 2
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]


def sign_in(desk: Desk, address: str, password: str) -> int:
    desk.client.cookies.clear()  # a session in the browser would want its CSRF token first
    return desk.client.post("/api/v1/auth/login", json={"email": address, "password": password}).status_code


class TestSetup:
    @pytest.fixture
    def url(self, desk: Desk) -> str:
        return link(desk, "first-admin", "/setup")

    def form(self, **given: str) -> dict[str, str]:
        return {"name": "Ada", "email": "ada@acme.example", "password": GOOD} | given

    def test_makes_the_first_admin_once(self, desk: Desk, url: str) -> None:
        for method in ("GET", "HEAD", "GET"):
            assert desk.client.request(method, url).status_code == 200
        done = desk.client.post(url, data=self.form())
        assert (done.status_code, done.headers["location"]) == (303, "/desk")
        assert "httponly" in done.headers["set-cookie"].lower()
        assert sign_in(desk, "ada@acme.example", GOOD) == 200
        page(desk.client.get(url), 404)
        page(desk.client.post(url, data=self.form(email="mallory@acme.example")), 404)
        assert desk.read(people.count_admins) == 1

    def test_of_two_at_once_one_becomes_admin(self, desk: Desk, url: str) -> None:
        answers = at_once(
            *(lambda n=n: desk.client.post(url, data=self.form(email=f"a{n}@x.example")).status_code for n in range(4))
        )
        assert sorted(answers) == [303, 404, 404, 404]
        assert desk.read(people.count_admins) == 1

    def test_a_link_that_was_not_used_makes_no_second_admin(self, desk: Desk, url: str) -> None:
        desk.user_id("ada")
        page(desk.client.post(url, data=self.form(email="mallory@acme.example")), 409)
        assert desk.read(people.count_admins) == 1

    @pytest.mark.parametrize("token", ["", "x", "é", "%00", "A" * 79, "A" * 5000])
    def test_a_wrong_token_leads_nowhere(self, desk: Desk, token: str) -> None:
        for answer in (desk.client.get(f"/setup?token={token}"), desk.client.post(f"/setup?token={token}", data={})):
            page(answer, 404)
        assert count(desk, "users") == 0

    def test_a_link_ends_after_its_days(self, desk: Desk, url: str, time_machine: Any) -> None:
        time_machine.move_to(datetime.now(UTC))
        time_machine.shift(7 * DAY // SECOND + 2)
        page(desk.client.get(url), 404)
        page(desk.client.post(url, data=self.form()), 404)

    def test_links_for_other_purposes_do_not_do(self, desk: Desk) -> None:
        alice = desk.user_id("alice")
        for purpose in ("reset", "verify", "invite"):
            page(desk.client.get(link(desk, purpose, "/setup", alice)), 404)

    @pytest.mark.parametrize(
        ("given", "field", "says"),
        [
            ({"password": "short"}, "password", "10"),
            ({"password": "ada@acme.example"}, "password", ""),
            ({"password": "1234567890"}, "password", ""),
            ({"password": ""}, "password", ""),
            ({"email": "no address"}, "email", ""),
            ({"name": "  "}, "name", ""),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
        self, desk: Desk, url: str, given: dict[str, str], field: str, says: str
    ) -> None:
        typed = self.form(**given)
        text = page(desk.client.post(url, data=typed), 422)
        assert says in error_of(text, field)
        for name in {"name", "email"} - {field}:
            assert value_of(text, name) == typed[name]
        assert GOOD not in text  # a password is never sent back
        assert desk.read(people.count_admins) == 0
        assert desk.client.post(url, data=self.form()).headers["location"] == "/desk"

    def test_an_address_that_is_taken(self, desk: Desk, url: str) -> None:
        desk.user_id("alice")
        text = page(desk.client.post(url, data=self.form(email=email("alice"))), 409)
        assert "already" in error_of(text, "email")
        assert value_of(text, "name") == "Ada"
        assert desk.client.post(url, data=self.form()).headers["location"] == "/desk"

    def test_hostile_words_stay_words(self, desk: Desk, url: str) -> None:
        text = page(desk.client.post(url, data=self.form(name=HOSTILE, password="x")), 422)
        assert value_of(text, "name") == HOSTILE
        assert "<script>alert" not in text
        assert "49" not in value_of(text, "name")


class TestReset:
    def test_sets_the_password_once_and_ends_every_session(self, desk: Desk) -> None:
        alice = desk.as_("alice")
        alice.get("/tickets", expect=200)
        url = link(desk, "reset", "/login/reset", desk.user_id("alice"))
        for method in ("GET", "HEAD", "GET"):
            assert desk.client.request(method, url).status_code == 200
        assert sign_in(desk, email("alice"), PASSWORD) == 200
        text = page(desk.client.post(url, data={"password": "short"}), 422)
        assert "10" in error_of(text, "password")
        page(desk.client.post(url, data={"password": GOOD}))
        assert sign_in(desk, email("alice"), GOOD) == 200
        assert sign_in(desk, email("alice"), PASSWORD) == 401
        alice.get("/tickets", expect=401)
        page(desk.client.get(url), 404)
        page(desk.client.post(url, data={"password": "yet another one"}), 404)
        assert sign_in(desk, email("alice"), GOOD) == 200

    def test_an_invitation_lets_in(self, desk: Desk) -> None:
        new = {"email": "kim@kim.example", "name": "Kim", "role": "agent"}
        desk.as_("ada").post("/staff/users", new, expect=201)
        kim = desk.read(people.find_by_login, "kim@kim.example")["id"]
        page(desk.client.post(link(desk, "invite", "/login/reset", kim), data={"password": GOOD}))
        assert sign_in(desk, "kim@kim.example", GOOD) == 200

    def test_only_its_own_links_do(self, desk: Desk) -> None:
        alice = desk.user_id("alice")
        for purpose in ("verify", "first-admin"):
            url = link(desk, purpose, "/login/reset", alice)
            page(desk.client.get(url), 404)
            page(desk.client.post(url, data={"password": GOOD}), 404)
        page(desk.client.get("/login/reset"), 404)
        page(desk.client.post("/login/reset", data={"password": GOOD}), 404)
        assert sign_in(desk, email("alice"), PASSWORD) == 200

    def test_it_ends_after_an_hour(self, desk: Desk, time_machine: Any) -> None:
        url = link(desk, "reset", "/login/reset", desk.user_id("alice"))
        time_machine.move_to(datetime.now(UTC))
        time_machine.shift(HOUR // SECOND + 2)
        page(desk.client.post(url, data={"password": GOOD}), 404)


class TestVerify:
    @pytest.fixture
    def nina(self, desk: Desk) -> str:
        hashed = desk.services.passwords.hash(GOOD)
        made = desk.write(
            people.create_own, email="nina@nina.example", name="Nina", password_hash=hashed, verified=False
        )
        return made["id"]

    def test_looking_changes_nothing_and_the_password_confirms(self, desk: Desk, nina: str) -> None:
        url = link(desk, "verify", "/login/verify", nina)
        before = rows(desk)
        for method in ("GET", "HEAD", "GET"):
            assert desk.client.request(method, url).status_code == 200
        assert rows(desk) == before
        assert sign_in(desk, "nina@nina.example", GOOD) == 403
        page(desk.client.post(url, data={"password": GOOD}))
        assert sign_in(desk, "nina@nina.example", GOOD) == 200
        page(desk.client.get(url), 404)

    def test_whoever_has_only_the_link_confirms_nothing(self, desk: Desk, nina: str) -> None:
        url = link(desk, "verify", "/login/verify", nina)
        for wrong in ("not the password", "", "\x00"):
            text = page(desk.client.post(url, data={"password": wrong}), 422)
            assert error_of(text, "password")
        page(desk.client.post(url), 422)
        assert sign_in(desk, "nina@nina.example", GOOD) == 403
        page(desk.client.post(url, data={"password": GOOD}))

    def test_only_its_own_links_do(self, desk: Desk, nina: str) -> None:
        page(desk.client.post(link(desk, "reset", "/login/verify", nina), data={"password": GOOD}), 404)
        page(desk.client.get("/login/verify"), 404)
        assert sign_in(desk, "nina@nina.example", GOOD) == 403


class TestThread:
    @pytest.fixture
    def ticket(self, desk: Desk) -> dict[str, Any]:
        form = {"name": "Vera", "email": "vera@visitor.example", "subject": "Hello", "body": "Is anyone *there*?"}
        desk.user_id("sam")
        return desk.anyone().post("/tickets/public", form, expect=201).json()

    def url(self, desk: Desk, ticket: dict[str, Any]) -> str:
        return f"/t/{desk.services.signer.sign(urls.TICKET, [ticket['id']], DAY)}"

    def staff_view(self, desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
        return desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()

    def test_shows_the_thread_and_confirms_the_address(self, desk: Desk, ticket: dict[str, Any]) -> None:
        assert self.staff_view(desk, ticket)["verified"] is False
        text = page(desk.client.get(self.url(desk, ticket)))
        assert ticket["readable_id"] in text
        assert "Is anyone <em>there</em>?" in text
        view = self.staff_view(desk, ticket)
        assert view["verified"] is True
        before = rows(desk)
        page(desk.client.get(self.url(desk, ticket)))
        assert rows(desk) == before

    def test_an_answer_is_filed_and_the_page_comes_back(self, desk: Desk, ticket: dict[str, Any]) -> None:
        url = self.url(desk, ticket)
        desk.client.get(url)
        desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "Here we are."}, expect=201)
        answer = desk.client.post(url, data={"body": "Good.\r\n\r\n**Thanks**"})
        assert (answer.status_code, answer.headers["location"].partition("#")[0]) == (303, url)
        assert answer.headers["referrer-policy"] == "no-referrer"
        text = page(desk.client.get(answer.headers["location"]))
        assert text.index("Is anyone") < text.index("Here we are.") < text.index("<strong>Thanks</strong>")
        view = self.staff_view(desk, ticket)
        last = view["messages"][-1]
        assert (view["status"], last["identity"], last["author"]["name"]) == ("open", "signed_link", "Vera")

    def test_the_first_answer_may_come_without_a_look(self, desk: Desk, ticket: dict[str, Any]) -> None:
        assert desk.client.post(self.url(desk, ticket), data={"body": "Yes."}).status_code == 303
        assert self.staff_view(desk, ticket)["verified"] is True

    @pytest.mark.parametrize("body", ["", "   \n ", "x" * 65_537, "with \x00 in it", "![a](attachment:nothing)" * 11])
    def test_what_is_refused_is_kept_beside_the_reason(self, desk: Desk, ticket: dict[str, Any], body: str) -> None:
        answer = desk.client.post(self.url(desk, ticket), data={"body": body})
        if answer.status_code == 303:  # links that name no file are just words
            assert "attachment:" in body
            return
        text = page(answer, 422)
        assert error_of(text, "body")
        shown = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", text, re.DOTALL)
        assert shown is not None
        assert unescape(shown[1]).split() == body.split()
        assert len(self.staff_view(desk, ticket)["messages"]) == 1

    def test_a_spent_limit_keeps_what_was_typed(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path, limit_replies="2/hour", brand="Acme & Sons") as desk:
            ticket = desk.new_ticket()
            url = self.url(desk, ticket)
            for _ in range(2):
                assert desk.client.post(url, data={"body": "More."}).status_code == 303
            answer = desk.client.post(url, data={"body": "And yet more <b>"})
            text = page(answer, 429)
            assert 0 < int(answer.headers["retry-after"]) <= 3600
            assert "And yet more &lt;b&gt;" in text
            assert error_of(text, "body")
            # It is the person's limit, through whichever door.
            desk.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "x"}, expect=429)

    def test_hostile_words_stay_words(self, desk: Desk) -> None:
        form = {"name": HOSTILE, "email": "v@visitor.example", "subject": HOSTILE, "body": HOSTILE}
        ticket = desk.anyone().post("/tickets/public", form, expect=201).json()
        url = self.url(desk, ticket)
        text = page(desk.client.get(url))
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "{{7*7}}" in unescape(text)
        text = page(desk.client.post(url, data={"body": "x" * 65_537 + "</textarea><script>alert(1)</script>"}), 422)
        assert "<script>alert" not in text

    def test_notes_and_what_else_is_the_teams_are_not_there(self, desk: Desk, ticket: dict[str, Any]) -> None:
        sam = desk.as_("sam")
        file = upload(sam, b"secret plans", "plans.txt", expect=201).json()
        body = {"body": f"xyzzy: a fraud {file['markdown']}"}
        sam.post(f"/staff/tickets/{ticket['id']}/notes", body, expect=201)
        sam.patch(f"/staff/tickets/{ticket['id']}", {"tags": ["plugh"]}, expect=200)
        url = self.url(desk, ticket)
        text = page(desk.client.get(url))
        for secret in ("xyzzy", "plans.txt", file["id"], "plugh"):
            assert secret not in text
        page(desk.client.get(f"{url}/attachments/{file['id']}"), 404)

    def test_files_open_by_the_link_of_their_ticket_alone(self, desk: Desk, ticket: dict[str, Any]) -> None:
        sam, url = desk.as_("sam"), self.url(desk, ticket)
        image, log = upload(sam, png(), "shot.png", expect=201).json(), upload(sam, b"words", expect=201).json()
        body = {"body": f"See {image['markdown']} and {log['markdown']}"}
        loose = upload(sam, b"not sent", expect=201).json()
        sam.post(f"/staff/tickets/{ticket['id']}/replies", body, expect=201)
        text = page(desk.client.get(url))
        assert f'src="{url}/attachments/{image["id"]}"' in text
        assert f'href="{url}/attachments/{log["id"]}"' in text
        assert "/api/v1" not in text
        got = desk.client.get(f"{url}/attachments/{log['id']}")
        assert (got.status_code, got.content, got.headers["x-content-type-options"]) == (200, b"words", "nosniff")
        assert desk.client.get(f"{url}/attachments/{image['id']}").headers["content-type"] == "image/png"
        part = desk.client.get(f"{url}/attachments/{log['id']}", headers={"Range": "bytes=1-2"})
        assert (part.status_code, part.content) == (206, b"or")

        other = self.url(desk, desk.new_ticket("bob"))
        theirs = upload(desk.as_("bob"), b"Bob's", expect=201).json()
        desk.new_ticket("bob", body=theirs["markdown"])
        for path in (
            f"{other}/attachments/{log['id']}",
            f"{url}/attachments/{theirs['id']}",
            f"{url}/attachments/{loose['id']}",
            f"{url}/attachments/nothing",
            f"{url}/attachments/..%2f..%2fdeskhand.db",
            f"/t/forged/attachments/{log['id']}",
        ):
            assert desk.client.get(path).status_code == 404, path
        # Without the link nothing opens.
        assert desk.client.get(log["url"]).status_code == 401

    def test_a_link_opens_one_ticket_of_the_same_person_and_no_other(self, desk: Desk) -> None:
        first, second = desk.new_ticket("bob", subject="First one"), desk.new_ticket("bob", subject="Second one")
        text = page(desk.client.get(self.url(desk, first)))
        assert "First one" in text
        assert second["readable_id"] not in text
        assert "Second one" not in text

    def test_forged_foreign_and_old_links_lead_nowhere(self, desk: Desk, ticket: dict[str, Any]) -> None:
        sign, before = desk.services.signer.sign, rows(desk)
        good = self.url(desk, ticket)
        foreign = [
            sign(urls.SILENCE, [desk.user_id("sam"), ticket["id"]], None),
            sign("reset", [ticket["id"]], DAY),
            sign(urls.TICKET, [ticket["id"]], -SECOND),
            sign(urls.TICKET, ["01a00000-0000-7000-8000-000000000000"], DAY),
            forged(good[3:]),
            good[3:] + "A",
            "x",
            "é",
            "%00",
            "A" * 100,
        ]
        for token in foreign:
            for answer in (desk.client.get(f"/t/{token}"), desk.client.post(f"/t/{token}", data={"body": "x"})):
                assert answer.status_code == 404, token
                assert "Traceback" not in answer.text
                assert "Hello" not in answer.text
        page(desk.client.get("/t/x"), 404)
        assert rows(desk) == before

    def test_whoever_is_shut_out_does_not_come_in_by_an_old_link(self, desk: Desk) -> None:
        ticket = desk.new_ticket("bob")
        url, bob = self.url(desk, ticket), desk.user_id("bob")
        page(desk.client.get(url))
        desk.as_("ada").patch(f"/staff/users/{bob}", {"disabled": True}, expect=200)
        page(desk.client.get(url), 404)
        page(desk.client.post(url, data={"body": "Still here."}), 404)

    def test_odd_bodies_are_no_bugs(self, desk: Desk, ticket: dict[str, Any]) -> None:
        url = self.url(desk, ticket)
        page(desk.client.get(url))
        for content, kind in (
            (b"", ""),
            (b'{"body": "x"}', "application/json"),
            (b"body=%ff%fe", "application/x-www-form-urlencoded"),
            (b"\xff\xfe", "multipart/form-data; boundary=x"),
            (b"body=x&body=y&admin=1&ticket_id=2", "application/x-www-form-urlencoded"),
            (b"body=" + b"x" * 5_000_000, "application/x-www-form-urlencoded"),
            (b"a=1&" * 5_000, "application/x-www-form-urlencoded"),
        ):
            answer = desk.client.post(url, content=content, headers={"Content-Type": kind})
            assert answer.status_code in {303, 400, 413, 415, 422}, (content[:40], answer.status_code)
            assert "Traceback" not in answer.text
        files = desk.client.post(url, files={"body": ("x.txt", b"a file")})
        assert files.status_code in {400, 422}


class TestUnsubscribe:
    def url(self, desk: Desk, who: str, ticket: dict[str, Any] | None) -> str:
        return urls.silence(
            desk.settings, desk.services.signer, desk.user_id(who), ticket and ticket["id"]
        ).removeprefix("http://testserver")

    def muted(self, desk: Desk, ticket: dict[str, Any]) -> bool:
        return desk.as_("alice").get(f"/tickets/{ticket['id']}", expect=200).json()["muted"]

    def test_looking_changes_nothing_and_a_post_mutes(self, desk: Desk) -> None:
        ticket = desk.new_ticket()
        url, before = self.url(desk, "alice", ticket), rows(desk)
        page(desk.client.get(url))
        assert desk.client.head(url).status_code == 200
        assert rows(desk) == before
        page(desk.client.post(url, data={"List-Unsubscribe": "One-Click"}))
        assert self.muted(desk, ticket) is True
        for _ in range(2):
            page(desk.client.post(url))
        assert self.muted(desk, ticket) is True

    def test_a_digests_link_stops_all(self, desk: Desk) -> None:
        desk.as_("alice").patch("/preferences", {"email_digest": True}, expect=200)
        url = self.url(desk, "alice", None)
        page(desk.client.get(url))
        assert desk.as_("alice").get("/preferences", expect=200).json()["email_digest"] is True
        page(desk.client.post(url))
        assert set(desk.as_("alice").get("/preferences", expect=200).json().values()) == {False}

    def test_forged_and_foreign_tokens_lead_nowhere(self, desk: Desk) -> None:
        ticket, before = desk.new_ticket(), rows(desk)
        for token in (
            "x",
            desk.services.signer.sign(urls.TICKET, [ticket["id"]], DAY),
            forged(self.url(desk, "alice", ticket).rpartition("/")[2]),
        ):
            page(desk.client.get(f"/unsubscribe/{token}"), 404)
            page(desk.client.post(f"/unsubscribe/{token}"), 404)
        assert rows(desk) == before

    def test_a_link_works_for_as_long_as_the_mail_lies_about(self, desk: Desk, time_machine: Any) -> None:
        url = self.url(desk, "alice", desk.new_ticket())
        time_machine.move_to(datetime.now(UTC))
        time_machine.shift(10 * 365 * 86_400)
        page(desk.client.post(url))

    def test_it_is_of_no_use_on_what_is_gone(self, desk: Desk) -> None:
        nobody = "01a00000-0000-7000-8000-000000000000"
        for payload in ([nobody, None], [nobody, nobody]):
            token = desk.services.signer.sign(urls.SILENCE, payload, None)
            assert desk.client.post(f"/unsubscribe/{token}").status_code in {200, 404}


def test_other_methods_are_refused(desk: Desk) -> None:
    for path in ("/setup", "/login/reset", "/login/verify", "/t/x", "/unsubscribe/x"):
        for method in ("PUT", "PATCH", "DELETE"):
            answer = desk.client.request(method, path)
            assert (answer.status_code, "POST" in answer.headers["allow"]) == (405, True), (method, path)


def test_a_bug_shows_nothing_of_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(links, "peek", broken)
    answer = desk.client.get(link(desk, "reset", "/login/reset", desk.user_id("alice")))
    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    assert "Traceback" not in answer.text


def test_the_style_sheet_is_served(desk: Desk) -> None:
    text = page(desk.client.get("/t/x"), 404)
    sheet = re.search(r'<link rel="stylesheet" href="([^"]+)"', text)
    assert sheet is not None
    assert desk.client.get(sheet[1]).headers["content-type"].startswith("text/css")


def test_disabled_and_enabled_again(desk: Desk) -> None:
    """A reset's link does not let in whoever is shut out."""
    alice = desk.user_id("alice")
    url = link(desk, "reset", "/login/reset", alice)
    desk.write(lambda tx: tx.execute(update(users).where(users.c.id == alice).values(disabled_at=1)))
    desk.client.post(url, data={"password": GOOD})
    assert sign_in(desk, email("alice"), GOOD) == 401
