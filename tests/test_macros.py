"""Macros: whose they are, what they say on a ticket, and what they do to it."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deskhand.accounts import people
from deskhand.accounts.actor import SYSTEM, Role
from deskhand.accounts.model import UserChange
from deskhand.kit.errors import Forbidden, Invalid
from deskhand.kit.markdown import render
from deskhand.kit.markdown_text import literal
from deskhand.macros import access, ops
from deskhand.macros.fill import Filled, fill, first_name
from deskhand.macros.model import PLACEHOLDERS
from deskhand.tickets import access as tickets
from deskhand.tickets.model import MAX_TAGS, Status
from tests.support.api import UNLIMITED, cast, count, events_of, fields, is_problem, rows
from tests.support.app import Desk, running

MACROS = "/staff/macros"


@pytest.fixture
def staffed(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Sam has a colleague, Grace (Bob, once a customer), who is an agent too."""
    with running(database_url, tmp_path, brand="Altimeter", **UNLIMITED) as desk:
        cast(desk)
        change = UserChange(role=Role.AGENT, name="Grace Hall")
        desk.write(people.change, desk.actor("ada"), desk.user_id("bob"), change)
        yield desk


def made(desk: Desk, who: str = "sam", **given: Any) -> Any:
    return desk.as_(who).post(MACROS, {"name": "Thanks", "body": "Thank you."} | given, expect=201).json()


def seen(desk: Desk, who: str) -> list[str]:
    return [macro["name"] for macro in desk.as_(who).get(MACROS, expect=200).json()["macros"]]


def filled(desk: Desk, ticket_id: str, who: str = "sam", **given: Any) -> Filled:
    """What a macro of `who` comes to on a ticket in their hands."""
    actor, macro_id = desk.actor(who), made(desk, who, **given)["id"]
    macro, ticket = desk.read(access.get, actor, macro_id), desk.read(tickets.get, actor, ticket_id)
    return desk.read(fill, desk.settings, actor, ticket, macro)


def applied(desk: Desk, ticket_id: str, macro_id: str, who: str = "sam", **more: Any) -> Any:
    return desk.as_(who).post(f"/staff/tickets/{ticket_id}/macros/{macro_id}", **({"expect": 201} | more)).json()


def test_a_macro_is_its_owners_until_it_is_shared(staffed: Desk) -> None:
    desk = staffed
    mine = made(desk, name="Mine", actions={"status": "resolved", "add_tags": ["A", "a", "b"], "priority": None})
    assert mine["actions"] == {"status": "resolved", "add_tags": ["a", "b"]}
    assert (mine["shared"], mine["position"], mine["owner"]["name"]) == (False, 0, "Sam Okafor")
    at, ticket_id = f"{MACROS}/{mine['id']}", desk.new_ticket()["id"]
    for who in ("bob", "ada"):  # an admin too
        assert seen(desk, who) == []
        caller, apply = desk.as_(who), f"/staff/tickets/{ticket_id}/macros/{mine['id']}"
        for answer in (caller.get(at), caller.patch(at, {"name": "x"}), caller.delete(at), caller.post(apply)):
            is_problem(answer, 404, "not_found")
    assert desk.as_("sam").get(at, expect=200).json() == mine
    desk.as_("sam").patch(at, {"shared": True}, expect=200)
    assert seen(desk, "bob") == seen(desk, "ada") == ["Mine"]
    for answer in (desk.as_("bob").patch(at, {"name": "x"}), desk.as_("bob").delete(at)):
        is_problem(answer, 403, "not_owner")
    applied(desk, ticket_id, mine["id"], "bob")
    assert desk.as_("ada").patch(at, {"name": "Ours"}, expect=200).json()["owner"]["name"] == "Sam Okafor"
    desk.as_("ada").delete(at, expect=204)
    assert seen(desk, "sam") == seen(desk, "bob") == []
    told = [events_of(desk, f"macro.{what}", mine["id"]) for what in ("created", "changed", "deleted")]
    assert [len(found) for found in told] == [1, 2, 1]
    assert all(row["staff_only"] for found in told for row in found)


def test_macros_stand_in_their_order_and_on_pages(staffed: Desk) -> None:
    desk = staffed
    first, *_ = (made(desk, name=name) for name in ("b", "a", "c"))
    made(desk, "bob", name="hers", shared=True)
    assert seen(desk, "sam") == ["b", "hers", "a", "c"]
    desk.as_("sam").patch(f"{MACROS}/{first['id']}", {"position": 9}, expect=200)
    page = desk.as_("sam").get(f"{MACROS}?per_page=2&page=2", expect=200)
    assert [macro["name"] for macro in page.json()["macros"]] == ["c", "b"]
    assert (page.json()["total"], page.links["prev"]["url"][-6:]) == (4, "page=1")


