"""A customer's ticket on its page: reading, answering, and everything one may do with it."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from deskhand.accounts.actor import SYSTEM
from deskhand.tickets import access, ops
from deskhand.tickets.model import NewReply, NewStaffReply
from tests.support.api import UNLIMITED, at_once, count, events_of, png, rows, statements, upload
from tests.support.app import Desk, running
from tests.support.pages import HOSTILE, Browser, error_of, page, text_of, value_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as made:
        yield made


@pytest.fixture
def alice(desk: Desk) -> Browser:
    return Browser(desk, "alice")


@pytest.fixture
def ticket(desk: Desk) -> dict[str, Any]:
    return desk.new_ticket(metadata={"job_id": "job_8412"}, category_slug="general")


def at(ticket: dict[str, Any], part: str = "") -> str:
    return f"/support/{ticket['readable_id']}{part}"


def as_sam(desk: Desk, ticket: dict[str, Any], body: str, status: str = "pending") -> None:
    desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": body, "status": status}, expect=201)


def as_customer(desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
    return desk.as_("alice").get(f"/tickets/{ticket['id']}", expect=200).json()


def words(text: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


class TestReading:
    def test_the_thread_in_order_with_what_happened_between(
        self, desk: Desk, alice: Browser, ticket: dict[str, Any]
    ) -> None:
        sam = desk.as_("sam")
        sam.patch(f"/staff/tickets/{ticket['id']}", {"category_slug": "billing", "tags": ["vip"]}, expect=200)
        sam.post(f"/staff/tickets/{ticket['id']}/notes", {"body": "Between us: quokka."}, expect=201)
        as_sam(desk, ticket, "Please try **again**.", "resolved")
        text = page(alice.get(at(ticket)))
        said = words(text)
        places = [
            said.index(some)
            for some in (
                "The body is empty",
                "Sam Okafor moved this from General to Billing",
                "Please try again",
                "Sam Okafor marked this as resolved",
                "How was our help?",
            )
        ]
        assert places == sorted(places)
        assert "<strong>again</strong>" in text
        assert "job_8412" in said
        for secret in ("quokka", "vip", "Between us"):
            assert secret not in text

    def test_looking_marks_as_read(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        as_sam(desk, ticket, "Hello.")
        assert alice.client.head(at(ticket), headers={"Cookie": alice.cookie}).status_code == 200
        assert desk.as_("alice").get("/tickets").json()["tickets"][0]["unread"] is True
        page(alice.get(f"/support/{ticket['id']}"))
        assert desk.as_("alice").get("/tickets").json()["tickets"][0]["unread"] is False
        before = rows(desk)
        page(alice.get(at(ticket)))
        assert rows(desk) == before

    @pytest.mark.parametrize("place", ["/api/v1/support/tickets/{id}", "/support/{readable_id}", "/support/{id}/news"])
    def test_what_comes_in_while_one_reads_is_unread(
        self, desk: Desk, alice: Browser, ticket: dict[str, Any], monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        sam, mark_read = desk.actor("sam"), ops.mark_read

        def late(tx: Connection, *given: Any) -> None:
            """Sam's second answer commits after the thread was read, and before that is written down."""
            if answers_left.pop():
                ops.reply(tx, sam, access.lock(tx, SYSTEM, ticket["id"]), NewStaffReply(body="One more thing."))
            mark_read(tx, *given)

        answers_left = [False, True]
        as_sam(desk, ticket, "Hello.")
        monkeypatch.setattr(ops, "mark_read", late)
        for expected in ("Hello.", "One more thing."):
            listed = desk.as_("alice").get("/tickets").json()["tickets"][0]
            assert listed["unread"] is True, expected
            assert expected in alice.get(place.format(**ticket)).text
        assert desk.as_("alice").get("/tickets").json()["tickets"][0]["unread"] is False

    def test_who_reads_an_old_copy_last_unreads_nothing(self, desk: Desk, ticket: dict[str, Any]) -> None:
        reader, copies = desk.actor("alice"), []
        for body in ("Hello.", "One more thing."):
            as_sam(desk, ticket, body)
            copies.append(desk.read(access.get, reader, ticket["id"]))
        for copy in reversed(copies):
            desk.write(ops.mark_read, reader, copy)
        assert desk.read(access.get, reader, ticket["id"]).unread is False

    def test_you_are_the_reader_and_no_other_customer(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        bob = desk.actor("bob")
        desk.write(lambda tx: ops.reply(tx, bob, access.lock(tx, SYSTEM, ticket["id"]), NewReply(body="Same here.")))
        desk.write(lambda tx: ops.close(tx, bob, access.lock(tx, SYSTEM, ticket["id"])))
        text = page(alice.get(at(ticket)))
        assert re.findall(r'<span class="strong clip">([^<]+)</span>', text) == ["You", "Bob Lindqvist"]
        assert "Bob Lindqvist closed this ticket" in words(text)
        assert [set(message["author"]) for message in as_customer(desk, ticket)["messages"]] == [{"type", "name"}] * 2

    def test_hostile_words_stay_words(self, desk: Desk, alice: Browser) -> None:
        hostile = desk.new_ticket(subject=HOSTILE, body=HOSTILE, metadata={"<b>k</b>": HOSTILE})
        as_sam(desk, hostile, HOSTILE)
        alice.post(at(hostile, "/change"), {"subject": "calm"})
        text = page(alice.get(at(hostile)))
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>k" not in text
        assert "49" not in words(text).replace(HOSTILE, "")
        assert HOSTILE in words(text)

    def test_pictures_and_files_stand_in_the_message(self, desk: Desk, alice: Browser) -> None:
        files = [upload(desk.as_("alice"), png(), "shot.png").json(), upload(desk.as_("alice")).json()]
        made = desk.new_ticket(body=" ".join(file["markdown"] for file in files))
        text = page(alice.get(at(made)))
        assert f'src="{files[0]["thumbnail_url"]}"' in text
        assert f'href="{files[0]["url"]}"' in text
        assert f'href="{files[1]["url"]}"' in text

    def test_a_thread_costs_no_more_statements_the_longer_it_is(
        self, desk: Desk, alice: Browser, ticket: dict[str, Any]
    ) -> None:
        def counted() -> int:
            page(alice.get(at(ticket)))
            with statements() as seen:
                page(alice.get(at(ticket)))
            return len(seen)

        as_sam(desk, ticket, "One.")
        few = counted()
        for number in range(8):
            desk.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": f"{number}"}, expect=201)
            as_sam(desk, ticket, f"{number}", "resolved")
        assert counted() <= few


class TestAnswering:
    def test_an_answer_is_the_same_act_as_the_apis(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        as_sam(desk, ticket, "Solved?", "resolved")
        answer = alice.post(at(ticket), {"body": "No.\r\n\r\n**Still**"})
        view = as_customer(desk, ticket)
        last = view["messages"][-1]
        assert answer.headers["location"] == f"{at(ticket)}#m-{last['id']}"
        assert (view["status"], last["body"], last["author"]["name"]) == ("open", "No.\n\n**Still**", "Alice Moreau")
        staff = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()["messages"][-1]
        assert (staff["identity"], staff["via"]) == ("session", "web")
        assert len(events_of(desk, "ticket.replied")) == 2
        assert "You opened this ticket again" in words(page(alice.get(at(ticket))))

    def test_a_form_sent_twice_answers_once(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        places = at_once(*[lambda: alice.post(at(ticket), {"body": "Once.", "once": "n"}).headers["location"]] * 3)
        assert len(set(places)) == 1
        assert len(as_customer(desk, ticket)["messages"]) == 2

    def test_files_come_with_it_without_a_script(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        answer = alice.post(at(ticket), {"body": ""}, files={"files": ("shot.png", png())})
        assert answer.status_code == 303
        (file,) = as_customer(desk, ticket)["messages"][-1]["attachments"]
        assert file["filename"] == "shot.png"

    @pytest.mark.parametrize("body", ["", "  \n ", "x" * 65_537, "a\x00b"])
    def test_what_is_refused_is_kept_beside_the_reason(
        self, desk: Desk, alice: Browser, ticket: dict[str, Any], body: str
    ) -> None:
        text = page(alice.post(at(ticket), {"body": body}), 422)
        assert error_of(text, "body")
        assert text_of(text, "body").split() == body.split()
        assert len(as_customer(desk, ticket)["messages"]) == 1

    def test_a_file_that_is_not_theirs_to_add(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        file = upload(desk.as_("mallory")).json()
        text = page(alice.post(at(ticket), {"body": file["markdown"]}), 422)
        assert "not yours" in error_of(text, "body")

    def test_the_limit_is_that_of_the_api(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path, limit_replies="1/hour") as desk:
            made, alice = desk.new_ticket(), Browser(desk, "alice")
            page(alice.post(at(made), {"body": " "}), 422)  # costs nothing
            desk.as_("alice").post(f"/tickets/{made['id']}/replies", {"body": "One."}, expect=201)
            answer = alice.post(at(made), {"body": "Two."})
            text = page(answer, 429)
            assert text_of(text, "body") == "Two."
            assert "That was a lot" in text
            assert int(answer.headers["retry-after"]) > 0


class TestNews:
    def pulse(self, text: str) -> str:
        found = re.search(r'id="news" hidden hx-get="([^"]+)"', text)
        assert found is not None
        return unescape(found[1])

    def test_nothing_new_is_nothing_at_all(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        url = self.pulse(alice.get(at(ticket)).text)
        desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/notes", {"body": "Between us."}, expect=201)
        desk.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"tags": ["vip"]}, expect=200)
        before = rows(desk)
        answer = alice.get(url, headers=HTMX)
        assert (answer.status_code, answer.text) == (204, "")
        assert rows(desk) == before

    def test_an_answer_comes_alone_and_counts_as_read(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        url = self.pulse(alice.get(at(ticket)).text)
        as_sam(desk, ticket, "Which page?")
        part = alice.get(url, headers=HTMX).text
        assert part.count("<article") == 1
        assert "Which page?" in part
        assert 'id="state" hx-swap-oob="true"' in part
        for other in ("<html", "<textarea", 'id="done"', "The body is empty"):
            assert other not in part
        assert desk.as_("alice").get("/tickets").json()["tickets"][0]["unread"] is False
        assert alice.get(self.pulse(part), headers=HTMX).status_code == 204

    def test_once_it_is_resolved_the_rating_comes_too(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        url = self.pulse(alice.get(at(ticket)).text)
        as_sam(desk, ticket, "Solved.", "resolved")
        part = alice.get(url, headers=HTMX).text
        assert "How was our help?" in part
        assert "Close ticket" not in part
        # What is being written into the rating stays when the ticket closes.
        desk.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": "closed"}, expect=200)
        part = alice.get(self.pulse(part), headers=HTMX).text
        assert "Sam Okafor closed this ticket" in words(part)
        assert "<article" not in part
        assert "How was our help?" not in part

    def test_a_session_that_ended_takes_nobody_away(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        url = self.pulse(alice.get(at(ticket)).text)
        as_sam(desk, ticket, "Hello.")
        alice.post("/logout")
        answer = alice.get(url, headers=HTMX)
        assert (answer.status_code, answer.headers.get("hx-redirect")) == (204, None)

    @pytest.mark.parametrize("query", ["", "?known=x&since=x&status=x", "?known=-1", "?known=99999999999&since=1"])
    def test_odd_questions(self, desk: Desk, alice: Browser, ticket: dict[str, Any], query: str) -> None:
        assert alice.get(at(ticket, f"/news{query}"), headers=HTMX).status_code == 200


class TestTurns:
    def test_close_and_reopen_are_said_once(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        for _ in range(2):
            assert alice.post(at(ticket, "/close")).headers["location"] == at(ticket)
        assert as_customer(desk, ticket)["status"] == "closed"
        assert "You closed this ticket" in words(page(alice.get(at(ticket))))
        for _ in range(2):
            assert alice.post(at(ticket, "/reopen")).headers["location"] == at(ticket)
        assert as_customer(desk, ticket)["status"] == "open"
        assert len(events_of(desk, "ticket.closed")) == len(events_of(desk, "ticket.reopened")) == 1

    def test_mute_and_unmute(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        assert "Unmute" not in page(alice.get(at(ticket)))
        alice.post(at(ticket, "/mute"), {"muted": "true"})
        assert as_customer(desk, ticket)["muted"] is True
        assert "Unmute" in page(alice.get(at(ticket)))
        alice.post(at(ticket, "/mute"))
        assert as_customer(desk, ticket)["muted"] is False

    def test_rating_once_in_words(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        page(alice.post(at(ticket, "/rate"), {"rating": "5"}), 409)
        as_sam(desk, ticket, "Solved.", "resolved")
        form = {"rating": "4", "comment": "Quick & clear."}
        answers = at_once(*[lambda: alice.post(at(ticket, "/rate"), form).status_code] * 3)
        assert sorted(answers) == [303, 409, 409]
        assert as_customer(desk, ticket)["satisfaction"]["comment"] == "Quick & clear."
        said = words(page(alice.get(at(ticket))))
        assert "You rated our help Good" in said
        assert "Quick & clear." in said
        text = page(alice.post(at(ticket, "/rate"), {"rating": "1"}), 409)
        assert "rated already" in text

    @pytest.mark.parametrize("form", [{}, {"rating": ""}, {"rating": "6"}, {"rating": "٣"}, {"rating": "4.5"}])
    def test_a_rating_needs_stars(
        self, desk: Desk, alice: Browser, ticket: dict[str, Any], form: dict[str, str]
    ) -> None:
        as_sam(desk, ticket, "Solved.", "resolved")
        text = page(alice.post(at(ticket, "/rate"), {**form, "comment": "kept"}), 422)
        assert 'id="rating-error"' in text
        assert text_of(text, "comment") == "kept"
        assert count(desk, "ratings") == 0

    def test_a_comment_that_is_too_long(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        as_sam(desk, ticket, "Solved.", "resolved")
        text = page(alice.post(at(ticket, "/rate"), {"rating": "3", "comment": "x" * 2001}), 422)
        assert error_of(text, "comment")
        assert re.search(r'value="3" required checked', text)


class TestChanging:
    def test_subject_category_and_priority(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        form = {"subject": "Empty pages", "category_slug": "billing", "priority": "urgent"}
        assert alice.post(at(ticket, "/change"), form).headers["location"] == at(ticket)
        view = as_customer(desk, ticket)
        assert (view["subject"], view["category"], view["priority"]) == ("Empty pages", "Billing", "urgent")
        said = words(page(alice.get(at(ticket))))
        assert "You changed the subject, which was “Empty content”" in said
        assert "You changed the priority from Medium to Urgent" in said

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            ({"subject": " "}, "subject"),
            ({"subject": "x" * 256}, "subject"),
            ({"priority": "hot"}, "priority"),
            ({"category_slug": "none"}, "category_slug"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field(
        self, desk: Desk, alice: Browser, ticket: dict[str, Any], form: dict[str, str], field: str
    ) -> None:
        text = page(alice.post(at(ticket, "/change"), {"subject": "Kept", **form}), 422)
        assert error_of(text, field)
        assert value_of(text, "subject") == form.get("subject", "Kept")
        assert re.search(r'<details class="about" open>', text)
        assert as_customer(desk, ticket)["subject"] == "Empty content"

    def test_one_that_was_closed_meanwhile(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        alice.post(at(ticket, "/close"))
        assert "not open any more" in page(alice.post(at(ticket, "/change"), {"priority": "low"}), 409)

    def test_a_retired_category_stays_chosen(self, desk: Desk, alice: Browser, ticket: dict[str, Any]) -> None:
        ticket = desk.new_ticket(category_slug="billing")
        desk.as_("ada").patch("/staff/categories/billing", {"retired": True}, expect=200)
        assert '<option value="billing" selected>' in page(alice.get(at(ticket)))
        form = {"subject": "New", "category_slug": "billing", "priority": "medium"}
        assert alice.post(at(ticket, "/change"), form).status_code == 303
        assert as_customer(desk, ticket)["subject"] == "New"
