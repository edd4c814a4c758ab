"""A day's news in one mail, for those who asked for that."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from deskhand import wiring
from deskhand.accounts.tables import users
from deskhand.kit import jobs, schedule
from deskhand.kit.clock import DAY, now
from deskhand.notifications import digest
from deskhand.notifications.delivery import Post
from deskhand.notifications.tables import digest_items
from deskhand.tickets.tables import tickets
from tests.support.api import at_once
from tests.support.app import Desk
from tests.support.mails import Mail, mailed, outbox, told


def prefer(desk: Desk, who: str, **switches: bool) -> None:
    desk.as_(who).patch("/preferences", switches, expect=200)


def reply(desk: Desk, ticket: dict[str, Any], body: str = "Please try again.", who: str = "sam") -> None:
    desk.as_(who).post(f"/staff/tickets/{ticket['id']}/replies", {"body": body}, expect=201)


def change(desk: Desk, ticket: dict[str, Any], **given: Any) -> None:
    desk.as_("sam").patch(f"/staff/tickets/{ticket['id']}", given, expect=200)


def morning(desk: Desk) -> list[Mail]:
    """The digests that seven o'clock brings; each call is another day's."""
    desk.work()
    # What a day more does: yesterday's keys are free, and nothing else changes.
    desk.write(lambda tx: tx.execute(jobs.jobs.delete().where(jobs.jobs.c.kind.startswith("digest"))))
    desk.write(jobs.enqueue, "digest", {})
    return mailed(desk)


def waiting(desk: Desk) -> int:
    return len(desk.read(lambda tx: tx.execute(select(digest_items).where(digest_items.c.mail_id.is_(None))).all()))


def filed(desk: Desk, who: str = "alice", subject: str = "Empty content") -> dict[str, Any]:
    """A ticket of somebody who gets a digest, in a desk with Sam; what that wrote to the team is out of the way."""
    desk.user_id("sam")
    prefer(desk, who, email_digest=True, notify_on_status_change=True)
    ticket = desk.new_ticket(who, subject=subject)
    desk.work()
    return ticket


def test_a_days_news_come_in_one_mail_by_ticket_and_in_order(desk: Desk) -> None:
    first, second = filed(desk, subject="Empty content"), filed(desk, subject="Odd <invoice>")
    reply(desk, first)
    reply(desk, second)
    change(desk, first, status="resolved")
    change(desk, first, status="closed")
    desk.as_("sam").post(f"/staff/tickets/{first['id']}/notes", {"body": "xyzzy"}, expect=201)
    assert told(desk) == []
    (mail,) = morning(desk)
    assert (mail.to, mail.kind, mail.subject) == ("alice@acme.example", "digest", "Your tickets: 2 with news")
    one, two = mail.text.split(f"[{second['readable_id']}] Odd <invoice>")
    assert f"[{first['readable_id']}] Empty content" in one
    lines = ["- Sam Okafor answered", "- It is pending now", "- It is resolved now", "- Sam Okafor closed it"]
    assert [line for line in one.splitlines() if line.startswith("-") and line != "--"] == [lines[0], *lines[2:]]
    assert "- Sam Okafor answered" in two
    assert "Odd &lt;invoice&gt;" in mail.html
    assert "xyzzy" not in mail.words
    assert "Please try again" not in mail.words


def test_nothing_is_told_twice_and_nothing_is_lost(desk: Desk) -> None:
    ticket = filed(desk)
    assert morning(desk) == []
    reply(desk, ticket)
    assert len(morning(desk)) == 1
    assert morning(desk) == []
    reply(desk, ticket)
    assert waiting(desk) == 0
    assert told(desk) == []
    assert waiting(desk) == 1


def write(desk: Desk, who: str, day: str) -> None:
    """What the job does."""
    post = Post(desk.settings, desk.services.signer)
    if letter := desk.read(digest.compose, post, desk.user_id(who), day):
        desk.write(digest.keep, post, letter)


def test_there_is_one_digest_a_day(desk: Desk) -> None:
    ticket = filed(desk)
    reply(desk, ticket)
    assert len(morning(desk)) == 1
    reply(desk, ticket)
    assert morning(desk) == []  # the same date: the clock has not moved
    assert waiting(desk) == 1
    write(desk, "alice", "2199-01-01")
    assert waiting(desk) == 0


def test_two_workers_write_one(desk: Desk) -> None:
    reply(desk, filed(desk))
    desk.work()
    at_once(*[lambda: write(desk, "alice", "2026-05-18")] * 4)
    assert told(desk) == []
    (mail,) = [found for found in outbox(desk) if found.kind == "digest"]
    assert mail.text.count("answered") == 1


def test_news_that_two_days_mails_were_written_of_is_told_by_one(desk: Desk) -> None:
    """Yesterday's job comes late, at the same moment as today's; what came in between is not lost either."""
    ticket = filed(desk)
    reply(desk, ticket)
    desk.work()
    post, alice = Post(desk.settings, desk.services.signer), desk.user_id("alice")
    first, second = (desk.read(digest.compose, post, alice, day) for day in ("2026-05-17", "2026-05-18"))
    assert first
    assert second
    desk.write(digest.keep, post, first)
    reply(desk, ticket, "And another thing.")
    desk.work()
    with pytest.raises(jobs.TryLater):
        desk.write(digest.keep, post, second)
    assert len([mail for mail in outbox(desk) if mail.kind == "digest"]) == 1
    assert waiting(desk) == 1
    write(desk, "alice", "2026-05-18")
    assert waiting(desk) == 0
    assert len([mail for mail in outbox(desk) if mail.kind == "digest"]) == 2


def test_only_who_asked_gets_one(desk: Desk) -> None:
    filed(desk, "alice")
    ticket = desk.new_ticket("bob")
    desk.work()
    reply(desk, ticket)
    assert told(desk) == [("bob", "reply")]
    assert morning(desk) == []


def test_the_switches_say_what_is_news(desk: Desk) -> None:
    ticket = filed(desk)
    prefer(desk, "alice", notify_on_reply=False, notify_on_status_change=False)
    reply(desk, ticket)
    change(desk, ticket, status="resolved")
    assert morning(desk) == []
    change(desk, ticket, status="closed")
    (mail,) = morning(desk)
    assert mail.text.count("\n- ") == 1


def test_what_waits_is_told_though_single_mails_are_wanted_again(desk: Desk) -> None:
    ticket = filed(desk)
    reply(desk, ticket)
    desk.work()
    prefer(desk, "alice", email_digest=False)
    reply(desk, ticket)
    assert told(desk) == [("alice", "reply")]
    (mail,) = morning(desk)
    assert mail.text.count("answered") == 1


def test_a_mute_takes_back_what_waits(desk: Desk) -> None:
    first, second = filed(desk), filed(desk)
    reply(desk, first)
    reply(desk, second)
    desk.work()
    desk.as_("alice").patch(f"/tickets/{first['id']}/mute", {"muted": True}, expect=200)
    (mail,) = morning(desk)
    assert first["readable_id"] not in mail.words
    assert second["readable_id"] in mail.words


def test_one_click_in_a_digest_stops_all_mails(desk: Desk) -> None:
    ticket = filed(desk)
    reply(desk, ticket)
    (mail,) = morning(desk)
    reply(desk, ticket)
    desk.work()
    assert desk.client.get(mail.one_click).status_code == 200
    assert waiting(desk) == 1
    assert desk.client.post(mail.one_click, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert waiting(desk) == 0
    change(desk, ticket, status="closed")
    assert told(desk) == []
    assert waiting(desk) == 0
    assert set(desk.as_("alice").get("/preferences", expect=200).json().values()) == {False}
    # Whoever turns a switch on again hears of it again.
    prefer(desk, "alice", notify_on_reply=True)
    reply(desk, ticket)
    assert told(desk) == [("alice", "reply")]


def test_the_team_may_gather_its_news_and_stop_them_as_well(desk: Desk) -> None:
    desk.user_id("ada")
    prefer(desk, "sam", email_digest=True)
    ticket = desk.new_ticket()
    assert told(desk) == [("ada", "new_ticket")]
    desk.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And?"}, expect=201)
    desk.as_("alice").post(f"/tickets/{ticket['id']}/close", expect=200)
    desk.as_("alice").post(f"/tickets/{ticket['id']}/reopen", expect=200)
    (mail,) = [found for found in morning(desk) if found.kind == "digest"]
    assert mail.to == "sam@sam.example"
    for line in ("Alice Moreau filed it", "Alice Moreau replied", "Alice Moreau opened it again"):
        assert f"- {line}" in mail.text
    desk.client.post(mail.one_click)
    desk.new_ticket()
    assert told(desk) == [("ada", "new_ticket")]
    prefer(desk, "sam", email_digest=False)
    desk.new_ticket()
    assert told(desk) == [("ada", "new_ticket"), ("sam", "new_ticket")]


def test_who_is_shut_out_or_has_no_address_gets_none(desk: Desk) -> None:
    shut, lost = filed(desk, "alice"), filed(desk, "bob")
    reply(desk, shut)
    reply(desk, lost)
    desk.work()
    for who, values in (("alice", {"disabled_at": now()}), ("bob", {"email": None})):
        user_id = desk.user_id(who)
        desk.write(lambda tx, u=user_id, v=values: tx.execute(update(users).where(users.c.id == u).values(v)))
    assert morning(desk) == []
    assert desk.as_("sam").get("/staff/jobs", expect=200).json()["total"] == 0


def test_what_time_closed_has_nobodys_name(desk: Desk) -> None:
    ticket = filed(desk)
    change(desk, ticket, status="resolved")
    assert len(morning(desk)) == 1
    desk.write(lambda tx: tx.execute(update(tickets).values(resolved_at=now() - 8 * DAY)))
    desk.write(jobs.enqueue, "autoclose", {})
    desk.work()
    write(desk, "alice", "2199-01-01")
    mail = outbox(desk)[-1]
    assert "- It was solved a while ago, so we closed it" in mail.text
    assert "Deskhand closed" not in mail.words


def test_the_clock_brings_it_at_seven(desk: Desk, time_machine: Any) -> None:
    """In UTC, and within the hour where nobody was at work at that moment."""
    ticket = filed(desk)
    reply(desk, ticket)
    desk.work()
    for hour, minute, kinds in ((6, 59, 0), (7, 0, 1), (7, 30, 0), (7, 59, 0)):
        time_machine.move_to(datetime(2031, 5, 18, hour, minute, 30, tzinfo=UTC), tick=True)
        desk.write(schedule.enqueue_due, wiring.PLAN.regulars)
        assert [mail.kind for mail in mailed(desk)] == ["digest"] * kinds
