"""Ten seconds to think better of it: what staff send is kept, can be taken back, and happens once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from deskhand import wiring
from deskhand.accounts import people
from deskhand.accounts.model import UserChange
from deskhand.attachments import sweep
from deskhand.doors import worker
from deskhand.kit import jobs
from deskhand.kit.clock import DAY, SECOND, at, now
from deskhand.kit.errors import Forbidden, Invalid, NotFound
from deskhand.tickets import access, due, held, ops, queries, texts
from deskhand.tickets.model import BulkChange, NewStaffReply, Priority, StaffTicketChange, Status
from tests.support.api import at_once, count, events_of, later, upload
from tests.support.app import Desk


def hold(desk: Desk, ticket: dict[str, Any], body: str = "Try again now.", who: str = "sam", **more: Any) -> held.Held:
    actor = desk.actor(who)
    new = NewStaffReply(body=body, **{name: more.pop(name) for name in ("status",) if name in more})
    return desk.write(lambda tx: held.hold_reply(tx, actor, access.get(tx, actor, ticket["id"]), new, **more))


def hold_change(desk: Desk, refs: list[str], who: str = "sam", **fields: Any) -> held.Held:
    return desk.write(held.hold_change, desk.actor(who), refs, BulkChange(**fields))


def thread(desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()


def said(desk: Desk, ticket: dict[str, Any]) -> list[str]:
    return [message["body"] for message in thread(desk, ticket)["messages"][1:]]


def work_later(desk: Desk, seconds: float = 11) -> None:
    with later(seconds):
        desk.work()


def job_of(desk: Desk, one: held.Held) -> Any:
    table = jobs.jobs
    wanted = select(table).where(table.c.dedupe_key == f"held.carry_out:{one.id}")
    return desk.read(lambda tx: tx.execute(wanted).mappings().one_or_none())


def test_a_reply_is_sent_after_ten_seconds_and_not_before(desk: Desk) -> None:
    ticket = desk.new_ticket()
    desk.work()
    one = hold(desk, ticket, status="resolved")
    assert one.due_at - now() in range(5 * SECOND, 10 * SECOND + 1)
    desk.work()
    assert said(desk, ticket) == []
    assert events_of(desk, "ticket.replied") == []
    assert desk.as_("alice").get(f"/tickets/{ticket['id']}").json()["status"] == "open"
    (waiting,) = desk.read(held.of_ticket, ticket["id"])
    assert waiting == one
    assert waiting.author_name == "Sam Okafor"
    work_later(desk)
    now_is = thread(desk, ticket)
    assert now_is["status"] == "resolved"
    (sent,) = now_is["messages"][1:]
    assert (sent["body"], sent["author"]["name"], sent["identity"], sent["via"]) == (
        "Try again now.",
        "Sam Okafor",
        "session",
        "web",
    )
    assert len(events_of(desk, "ticket.replied")) == 1
    assert desk.read(held.of_ticket, ticket["id"]) == []
    assert (count(desk, "held_acts"), count(desk, "held_tickets")) == (0, 0)


def test_it_waits_across_a_restart(desk: Desk) -> None:
    """All that there is of it lies in the database: another process finds it."""
    ticket = desk.new_ticket()
    hold(desk, ticket)
    other = wiring.prepare(desk.settings, desk.services.passwords)
    with later(11):
        worker.drain(other, wiring.PLAN, "another")
    other.store.close()
    assert said(desk, ticket) == ["Try again now."]


def test_what_is_taken_back_never_happened(desk: Desk) -> None:
    ticket = desk.new_ticket()
    one = hold(desk, ticket, "With a tpyo", change=StaffTicketChange(priority="high"))
    back = desk.write(held.take_back, desk.actor("sam"), one.id)
    assert back.given == {"body": "With a tpyo", "status": "pending", "change": {"priority": "high"}}
    assert back.ticket_ids == [ticket["id"]]
    assert job_of(desk, one) is None
    work_later(desk)
    assert said(desk, ticket) == []
    assert thread(desk, ticket)["priority"] == "medium"
    with pytest.raises(held.AlreadySent):
        desk.write(held.take_back, desk.actor("sam"), one.id)


def test_once_sent_it_cannot_be_taken_back(desk: Desk) -> None:
    one = hold(desk, ticket := desk.new_ticket())
    work_later(desk)
    for late in (held.take_back, held.send_now):
        with pytest.raises(held.AlreadySent):
            desk.write(late, desk.actor("sam"), one.id)
    assert said(desk, ticket) == ["Try again now."]


def test_only_its_maker_can_take_it_back(desk: Desk) -> None:
    one = hold(desk, desk.new_ticket())
    for who in ("ada", "alice", "mallory"):
        for act in (held.take_back, held.send_now):
            with pytest.raises((NotFound, Forbidden)):
                desk.write(act, desk.actor(who), one.id)
    with pytest.raises(NotFound):
        desk.write(held.take_back, desk.actor("sam"), "nonsense")
    assert [each.id for each in desk.read(held.by_author, desk.actor("sam"))] == [one.id]
    assert desk.read(held.by_author, desk.actor("ada")) == []


def test_customers_hold_nothing(desk: Desk) -> None:
    ticket = desk.new_ticket()
    with pytest.raises(Forbidden):
        hold(desk, ticket, who="alice")
    with pytest.raises(Forbidden):
        hold_change(desk, [ticket["id"]], who="alice", priority="high")
    with pytest.raises(Forbidden):
        desk.read(held.by_author, desk.actor("alice"))


def test_a_job_that_runs_twice_sends_once(desk: Desk) -> None:
    one = hold(desk, ticket := desk.new_ticket())
    at_once(*[lambda: due.run(desk.store, one.id)] * 4)
    due.run(desk.store, one.id)
    assert said(desk, ticket) == ["Try again now."]


def test_sent_or_taken_back_but_never_both(desk: Desk) -> None:
    ticket, sam = desk.new_ticket(), desk.actor("sam")

    def take(one: held.Held) -> bool:
        try:
            desk.write(held.take_back, sam, one.id)
        except held.AlreadySent:
            return False
        return True

    for number in range(8):
        one = hold(desk, ticket, f"Number {number}")
        _, taken = at_once(lambda one=one: due.run(desk.store, one.id), lambda one=one: take(one))
        assert (f"Number {number}" in said(desk, ticket)) != taken


def while_it_is_read(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[bool]:
    """Do it while a reply is rendered, on a thread of its own; each time, whether it had to wait for the reply."""
    waited, render = [], texts.render

    def rendering(body: str) -> str:
        doing = threading.Thread(target=act)
        doing.start()
        doing.join(timeout=3)
        waited.append(doing.is_alive())
        return render(body)

    monkeypatch.setattr(texts, "render", rendering)
    return waited


def test_nobody_waits_while_a_reply_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, ada = hold(desk, ticket := desk.new_ticket()), desk.actor("ada")

    def raise_priority() -> None:
        change = StaffTicketChange(priority=Priority.URGENT)
        desk.write(lambda tx: ops.change(tx, ada, access.lock(tx, ada, ticket["id"]), change))

    waited = while_it_is_read(monkeypatch, raise_priority)
    due.run(desk.store, one.id)
    assert waited == [False]
    assert said(desk, ticket) == ["Try again now."]
    assert (thread(desk, ticket)["priority"], thread(desk, ticket)["status"]) == ("urgent", "pending")


def test_what_is_taken_back_while_it_is_read_never_happened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = upload(desk.as_("sam")).json()
    one, sam = hold(desk, ticket := desk.new_ticket(), file["markdown"]), desk.actor("sam")
    waited = while_it_is_read(monkeypatch, lambda: desk.write(held.take_back, sam, one.id))
    due.run(desk.store, one.id)
    assert waited == [False]
    assert said(desk, ticket) == []
    assert events_of(desk, "ticket.replied") == []
    monkeypatch.undo()
    hold(desk, ticket, file["markdown"])
    work_later(desk)
    assert len(thread(desk, ticket)["messages"][1]["attachments"]) == 1


def test_it_can_be_sent_at_once(desk: Desk) -> None:
    one = hold(desk, ticket := desk.new_ticket())
    desk.write(held.send_now, desk.actor("sam"), one.id)
    desk.work()
    assert said(desk, ticket) == ["Try again now."]
    work_later(desk)
    assert said(desk, ticket) == ["Try again now."]


def test_a_macros_change_comes_with_its_reply(desk: Desk) -> None:
    ticket = desk.new_ticket()
    change = StaffTicketChange(assignee_id=desk.user_id("sam"), tags=["refund"], status="closed")
    hold(desk, ticket, change=change, status=Status.RESOLVED)
    work_later(desk)
    found = thread(desk, ticket)
    assert (found["assignee_id"], found["tags"], found["status"]) == (desk.user_id("sam"), ["refund"], "resolved")
    assert [entry.get("field") for entry in found["history"][1:]] == ["assignee_id", "tags", "status"]


def test_what_cannot_work_is_refused_at_once(desk: Desk) -> None:
    ticket = desk.new_ticket()
    for change in (StaffTicketChange(category_slug="no-such"), StaffTicketChange(assignee_id=desk.user_id("alice"))):
        with pytest.raises(Invalid):
            hold(desk, ticket, change=change)
    foreign = upload(desk.as_("ada")).json()
    with pytest.raises(Invalid, match="not yours"):
        hold(desk, ticket, f"See {foreign['markdown']}")
    assert count(desk, "held_acts") == 0


def test_files_wait_with_their_reply(desk: Desk) -> None:
    """Neither the sweep nor another message gets them, though they are not bound."""
    ticket, other, sam = desk.new_ticket(), desk.new_ticket("bob"), desk.as_("sam")
    file = upload(sam).json()
    hold(desk, ticket, f"See {file['markdown']}")
    sam.post(f"/staff/tickets/{other['id']}/notes", {"body": file["markdown"]}, expect=422)
    with pytest.raises(Invalid):
        hold(desk, other, file["markdown"])
    with at(now() + 3 * DAY):
        assert sweep.sweep(desk.store, desk.services.storage) == 0
    work_later(desk)
    (sent,) = thread(desk, ticket)["messages"][1:]
    assert [each["id"] for each in sent["attachments"]] == [file["id"]]
    assert desk.as_("alice").get(f"/attachments/{file['id']}").status_code == 200


def test_files_of_what_is_taken_back_have_another_day(desk: Desk) -> None:
    file = upload(desk.as_("sam")).json()
    one = hold(desk, ticket := desk.new_ticket(), file["markdown"])
    later_on = now() + 2 * DAY
    with at(later_on):
        desk.write(held.take_back, desk.actor("sam"), one.id)
    with at(later_on + DAY // 2):
        assert sweep.sweep(desk.store, desk.services.storage) == 0
    hold(desk, ticket, file["markdown"])
    work_later(desk)
    assert len(thread(desk, ticket)["messages"][1]["attachments"]) == 1


def test_a_file_of_the_ticket_may_be_named_again(desk: Desk) -> None:
    file = upload(desk.as_("alice")).json()
    ticket = desk.new_ticket(body=file["markdown"])
    hold(desk, ticket, f"In {file['markdown']} I see it.")
    work_later(desk)
    assert len(said(desk, ticket)) == 1


def test_an_author_who_left_sends_nothing_and_the_text_stays(desk: Desk) -> None:
    one = hold(desk, ticket := desk.new_ticket(), "All of it was typed by hand.")
    desk.write(people.change, desk.actor("ada"), desk.user_id("sam"), UserChange(disabled=True))
    work_later(desk)
    assert desk.read(access.get, desk.actor("ada"), ticket["id"]).status == "open"
    job = job_of(desk, one)
    assert (job["state"], job["attempts"]) == ("dead", 1)
    assert "Sam Okafor is not in the team any more" in job["error"]
    assert "typed" not in str(dict(job))
    (failed,) = desk.read(held.of_ticket, ticket["id"])
    assert (failed.given["body"], failed.problem) == ("All of it was typed by hand.", job["error"])
    listed = desk.as_("ada").get("/staff/jobs", expect=200).json()["jobs"]
    assert [each["error"] for each in listed] == [job["error"]]


def test_what_failed_is_sent_once_its_cause_is_gone(desk: Desk) -> None:
    ada, one = desk.actor("ada"), hold(desk, ticket := desk.new_ticket())
    desk.write(people.change, ada, desk.user_id("sam"), UserChange(disabled=True))
    work_later(desk)
    desk.write(people.change, ada, desk.user_id("sam"), UserChange(disabled=False))
    desk.write(held.send_now, desk.actor("sam"), one.id)
    desk.work()
    sent = desk.read(queries.thread, ticket["id"], notes=True)
    assert [message.body for message in sent[1:]] == ["Try again now."]
    assert job_of(desk, one)["state"] == "done"


def test_an_admin_clears_away_what_failed(desk: Desk) -> None:
    one = hold(desk, desk.new_ticket())
    desk.write(people.change, desk.actor("ada"), desk.user_id("sam"), UserChange(disabled=True))
    work_later(desk)
    assert desk.write(held.take_back, desk.actor("ada"), one.id).given["body"] == "Try again now."
    assert job_of(desk, one) is None


def test_a_change_of_many_tickets(desk: Desk) -> None:
    first, second = desk.new_ticket(), desk.new_ticket("bob", subject="Another")
    sam = desk.as_("sam")
    sam.patch(f"/staff/tickets/{first['id']}", {"tags": ["vip", "old"]}, expect=200)
    refs = [first["id"], second["readable_id"].lower()]
    one = hold_change(desk, refs, status="resolved", assignee_id=None, add_tags=["Sale"], remove_tags=["old", "none"])
    assert sorted(one.ticket_ids) == sorted([first["id"], second["id"]])
    assert [len(desk.read(held.of_ticket, ticket["id"])) for ticket in (first, second)] == [1, 1]
    desk.work()
    assert thread(desk, second)["status"] == "open"
    work_later(desk)
    found = [thread(desk, ticket) for ticket in (first, second)]
    assert [(each["status"], each["tags"]) for each in found] == [("resolved", ["sale", "vip"]), ("resolved", ["sale"])]
    assert len(events_of(desk, "ticket.changed")) == 3
    assert {event["actor_name"] for event in events_of(desk, "ticket.changed")} == {"Sam Okafor"}


def test_a_change_of_many_is_all_or_nothing(desk: Desk) -> None:
    """Tags that grew too many meanwhile stop it, and no ticket is half done."""
    first, second = desk.new_ticket(), desk.new_ticket("bob", subject="Another")
    one = hold_change(desk, [first["id"], second["id"]], status="closed", add_tags=["sale"])
    tags = [f"tag-{number}" for number in range(20)]
    desk.as_("ada").patch(f"/staff/tickets/{second['id']}", {"tags": tags}, expect=200)
    work_later(desk)
    assert [thread(desk, ticket)["status"] for ticket in (first, second)] == ["open", "open"]
    assert f"{second['readable_id']} would have more than 20 tags" in job_of(desk, one)["error"]


def test_a_change_that_cannot_work_is_refused_at_once(desk: Desk) -> None:
    ticket = desk.new_ticket()
    desk.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"tags": [f"t{n}" for n in range(20)]}, expect=200)
    for refs, fields, problem in (
        ([], {"priority": "low"}, "Choose 1 to 100"),
        ([ticket["id"]] * 101, {"priority": "low"}, "Choose 1 to 100"),
        ([ticket["id"]], {}, "nothing to change"),
        ([ticket["id"]], {"category_slug": "no-such"}, "no such category"),
        ([ticket["id"]], {"assignee_id": desk.user_id("alice")}, "no such active agent"),
        ([ticket["id"]], {"add_tags": ["one more"]}, "more than 20 tags"),
    ):
        with pytest.raises(Invalid, match=problem):
            hold_change(desk, refs, **fields)
    for ref in ("ALT-9", "nonsense", "019e3a5b-0000-7000-8000-000000000001"):
        with pytest.raises(NotFound):
            hold_change(desk, [ticket["id"], ref], priority="low")
    assert count(desk, "held_acts") == 0
