"""The agent's workspace: one ticket, its thread, what goes out and what is changed."""

import re
from html import unescape

import pytest

from deskhand.kit.clock import SECOND, at, now
from tests.support.api import count, events_of, png, rows, upload
from tests.support.app import Desk
from tests.support.pages import Browser, page

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


@pytest.fixture
def sam(desk: Desk) -> Browser:
    return Browser(desk, "sam")


def place(ticket: dict[str, str]) -> str:
    return f"/desk/tickets/{ticket['readable_id']}"


def later(desk: Desk) -> None:
    """Ten seconds pass, and the worker does what is due."""
    with at(now() + 11 * SECOND):
        desk.work()


def test_the_page_tells_everything_that_staff_may_know(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket(metadata={"job_id": "job_8412"})
    desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/notes", {"body": "Their wall is new."}, expect=201)
    text = page(sam.get(place(ticket)))
    for word in (
        ticket["subject"],
        "Their wall is new.",
        "job_8412",
        "Alice Moreau",
        "signed in",
        "Note · only your team",
    ):
        assert word in unescape(text)


def test_a_guess_is_told_to_the_team_by_its_name_and_stays_told_once_corrected(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket(subject="Invoice", body="You charged my credit card twice for this invoice.")
    told = "Billing was guessed, "
    assert told in page(sam.get(place(ticket)))
    assert sam.post(f"{place(ticket)}/change", {"category_slug": "account"}).status_code == 303
    text = page(sam.get(place(ticket)))
    assert told in text
    words = re.search(r"What spoke for it: ([^<]+)<", text)
    assert words
    assert "invoice" in words[1]
    alices = page(Browser(desk, "alice").get(f"/support/{ticket['readable_id']}"))
    for never in ("was guessed", "What spoke"):
        assert never not in alices


@pytest.mark.parametrize("who", ["alice", "mallory"])
def test_customers_are_refused_and_visitors_asked_to_sign_in(desk: Desk, who: str) -> None:
    ticket = desk.new_ticket()
    page(Browser(desk, who).get(place(ticket)), 403)
    answer = desk.client.get(place(ticket))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={place(ticket)}")


def test_what_is_nothing_is_not_found(sam: Browser) -> None:
    for ref in ("ALT-9999", "nonsense", "../x", "01a209a6-b354-71b6-9fc9-617097eabf15"):
        assert sam.get(f"/desk/tickets/{ref}").status_code == 404


def test_a_reply_waits_ten_seconds_and_then_goes(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    sent = sam.post(f"{place(ticket)}/reply", {"body": "Try **again**.", "status": "resolved"})
    assert sent.headers["location"] == f"{place(ticket)}#latest"
    assert len(desk.as_("alice").get(f"/tickets/{ticket['id']}").json()["messages"]) == 1
    assert "Goes out in" in page(sam.get(place(ticket)))
    later(desk)
    thread = desk.as_("alice").get(f"/tickets/{ticket['id']}").json()
    assert [message["body"] for message in thread["messages"]][1:] == ["Try **again**."]
    assert thread["status"] == "resolved"
    assert "Goes out in" not in page(sam.get(place(ticket)))


def test_an_undone_reply_is_back_in_the_composer_and_never_goes(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    sam.post(f"{place(ticket)}/reply", {"body": "Not quite.", "status": "closed"})
    (held_id,) = re.findall(r"/undo/([0-9a-f-]{36})", page(sam.get(place(ticket))))
    text = page(sam.post(f"{place(ticket)}/undo/{held_id}"))
    assert "Not quite.</textarea>" in text
    assert '<option value="closed" selected>' in text
    later(desk)
    assert count(desk, "messages") == 1
    assert page(sam.post(f"{place(ticket)}/undo/{held_id}"), 409)


def test_a_double_click_sends_one_reply(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    form = {"body": "Once.", "once": "the-same"}
    for _ in range(2):
        assert sam.post(f"{place(ticket)}/reply", form).status_code == 303
    assert count(desk, "held_acts") == 1


def test_what_came_in_meanwhile_is_shown_before_anything_goes(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    (seen,) = re.findall(r'name="seen_messages" value="(\d+)"', page(sam.get(place(ticket))))
    desk.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "Never mind, it works."}, expect=201)
    text = page(sam.post(f"{place(ticket)}/reply", {"body": "Try this.", "seen_messages": seen}), 409)
    assert "Something new was written" in text
    assert "Never mind, it works." in text
    assert "Try this.</textarea>" in text
    assert count(desk, "held_acts") == 0
    (fresh,) = re.findall(r'name="seen_messages" value="(\d+)"', text)
    assert sam.post(f"{place(ticket)}/reply", {"body": "Try this.", "seen_messages": fresh}).status_code == 303


def test_notes_are_the_teams_alone(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    assert sam.post(f"{place(ticket)}/note", {"body": "Between us."}).status_code == 303
    assert "Between us." in page(sam.get(place(ticket)))
    assert "Between us." not in desk.as_("alice").get(f"/tickets/{ticket['id']}").text


@pytest.mark.parametrize("kind", ["reply", "note"])
@pytest.mark.parametrize("body", ["", "  \n ", "x" * 65_537, "with \x00 in it"])
def test_a_bad_text_stays_beside_its_reason(desk: Desk, sam: Browser, kind: str, body: str) -> None:
    ticket = desk.new_ticket()
    before = rows(desk)
    text = page(sam.post(f"{place(ticket)}/{kind}", {"body": body}), 422)
    assert re.search(rf'id="{kind}-body"[^>]*aria-invalid="true"', text)
    assert rows(desk) == before


def test_one_thing_is_changed_at_a_time(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    for given in (
        {"status": "pending"},
        {"priority": "urgent"},
        {"category_slug": "billing"},
        {"assignee_id": desk.user_id("sam")},
        {"assignee_id": ""},
        {"subject": "Nothing comes back"},
        {"tags": "vip, Scraping"},
    ):
        assert sam.post(f"{place(ticket)}/change", given).status_code == 303
    found = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()
    assert (found["status"], found["priority"], found["category_slug"]) == ("pending", "urgent", "billing")
    assert (found["assignee_id"], found["subject"]) == (None, "Nothing comes back")
    assert sorted(found["tags"]) == ["scraping", "vip"]


def test_a_stale_change_is_not_made_and_can_be_made_again(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    desk.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"priority": "low"}, expect=200)
    text = page(sam.post(f"{place(ticket)}/change", {"status": "closed", "version": "1"}), 412)
    assert "Somebody changed this ticket" in text
    assert desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()["status"] == "open"
    (version,) = set(re.findall(r'name="version" value="(\d+)"', text))
    assert sam.post(f"{place(ticket)}/change", {"status": "closed", "version": version}).status_code == 303


@pytest.mark.parametrize("given", [{"status": "gone"}, {"priority": "9"}, {"assignee_id": "nobody"}, {"subject": ""}])
def test_what_cannot_be_set_is_said(desk: Desk, sam: Browser, given: dict[str, str]) -> None:
    ticket = desk.new_ticket()
    before = rows(desk)
    page(sam.post(f"{place(ticket)}/change", given), 422)
    assert rows(desk) == before


def test_a_form_without_the_sessions_token_is_refused(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    page(sam.post(f"{place(ticket)}/note", {"body": "x", "csrf": "forged"}), 403)
    assert count(desk, "messages") == 1


def test_a_preview_sends_nothing(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    for headers in ({}, {"HX-Request": "true"}):
        answer = sam.post(f"{place(ticket)}/compose", {"body": "A **bold** <b>x</b>", "preview": "1"}, headers=headers)
        assert "<strong>bold</strong> &lt;b&gt;" in answer.text
    assert count(desk, "held_acts") == 0


def test_an_open_page_hears_of_news_and_only_of_news(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    (mark,) = re.findall(r'name="seen" value="([^"]+)"', page(sam.get(place(ticket))))
    pulse = f"{place(ticket)}/pulse?seen={mark}"
    assert sam.get(pulse).status_code == 204
    desk.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "Are you there?"}, expect=201)
    assert "Are you there?" in page(sam.get(pulse))


def test_files_come_with_the_form_where_there_is_no_script(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    sent = sam.post(f"{place(ticket)}/note", {"body": "See"}, files={"files": ("shot.png", png())})
    assert sent.status_code == 303
    text = page(sam.get(place(ticket)))
    assert 'alt="shot.png"' in text
    made = upload(desk.as_("sam")).json()
    sam.post(f"{place(ticket)}/reply", {"body": f"Here: {made['markdown']}"})
    later(desk)
    assert made["id"] in desk.as_("alice").get(f"/tickets/{ticket['id']}").text


def test_hostile_words_stay_words(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket(subject=HOSTILE, body=HOSTILE, metadata={HOSTILE[:64]: HOSTILE})
    sam.post(f"{place(ticket)}/change", {"tags": HOSTILE[:30]})
    text = page(sam.get(place(ticket)))
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_what_was_changed_is_told_in_words(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    sam.post(f"{place(ticket)}/change", {"assignee_id": desk.user_id("ada")})
    sam.post(f"{place(ticket)}/change", {"status": "resolved"})
    told = re.sub(r"<[^>]+>|\s+", " ", page(sam.get(place(ticket))))
    assert re.search(r"Sam Okafor\s+assigned it to\s+Ada Brandt", told)
    assert re.search(r"set the status to\s+Resolved", told)
    assert len(events_of(desk, "ticket.changed", ticket["id"])) == 2


def test_who_else_is_here_is_seen_and_whether_they_write(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    Browser(desk, "ada").get(f"{place(ticket)}/pulse?writing=1")
    assert "Ada Brandt is writing" in page(sam.get(place(ticket)))
    Browser(desk, "ada").get(f"{place(ticket)}/pulse?writing=")
    assert "Ada Brandt is looking" in page(sam.get(place(ticket)))


class TestMacros:
    @pytest.fixture
    def refund(self, desk: Desk) -> str:
        new = {
            "name": "Refund",
            "body": "Hi {{customer.first_name}}, it is done.",
            "actions": {"status": "resolved", "assignee": "me", "add_tags": ["refund"]},
        }
        return desk.as_("sam").post("/staff/macros", new, expect=201).json()["id"]

    def test_one_fills_the_composer_and_acts_when_the_answer_goes(self, desk: Desk, sam: Browser, refund: str) -> None:
        ticket = desk.new_ticket()
        assert "Refund" in sam.get(f"/desk/macros/menu?ticket={ticket['readable_id']}").text
        text = page(sam.post(f"{place(ticket)}/compose", {"body": "First:", "status": "pending", "use": refund}))
        assert "First:\n\nHi Alice, it is done.</textarea>" in text
        assert '<option value="resolved" selected>' in text
        form = {"body": "Hi Alice, it is done!", "status": "resolved", "macro": refund}
        assert sam.post(f"{place(ticket)}/reply", form).status_code == 303
        found = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()
        assert (found["status"], found["tags"], found["assignee_id"]) == ("open", [], None)
        later(desk)
        found = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()
        assert (found["status"], found["tags"], found["assignee_id"]) == ("resolved", ["refund"], desk.user_id("sam"))
        assert found["messages"][-1]["body"] == "Hi Alice, it is done!"

    def test_one_without_words_is_done_at_once(self, desk: Desk, sam: Browser) -> None:
        ticket = desk.new_ticket()
        new = {"name": "Urgent", "actions": {"priority": "urgent"}}
        macro_id = desk.as_("sam").post("/staff/macros", new, expect=201).json()["id"]
        answer = sam.post(f"{place(ticket)}/compose", {"body": "", "use": macro_id}, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (204, place(ticket))
        assert desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()["priority"] == "urgent"

    def test_another_agents_own_does_not_exist(self, desk: Desk, refund: str) -> None:
        ticket, ada = desk.new_ticket(), Browser(desk, "ada")
        assert "Refund" not in ada.get(f"/desk/macros/menu?ticket={ticket['readable_id']}").text
        for path, form in (("compose", {"use": refund}), ("reply", {"macro": refund, "body": "x"})):
            assert ada.post(f"{place(ticket)}/{path}", {"body": "x"} | form).status_code == 404
        assert count(desk, "held_acts") == 0