def test_what_cannot_be_a_macro_is_refused(staffed: Desk) -> None:
    desk = staffed
    kept = made(desk)
    before = rows(desk)
    wrong: dict[str, list[Any]] = {
        "name": [1, None, "", " ", "x" * 81, "two\nlines", "a\x00b"],
        "body": [1, None, "x" * 65_537, "a\x00b", "{{customer.email}}", "{{ Customer.Name }}", "{{}}", "a {{ x }} b"],
        "actions": [1, None, [], "x"],
        "actions.status": [1, "", "OPEN", "spam"],
        "actions.priority": [1, "", "critical"],
        "actions.category_slug": [1, "", "nonsense", "a\x00b"],
        "actions.assignee": [1, "", "you", "ME", desk.user_id("alice"), "01a20000-0000-7000-8000-000000000000"],
        "actions.add_tags": [1, "x", ["x" * 41], [""], [f"t{n}" for n in range(21)]],
        "actions.surprise": [1],
        "shared": [1, None],
        "position": [-1, 10_001, "1"],
        "surprise": [1],
    }
    for field, values in wrong.items():
        outer, _, inner = field.partition(".")
        for value in values:
            given = {outer: {inner: value} if inner else value}
            for answer in (
                desk.as_("sam").post(MACROS, {"name": "x", "body": "y"} | given),
                desk.as_("sam").patch(f"{MACROS}/{kept['id']}", given),
            ):
                named = fields(answer)
                assert {name[: len(field)] for name in named} == {field}, (field, value, named)
    for nothing in ({}, {"body": " \n"}, {"body": "", "actions": {}}, {"actions": {"add_tags": []}}):
        assert fields(desk.as_("sam").post(MACROS, {"name": "x"} | nothing)) == {"body"}
    assert fields(desk.as_("sam").patch(f"{MACROS}/{kept['id']}", {"body": ""})) == {"body"}
    assert rows(desk) == before
    desk.as_("sam").patch(f"{MACROS}/{kept['id']}", {"body": "", "actions": {"status": "closed"}}, expect=200)
    assert fields(desk.as_("sam").patch(f"{MACROS}/{kept['id']}", {"actions": {}})) == {"body"}
    same = desk.as_("sam").patch(f"{MACROS}/{kept['id']}", {"actions": {"status": "closed"}}, expect=200).json()
    assert same == desk.as_("sam").get(f"{MACROS}/{kept['id']}").json()
    assert len(events_of(desk, "macro.changed")) == 1


def test_placeholders_become_what_they_stand_for(staffed: Desk) -> None:
    desk = staffed
    ticket = desk.new_ticket(subject="Empty pages: 3 of 4")
    body = "\n".join(f"{{{{ {name} }}}}" if at % 2 else f"{{{{{name}}}}}" for at, name in enumerate(PLACEHOLDERS))
    assert filled(desk, ticket["id"], body=body).text.splitlines() == [
        "Alice Moreau",
        "Alice",
        ticket["readable_id"],
        "Empty pages: 3 of 4",
        "Sam Okafor",
        "Sam",
        "Altimeter",
    ]
    assert filled(desk, ticket["id"], "ada", body="{ {{agent.name}} } {x}").text == "{ Ada Brandt } {x}"
    desk.as_("ada").patch("/staff/brand", {"name": "Altimeter & Co"}, expect=200)
    assert filled(desk, ticket["id"], body="{{brand}}").text == "Altimeter & Co"


def test_a_name_injects_nothing(staffed: Desk) -> None:
    desk = staffed
    ticket_id = desk.new_ticket(subject="[x](https://evil.example) {{agent.name}}")["id"]
    name = "**Bob** [click](https://evil.example) ![](https://evil.example/x.png) https://evil.example {{brand}}"
    desk.write(people.change, desk.actor("ada"), desk.user_id("alice"), UserChange(name=name))
    text = filled(desk, ticket_id, body="# {{customer.name}}\n\n- {{ticket.subject}}\n\n{{customer.name}}").text
    html = render(text)
    assert [tag for tag in ("<a", "<img", "<strong", "<em") if tag in html] == []
    assert "Altimeter" not in html
    assert "Sam Okafor" not in html
    made_id = made(desk, body="{{customer.name}}, see [the guide](https://good.example)")["id"]
    applied(desk, ticket_id, made_id)
    (_, sent) = desk.as_("alice").get(f"/tickets/{ticket_id}").json()["messages"]
    assert sent["body_html"].count("<a ") == 1
    assert "good.example" in sent["body_html"]


