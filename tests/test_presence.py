"""Who else looks at a ticket, or writes on it."""

import pytest

from deskhand.kit.errors import Forbidden, NotFound
from deskhand.kit.ids import new_id
from deskhand.tickets import presence
from tests.support.api import at_once, count, later
from tests.support.app import Desk


def touch(desk: Desk, who: str, ticket_id: str, *, writing: bool = False) -> None:
    desk.write(presence.touch, desk.actor(who), ticket_id, writing=writing)


def seen(desk: Desk, who: str, ticket_id: str) -> list[tuple[str, bool]]:
    return [(each.name, each.writing) for each in desk.read(presence.others, desk.actor(who), ticket_id)]


def test_each_sees_the_others_and_not_themselves(desk: Desk) -> None:
    ticket_id, other = desk.new_ticket()["id"], desk.new_ticket("bob")["id"]
    touch(desk, "sam", ticket_id)
    touch(desk, "ada", ticket_id, writing=True)
    touch(desk, "ada", other)
    assert seen(desk, "sam", ticket_id) == [("Ada Brandt", True)]
    assert seen(desk, "ada", ticket_id) == [("Sam Okafor", False)]
    assert seen(desk, "ada", other) == []
    touch(desk, "ada", ticket_id)
    assert seen(desk, "sam", ticket_id) == [("Ada Brandt", False)]
    assert count(desk, "presences") == 3


def test_who_leaves_is_gone_at_once_and_who_says_nothing_after_half_a_minute(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    touch(desk, "ada", ticket_id)
    with later(25):
        assert len(seen(desk, "sam", ticket_id)) == 1
        touch(desk, "ada", ticket_id)
    with later(50):
        assert len(seen(desk, "sam", ticket_id)) == 1
    with later(60):
        assert seen(desk, "sam", ticket_id) == []
    desk.write(presence.leave, desk.actor("sam"), ticket_id)
    assert len(seen(desk, "sam", ticket_id)) == 1
    desk.write(presence.leave, desk.actor("ada"), ticket_id)
    assert seen(desk, "sam", ticket_id) == []


def test_it_is_for_the_team_alone(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    alice, sam = desk.actor("alice"), desk.actor("sam")
    touch(desk, "sam", ticket_id)
    for actor in (alice, sam.as_customer()):
        with pytest.raises(Forbidden):
            desk.read(presence.others, actor, ticket_id)
        with pytest.raises(Forbidden):
            desk.write(presence.touch, actor, ticket_id, writing=True)
        with pytest.raises(Forbidden):
            desk.write(presence.leave, actor, ticket_id)
    assert "Sam" not in desk.as_("alice").get(f"/tickets/{ticket_id}", expect=200).text


def test_nobody_is_where_there_is_no_ticket(desk: Desk) -> None:
    with pytest.raises(NotFound):
        touch(desk, "sam", new_id())
    assert count(desk, "presences") == 0


def test_two_windows_of_one_person_are_one(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    desk.actor("sam")
    at_once(*[lambda: touch(desk, "sam", ticket_id)] * 4)
    assert len(seen(desk, "ada", ticket_id)) == 1


def test_it_is_swept(desk: Desk) -> None:
    old, new = desk.new_ticket()["id"], desk.new_ticket("bob")["id"]
    touch(desk, "sam", old)
    with later(31):
        touch(desk, "sam", new)
        assert desk.write(presence.sweep) == 1
        assert count(desk, "presences") == 1
