"""What a customer is told of what happened to a ticket between its messages."""

from typing import Any

from deskhand.tickets import counts, queries, schedule, timeline
from tests.support.api import later
from tests.support.app import Desk


def told(desk: Desk, ticket_id: str) -> list[tuple[int, str, str, str, str]]:
    """(after which message, field, old, new, by whom), in order."""
    seen = [message.id for message in desk.read(queries.thread, ticket_id, notes=False)]
    steps: Any = desk.read(timeline.steps, ticket_id, desk.user_id("alice"))
    assert set(steps) <= set(seen)
    return [
        (seen.index(after), step["field"], step["old"], step["new"], step["actor"]["name"])
        for after, some in sorted(steps.items(), key=lambda item: seen.index(item[0]))
        for step in some
    ]


def test_steps_stand_after_the_message_that_they_came_after(desk: Desk) -> None:
    ticket_id = desk.new_ticket(category_slug="general")["id"]
    alice, sam = desk.as_("alice"), desk.as_("sam")
    alice.patch(f"/tickets/{ticket_id}", {"priority": "high", "subject": "Empty pages"}, expect=200)
    sam.patch(f"/staff/tickets/{ticket_id}", {"category_slug": "billing"}, expect=200)
    sam.post(f"/staff/tickets/{ticket_id}/replies", {"body": "Done.", "status": "resolved"}, expect=201)
    alice.post(f"/tickets/{ticket_id}/close", expect=200)
    alice.post(f"/tickets/{ticket_id}/replies", {"body": "Not quite."}, expect=201)
    assert told(desk, ticket_id) == [
        (0, "priority", "medium", "high", "Alice Moreau"),
        (0, "subject", "Empty content", "Empty pages", "Alice Moreau"),
        (0, "category", "General", "Billing", "Sam Okafor"),
        (1, "status", "open", "resolved", "Sam Okafor"),
        (1, "status", "resolved", "closed", "Alice Moreau"),
        (2, "status", "closed", "open", "Alice Moreau"),
    ]


def test_whose_turn_it_is_goes_without_saying_after_an_answer(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    desk.as_("sam").post(f"/staff/tickets/{ticket_id}/replies", {"body": "Which page?"}, expect=201)
    desk.as_("alice").post(f"/tickets/{ticket_id}/replies", {"body": "All."}, expect=201)
    assert told(desk, ticket_id) == []
    desk.as_("sam").patch(f"/staff/tickets/{ticket_id}", {"status": "pending"}, expect=200)
    assert told(desk, ticket_id) == [(2, "status", "open", "pending", "Sam Okafor")]


def test_what_is_the_teams_alone_is_not_told_though_one_act_changed_both(desk: Desk) -> None:
    ticket_id, sam, ada = desk.new_ticket()["id"], desk.as_("sam"), desk.user_id("ada")
    at = f"/staff/tickets/{ticket_id}"
    sam.post(f"{at}/notes", {"body": "Between us: quokka."}, expect=201)
    sam.patch(at, {"assignee_id": ada, "tags": ["quokka"]}, expect=200)
    sam.patch(at, {"priority": "low", "assignee_id": None, "tags": ["wombat"]}, expect=200)
    desk.as_("alice").post(f"/tickets/{ticket_id}/close", expect=200)
    desk.as_("alice").post(f"/tickets/{ticket_id}/satisfaction", {"rating": 2, "comment": "Slow."}, expect=201)
    steps = desk.read(timeline.steps, ticket_id, desk.user_id("alice"))
    changed = [step[1:4] for step in told(desk, ticket_id)]
    assert changed == [("priority", "medium", "low"), ("status", "open", "closed")]
    for secret in ("quokka", "wombat", "Ada", ada, "assignee", "tags"):
        assert secret not in repr(steps)


def test_what_happens_by_itself_is_the_desks(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    desk.as_("sam").patch(f"/staff/tickets/{ticket_id}", {"status": "resolved"}, expect=200)
    with later(8 * 86_400):
        desk.write(schedule.autoclose, desk.settings)
    steps = desk.read(timeline.steps, ticket_id, desk.user_id("alice"))
    (last,) = [step for some in steps.values() for step in some if step["new"] == "closed"]
    assert last["actor"] == {"type": "system", "name": "Deskhand"}


def test_counts_are_of_ones_own(desk: Desk) -> None:
    first = desk.new_ticket()["id"]
    desk.new_ticket()
    desk.new_ticket("bob")
    desk.as_("alice").post(f"/tickets/{first}/close", expect=200)
    assert desk.read(counts.own, desk.actor("alice")) == {"closed": 1, "open": 1}
    assert desk.read(counts.own, desk.actor("mallory")) == {}