MARKUP = {"a", "img", "em", "strong", "code", "del", "h1", "h2", "hr", "table", "input", "pre"}
NASTY = st.text(st.sampled_from("ab1 -+#=.)(*_~`[]<>|!&;:/\\{}\"'@é退https"), max_size=24) | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=24
)


@given(NASTY)
@example("https://evil.example")
@example("1. one")
@example("- one")
@example("---")
@example("===")
@example("[x]: https://evil.example")
@example("&lt;b&gt; &#60; a&b")
@example("\\")
@example("foo_bar_baz __init__")
@example("```")
@example("| a | b |")
@example("> [!NOTE]")
@example("[ ] todo")
def test_a_literal_shows_as_it_is_wherever_it_stands(value: str) -> None:
    plain = " ".join(value.split())
    shown = literal(value)
    for before, after in (("", ""), ("Hi ", ", so"), ("- ", ""), ("> ", " x"), ("text\n", "\nmore"), ("(", ")")):
        html = render(f"{before}{shown}{after}")
        assert "<" not in nh3.clean(html, tags=MARKUP), (html, shown)
        assert plain in unescape(nh3.clean(html, tags=set())), (html, shown)


def test_plain_names_are_left_alone() -> None:
    plain = ("Jean-Luc O'Brien", "Dr. Strange, M.D.", "Zoë Åström-Weiß", "AT&T", "ALT-1042", "退款申请", "a_b@c.io")
    for name in plain:
        assert literal(name) == name
    assert [first_name(name) for name in ("Alice Moreau", "alice@acme.example", " Bo ", "", "@x")] == [
        "Alice",
        "alice",
        "Bo",
        "",
        "@x",
    ]


def test_actions_become_a_change(staffed: Desk) -> None:
    desk = staffed
    ticket_id = desk.new_ticket()["id"]
    desk.as_("sam").patch(f"/staff/tickets/{ticket_id}", {"tags": ["eu", "vip"]}, expect=200)
    grace = desk.user_id("bob")
    for actions, expected in (
        ({"add_tags": ["vip", "refund"]}, {"tags": ["eu", "vip", "refund"]}),
        ({"assignee": "me"}, {"assignee_id": desk.user_id("sam")}),
        ({"assignee": "none"}, {"assignee_id": None}),
        ({"assignee": grace}, {"assignee_id": grace}),
        ({"status": "closed", "priority": "low", "category_slug": "billing"}, None),
    ):
        change = filled(desk, ticket_id, actions=actions).change
        assert change.model_dump(mode="json", exclude_unset=True) == (expected or actions)


def test_applying_one_changes_and_replies_at_once(staffed: Desk) -> None:
    desk = staffed
    ticket = desk.new_ticket(category_slug="general")
    actions = {"status": "resolved", "priority": "high", "category_slug": "billing", "assignee": "me"}
    actions |= {"add_tags": ["x"]}
    macro = made(desk, body="Hi {{customer.first_name}}, done.", actions=actions)
    answer = applied(desk, ticket["readable_id"], macro["id"])
    assert answer["message"]["body"] == "Hi Alice, done."
    shown = answer["ticket"]
    assert (shown["status"], shown["priority"], shown["category_slug"]) == ("resolved", "high", "billing")
    assert (shown["assignee"]["name"], shown["tags"], shown["resolved_at"] is not None) == ("Sam Okafor", ["x"], True)
    thread = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()
    assert thread["version"] == shown["version"] == 3
    told = [(entry["event"], entry.get("field")) for entry in thread["history"][1:]]
    assert set(told[:-1]) == {("ticket.changed", name) for name in ("priority", "category_slug", "assignee_id", "tags")}
    assert told[-1] == ("ticket.replied", "status")
    assert len(told) == 5
    desk.work()
    told_of = [mail["recipient"] for mail in desk.as_("ada").get("/staff/outbox").json()["mails"]]
    assert told_of.count("alice@acme.example") == 1  # the reply alone tells of all of it


def test_words_alone_make_it_pending_and_actions_alone_say_nothing(staffed: Desk) -> None:
    desk = staffed
    first, second = desk.new_ticket()["id"], desk.new_ticket()["id"]
    answer = applied(desk, first, made(desk)["id"])
    assert (answer["ticket"]["status"], answer["message"]["kind"]) == (Status.PENDING, "message")
    answer = applied(desk, second, made(desk, body=" \n", actions={"status": "closed"})["id"])
    assert (answer["ticket"]["status"], answer["message"]) == ("closed", None)
    assert len(desk.as_("sam").get(f"/staff/tickets/{second}").json()["messages"]) == 1


def test_all_of_a_macro_is_done_or_nothing(staffed: Desk) -> None:
    desk = staffed
    ada, sam = desk.as_("ada"), desk.as_("sam")
    ticket_id = desk.new_ticket()["id"]
    ada.post("/staff/categories", {"slug": "sdk", "name": "SDK"}, expect=201)
    retired = made(desk, actions={"category_slug": "sdk", "priority": "low"})["id"]
    left = made(desk, actions={"assignee": desk.user_id("bob"), "priority": "low"})["id"]
    ada.patch("/staff/categories/sdk", {"retired": True}, expect=200)
    ada.patch(f"/staff/users/{desk.user_id('bob')}", {"role": "customer"}, expect=200)
    full = made(desk, actions={"add_tags": ["one", "more"], "priority": "low"})["id"]
    sam.patch(f"/staff/tickets/{ticket_id}", {"tags": [f"t{n}" for n in range(MAX_TAGS - 1)]}, expect=200)
    long = made(desk, body="{{ticket.subject}}" * 3_600, actions={"priority": "low"})["id"]
    sam.patch(f"/staff/tickets/{ticket_id}", {"subject": "[" * 200}, expect=200)
    lost = made(desk, body="![x](attachment:01a20000-0000-7000-8000-000000000000)", actions={"priority": "low"})["id"]
    before = rows(desk)
    for macro, field in (
        (retired, "category_slug"),
        (left, "assignee_id"),
        (full, "tags"),
        (long, "body"),
        (lost, "body"),
    ):
        answer = sam.post(f"/staff/tickets/{ticket_id}/macros/{macro}")
        assert fields(answer) == {field}, answer.text
    assert rows(desk) == before


def test_a_macro_waits_for_nobody_and_is_applied_once(staffed: Desk) -> None:
    desk = staffed
    sam, at = desk.as_("sam"), f"/staff/tickets/{desk.new_ticket()['id']}"
    macro = made(desk)["id"]
    stale = sam.get(at).headers["ETag"]
    desk.as_("ada").post(f"{at}/notes", {"body": "Hm."}, expect=201)
    is_problem(sam.post(f"{at}/macros/{macro}", headers={"If-Match": stale}), 412, "stale")
    fresh = {"If-Match": sam.get(at).headers["ETag"], "Idempotency-Key": "once"}
    answers = [sam.post(f"{at}/macros/{macro}", headers=fresh, expect=201) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert len(events_of(desk, "ticket.replied")) == 1
    for nowhere in (f"{at}/macros/{desk.user_id('sam')}", f"{at}/macros/x", f"/staff/tickets/ALT-9/macros/{macro}"):
        is_problem(sam.post(nowhere), 404)


def test_macros_are_the_teams_alone(staffed: Desk) -> None:
    desk = staffed
    macro_id, ticket_id = made(desk, shared=True)["id"], desk.new_ticket()["id"]
    alice, sam = desk.actor("alice"), desk.actor("sam")
    macro, ticket = desk.read(access.get, sam, macro_id), desk.read(tickets.get, SYSTEM, ticket_id)
    with pytest.raises(Forbidden):
        desk.read(access.get, alice, macro_id)
    with pytest.raises(Forbidden):
        desk.read(fill, desk.settings, alice, ticket, macro)


def test_there_are_so_many_and_no_more(staffed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = staffed
    monkeypatch.setattr(ops, "MAX_OWN", 1)
    monkeypatch.setattr(ops, "MAX_SHARED", 1)
    mine, _ = made(desk), made(desk, "bob", shared=True)
    for more in ({}, {"shared": True}):
        is_problem(desk.as_("sam").post(MACROS, {"name": "x", "body": "y"} | more), 409, "too_many")
    is_problem(desk.as_("sam").patch(f"{MACROS}/{mine['id']}", {"shared": True}), 409, "too_many")
    made(desk, "ada")
    assert count(desk, "macros") == 3


def test_a_text_that_grew_too_long_is_refused(staffed: Desk) -> None:
    ticket_id = staffed.new_ticket(subject="s" * 255)["id"]
    with pytest.raises(Invalid):
        filled(staffed, ticket_id, body="{{ticket.subject}}" * 3_600)
