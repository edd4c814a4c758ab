"""Who is told what: every event, every recipient, every switch; exactly these mails and no other."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, select, update

from deskhand import wiring
from deskhand.accounts import people
from deskhand.accounts.actor import SYSTEM, Actor, Role
from deskhand.accounts.tables import users
from deskhand.csat import ops as csat
from deskhand.csat.model import NewRating
from deskhand.doors import reactions
from deskhand.kit import events, jobs
from deskhand.kit.clock import now
from deskhand.notifications import compose, delivery, preferences
from deskhand.notifications.delivery import Post
from deskhand.notifications.tables import digest_items, mails
from deskhand.tickets import access, create, ops
from deskhand.tickets.model import NewNote, NewReply, NewStaffReply, NewTicket, StaffTicketChange, Status, TicketChange
from tests.support.api import count, statements, upload
from tests.support.app import Desk, running
from tests.support.mails import Mail, mailed, outbox, told

SWITCHES = ("notify_on_reply", "notify_on_close", "notify_on_status_change")
ALL_ON = dict.fromkeys(SWITCHES, True)
BOTH = [("ada", "reopened"), ("sam", "reopened")]
Do = Callable[..., object]


class Act(NamedTuple):
    """Something that happens to a ticket in the status `before`, and who hears of it.

    `requester` is tried in turn: the first kind whose switch is on. `team` is the kind that everyone in the team gets
    but whoever did it.
    """

    name: str
    before: Status
    do: Do
    requester: tuple[tuple[str, str], ...] = ()
    team: str | None = None
    by: str = "sam"


REPLY, CLOSED, CHANGED = (
    ("reply", "notify_on_reply"),
    ("closed", "notify_on_close"),
    ("status_changed", "notify_on_status_change"),
)
OPEN, PENDING, RESOLVED, DONE = Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED


def reply(tx: Connection, actor: Actor, ticket: Any) -> object:
    return ops.reply(tx, actor, ticket, NewReply(body="Here you are."))


def staff_reply(status: Status) -> Do:
    return lambda tx, actor, ticket: ops.reply(tx, actor, ticket, NewStaffReply(body="Here you are.", status=status))


def change(**given: Any) -> Do:
    return lambda tx, actor, ticket: ops.change(tx, actor, ticket, StaffTicketChange(**given))


def own_change(**given: Any) -> Do:
    return lambda tx, actor, ticket: ops.change(tx, actor, ticket, TicketChange(**given))


def note(tx: Connection, actor: Actor, ticket: Any) -> object:
    return ops.add_note(tx, actor, ticket, NewNote(body="The customer is wrong."))


def rate(tx: Connection, actor: Actor, ticket: Any) -> object:
    return csat.rate(tx, actor, ticket, NewRating(rating=1, comment="Bad."))


ACTS = (
    Act("agent replies to open", OPEN, reply, (REPLY, CHANGED)),
    Act("agent replies to pending", PENDING, reply, (REPLY,)),
    Act("agent replies to resolved", RESOLVED, reply, (REPLY, CHANGED)),
    Act("agent replies, leaves it open", OPEN, staff_reply(OPEN), (REPLY,)),
    Act("agent replies and resolves", OPEN, staff_reply(RESOLVED), (REPLY, CHANGED)),
    Act("agent replies and closes", PENDING, staff_reply(DONE), (REPLY, CLOSED)),
    Act("agent replies and reopens", DONE, staff_reply(OPEN), (REPLY, CHANGED), "reopened"),
    Act("agent notes", OPEN, note),
    Act("agent notes on closed", DONE, note),
    Act("agent closes", OPEN, ops.close, (CLOSED,)),
    Act("agent closes again", DONE, ops.close),
    Act("agent sets closed", PENDING, change(status=DONE), (CLOSED,)),
    Act("agent resolves", OPEN, change(status=RESOLVED), (CHANGED,)),
    Act("agent sets pending", OPEN, change(status=PENDING), (CHANGED,)),
    Act("agent sets what it was", PENDING, change(status=PENDING)),
    Act("agent sets pending to open", PENDING, change(status=OPEN), (CHANGED,)),
    Act("agent sets closed to open", DONE, change(status=OPEN), (CHANGED,), "reopened"),
    Act("agent sets closed to resolved", DONE, change(status=RESOLVED), (CHANGED,)),
    Act("agent reopens", RESOLVED, ops.reopen, (CHANGED,), "reopened"),
    Act("agent reopens what is open", OPEN, ops.reopen),
    Act("agent sets priority", OPEN, change(priority="urgent")),
    Act("agent sets category", OPEN, change(category_slug="billing")),
    Act("agent sets subject", OPEN, change(subject="Another subject")),
    Act("agent tags", OPEN, change(tags=["vip"])),
    Act("agent changes all", OPEN, change(status=RESOLVED, priority="low", tags=["x"]), (CHANGED,)),
    Act("customer replies to open", OPEN, reply, (), "customer_reply", "customer"),
    Act("customer replies to pending", PENDING, reply, (), "customer_reply", "customer"),
    Act("customer replies to resolved", RESOLVED, reply, (), "reopened", "customer"),
    Act("customer replies to closed", DONE, reply, (), "reopened", "customer"),
    Act("customer closes", OPEN, ops.close, (), None, "customer"),
    Act("customer reopens", DONE, ops.reopen, (), "reopened", "customer"),
    Act("customer changes", OPEN, own_change(priority="low", subject="Mine"), (), None, "customer"),
    Act("customer rates", DONE, rate, (), None, "customer"),
    Act("time closes", RESOLVED, ops.close, (CLOSED,), None, "system"),
)


def expected_kind(act: Act, wanted: dict[str, bool], muted: bool) -> str | None:
    if muted:
        return None
    return next((kind for kind, switch in act.requester if wanted[switch]), None)


def test_the_whole_matrix_of_acts_and_switches(desk: Desk) -> None:
    """Each act on tickets of people with each setting of the switches, with and without digest and mute."""
    team, wrong = {"sam": desk.actor("sam"), "ada": desk.actor("ada")}, []
    settings = [dict(zip((*SWITCHES, "email_digest"), bits, strict=True)) for bits in product((True, False), repeat=4)]
    persons = [desk.write(customer, f"c{n}@acme.example", wanted) for n, wanted in enumerate(settings)]
    for act in ACTS:
        cases = [(who, wanted, False) for who, wanted in zip(persons, settings, strict=True)]
        cases += [(who, wanted, True) for who, wanted, _ in cases if all(wanted[switch] for switch in SWITCHES)]
        with desk.store.begin() as tx:  # one for all: there are hundreds of tickets
            tickets = [prepared(tx, desk, team["ada"], act, who, muted) for who, _, muted in cases]
            forget_events(tx)
            for (who, _, _), ticket_id in zip(cases, tickets, strict=True):
                do(tx, act, {**team, "customer": who, "system": SYSTEM}[act.by], ticket_id)
            write_mails(tx, desk)
            heard = heard_of(tx, tickets)
        for (who, wanted, muted), ticket_id in zip(cases, tickets, strict=True):
            kind = expected_kind(act, wanted, muted)
            want = Counter({(who.email, kind, wanted["email_digest"]): 1} if kind else {})
            for name, member in team.items():
                if act.team and act.by != name:
                    want[member.email, act.team, False] += 1
            if (got := heard[ticket_id]) != want:
                wrong.append(f"{act.name}, {wanted}, muted {muted}: {dict(got)} instead of {dict(want)}")
    assert wrong == []


def customer(tx: Connection, email: str, wanted: dict[str, bool]) -> Actor:
    row = people.create_own(tx, email=email, name="Somebody", password_hash=None, verified=True)
    actor = Actor(row["id"], Role.CUSTOMER, row["name"], email)
    preferences.change(tx, actor, preferences.PreferenceChange(**wanted))
    return actor


def prepared(tx: Connection, desk: Desk, ada: Actor, act: Act, who: Actor, muted: bool) -> str:
    new = NewTicket(subject="Empty content", body="It is empty.", category_slug="general")
    ticket = create.create(tx, desk.settings, who, new)
    if act.before != Status.OPEN:
        ops.change(tx, ada, ticket, StaffTicketChange(status=act.before))
    if muted:
        preferences.set_mute(tx, who, ticket, True)
    return ticket.id


def do(tx: Connection, act: Act, actor: Actor, ticket_id: str) -> None:
    act.do(tx, actor, access.lock(tx, SYSTEM, ticket_id))


def forget_events(tx: Connection) -> None:
    tx.execute(update(events.events).values(dispatched_at=now()))


def write_mails(tx: Connection, desk: Desk) -> None:
    """What dispatcher and jobs do, in one transaction: thousands of single ones would take minutes."""
    for event in events.take_waiting(tx, 10_000):
        if reactions.tell in wiring.PLAN.reactions.get(event["name"], ()):
            post = Post(desk.settings, desk.services.signer)
            delivery.keep(tx, post, event["id"], delivery.compose(tx, post, event["id"]))
    forget_events(tx)


def heard_of(tx: Connection, tickets: list[str]) -> dict[str, Counter[tuple[str, str, bool]]]:
    """By ticket: (address, kind, whether it waits for the digest), how often."""
    found: dict[str, Counter[tuple[str, str, bool]]] = {ticket_id: Counter() for ticket_id in tickets}
    written = select(mails.c.ticket_id, mails.c.recipient, mails.c.kind).where(mails.c.ticket_id.in_(tickets))
    for row in tx.execute(written):
        found[row.ticket_id][row.recipient, row.kind, False] += 1
    news = select(digest_items.c.ticket_id, users.c.email, digest_items.c.kind).where(
        users.c.id == digest_items.c.user_id, digest_items.c.ticket_id.in_(tickets)
    )
    for row in tx.execute(news):
        found[row.ticket_id][row.email, row.kind, True] += 1
    return found


def prefer(desk: Desk, who: str, **switches: bool) -> None:
    desk.as_(who).patch("/preferences", switches, expect=200)


def member(desk: Desk, name: str, role: Role = Role.AGENT, email: str | None = "…", disabled: bool = False) -> str:
    """Another person; returns the id."""
    address = f"{name}@{name}.example" if email == "…" else email
    row = {"role": role, "email": address, "disabled_at": now() if disabled else None}
    user_id = desk.write(people.add_correspondent, email="x@x.example", name=name, verified=True)["id"]
    desk.write(lambda tx: tx.execute(update(users).where(users.c.id == user_id).values(row)))
    return user_id


def agent_reply(desk: Desk, ticket: dict[str, Any], body: str = "Please try again.", **more: Any) -> dict[str, Any]:
    return desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": body, **more}, expect=201).json()


@pytest.fixture
def team(desk: Desk) -> Desk:
    """A desk with Sam and Ada in the team."""
    desk.user_id("sam")
    desk.user_id("ada")
    return desk


@pytest.fixture
def open_form(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk whose contact form takes any number of tickets; Sam is in the team."""
    with running(database_url, tmp_path, limit_public="off") as made:
        made.user_id("sam")
        yield made


def visit(desk: Desk, email: str = "vera@visitor.example", **fields: str) -> dict[str, Any]:
    form = {"name": "Vera", "email": email, "subject": "Hello", "body": "Is anyone there?"} | fields
    return desk.anyone().post("/tickets/public", form, expect=201).json()


def open_link(desk: Desk, mail: Mail) -> None:
    assert desk.client.get(mail.link("/t/")).status_code == 200


class TestTeam:
    def test_everyone_is_told_of_a_new_ticket_until_it_is_somebodys(self, team: Desk) -> None:
        ticket = team.new_ticket()
        assert told(team) == [("ada", "new_ticket"), ("sam", "new_ticket")]
        team.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"assignee_id": team.user_id("sam")}, expect=200)
        team.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And?"}, expect=201)
        assert told(team) == [("sam", "customer_reply")]
        team.as_("alice").post(f"/tickets/{ticket['id']}/close", expect=200)
        team.as_("alice").post(f"/tickets/{ticket['id']}/reopen", expect=200)
        assert told(team) == [("sam", "reopened")]
        team.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"assignee_id": None}, expect=200)
        team.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "Well?"}, expect=201)
        assert told(team) == [("ada", "customer_reply"), ("sam", "customer_reply")]

    def test_a_large_team_costs_no_more_questions(self, team: Desk) -> None:
        def asked() -> int:
            event_id = team.read(
                lambda tx: tx.execute(select(events.events.c.id).order_by(events.events.c.seq.desc())).scalar()
            )
            post = Post(team.settings, team.services.signer)
            with statements() as seen:
                letters = team.read(delivery.compose, post, event_id)
            team.write(delivery.keep, post, event_id, letters)
            return len(seen)

        prefer(team, "sam", email_digest=True)
        team.new_ticket()
        few = asked()
        for name in ("dan", "eve", "finn"):
            member(team, name)
        team.new_ticket()
        assert asked() == few
        assert count(team, "mails") == 1 + 4  # Sam's news wait

    def test_an_assignee_who_has_left_leaves_the_ticket_to_everyone(self, team: Desk) -> None:
        dan = member(team, "dan")
        ticket = team.new_ticket()
        team.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"assignee_id": dan}, expect=200)
        team.work()
        team.as_("ada").patch(f"/staff/users/{dan}", {"disabled": True}, expect=200)
        team.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And?"}, expect=201)
        assert told(team) == [("ada", "customer_reply"), ("sam", "customer_reply")]

    def test_nobody_is_mailed_who_cannot_or_must_not_be(self, team: Desk) -> None:
        member(team, "dan", disabled=True)
        member(team, "ned", email=None)
        member(team, "carl", Role.CUSTOMER)
        team.new_ticket()
        assert told(team) == [("ada", "new_ticket"), ("sam", "new_ticket")]

    def test_whoever_files_a_ticket_for_a_customer_knows_of_it(self, team: Desk) -> None:
        team.user_id("alice")
        new = {"subject": "By phone", "body": "She called.", "requester": {"email": "alice@acme.example"}}
        team.as_("sam").post("/staff/tickets", new, expect=201)
        assert told(team) == [("ada", "new_ticket")]
        team.as_("sam").post("/staff/tickets", new | {"assignee_id": team.user_id("sam")}, expect=201)
        assert told(team) == []

    def test_staff_who_ask_are_requesters_like_any_other_and_are_told_once(self, team: Desk) -> None:
        ticket = team.new_ticket("sam")
        assert told(team) == [("ada", "new_ticket")]
        prefer(team, "sam", notify_on_status_change=True)
        team.as_("ada").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "Yes."}, expect=201)
        assert told(team) == [("sam", "reply")]
        team.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"status": "resolved"}, expect=200)
        assert told(team) == [("sam", "status_changed")]
        team.as_("ada").patch(f"/staff/tickets/{ticket['id']}", {"status": "open"}, expect=200)
        assert told(team) == [("sam", "reopened")]  # as one of the team and as requester: one mail

    def test_customers_switches_are_not_the_teams(self, team: Desk) -> None:
        prefer(team, "sam", **dict.fromkeys(SWITCHES, False))
        prefer(team, "alice", **dict.fromkeys(SWITCHES, False))
        ticket = team.new_ticket()
        team.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And?"}, expect=201)
        team.as_("alice").post(f"/tickets/{ticket['id']}/close", expect=200)
        team.as_("alice").post(f"/tickets/{ticket['id']}/reopen", expect=200)
        kinds = ("customer_reply", "new_ticket", "reopened")
        assert told(team) == sorted((who, kind) for who in ("ada", "sam") for kind in kinds)

    def test_a_mute_is_ones_own(self, team: Desk) -> None:
        ticket = team.new_ticket()
        new = {mail.to: mail for mail in mailed(team)}
        team.client.post(new["sam@sam.example"].one_click)
        team.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And?"}, expect=201)
        assert told(team) == [("ada", "customer_reply")]
        agent_reply(team, ticket)
        assert told(team) == [("alice", "reply")]


class TestCustomer:
    def test_by_default_replies_and_closing_are_told_and_nothing_else(self, team: Desk) -> None:
        ticket = team.new_ticket()
        team.work()
        agent_reply(team, ticket)
        assert told(team) == [("alice", "reply")]
        team.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": "resolved"}, expect=200)
        assert told(team) == []
        team.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": "closed"}, expect=200)
        assert told(team) == [("alice", "closed")]

    def test_only_the_requester_is_told(self, team: Desk) -> None:
        team.new_ticket("bob")
        team.new_ticket("mallory")
        ticket = team.new_ticket("alice")
        team.work()
        agent_reply(team, ticket)
        assert told(team) == [("alice", "reply")]

    def test_a_mute_is_for_one_ticket_and_can_be_taken_back(self, team: Desk) -> None:
        first, second = team.new_ticket(), team.new_ticket()
        team.work()
        team.as_("alice").patch(f"/tickets/{first['id']}/mute", {"muted": True}, expect=200)
        agent_reply(team, first)
        agent_reply(team, second)
        assert [(mail.to, second["readable_id"] in mail.subject) for mail in mailed(team)] == [
            ("alice@acme.example", True)
        ]
        team.as_("alice").patch(f"/tickets/{first['id']}/mute", {"muted": False}, expect=200)
        agent_reply(team, first)
        assert told(team) == [("alice", "reply")]

    def test_the_switches_count_when_the_mail_is_written(self, team: Desk) -> None:
        ticket = team.new_ticket()
        team.work()
        agent_reply(team, ticket)
        prefer(team, "alice", notify_on_reply=False)
        assert told(team) == []

    def test_whoever_is_shut_out_hears_nothing(self, team: Desk) -> None:
        ticket = team.new_ticket()
        team.work()
        agent_reply(team, ticket)
        team.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
        team.as_("ada").patch(f"/staff/users/{team.user_id('alice')}", {"disabled": True}, expect=200)
        team.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "?"}, expect=201)
        team.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
        assert told(team) == []

    def test_who_has_no_address_gets_no_mail_and_harms_nobody(self, team: Desk) -> None:
        ticket = team.new_ticket()
        team.work()
        alice = team.user_id("alice")
        team.write(lambda tx: tx.execute(update(users).where(users.c.id == alice).values(email=None)))
        agent_reply(team, ticket)
        assert told(team) == []
        assert team.as_("sam").get("/staff/jobs", expect=200).json()["jobs"] == []

    def test_a_note_reaches_no_customer_in_any_way(self, team: Desk) -> None:
        prefer(team, "alice", **ALL_ON)
        ticket = team.new_ticket()
        team.as_("sam").post(f"/staff/tickets/{ticket['id']}/notes", {"body": "xyzzy: a fraudster"}, expect=201)
        agent_reply(team, ticket, status="resolved")
        team.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And?"}, expect=201)
        team.as_("sam").post(f"/staff/tickets/{ticket['id']}/notes", {"body": "xyzzy again"}, expect=201)
        team.as_("sam").post(f"/tickets/{ticket['id']}/close")
        assert {mail.kind for mail in mailed(team)} == {"new_ticket", "reply", "reopened"}
        assert not any("xyzzy" in mail.words or "xyzzy" in mail.source for mail in outbox(team))


class TestContactForm:
    def test_the_visitor_gets_a_link_and_the_team_a_ticket(self, open_form: Desk) -> None:
        ticket = visit(open_form)
        link, new = sorted(mailed(open_form), key=lambda mail: mail.kind)
        assert [(link.kind, link.to), (new.kind, new.to)] == [
            ("contact_link", "vera@visitor.example"),
            ("new_ticket", "sam@sam.example"),
        ]
        assert ticket["readable_id"] in link.subject
        assert link.message["List-Unsubscribe"] is None

    @pytest.mark.parametrize(
        ("name", "subject", "body"),
        [
            ("Zxqvjkname", "Zxqvjksubject", "Zxqvjkbody https://zxqvjk.example"),
            ("Zxqvjk <b>", "Zxqvjk: bcc zxqvjk@zxqvjk.example", "Zxqvjk\nBcc: zxqvjk@zxqvjk.example\n\n.\nZxqvjk"),
            ("Zxqvjk{{7*7}}", "=?utf-8?q?Zxqvjk?=", "{% raw %}Zxqvjk{{ config }}"),
            ("Zxqvjk\u202e", "Re: [ALT-1] Zxqvjk \U0001f600", "<a href='https://zxqvjk.example'>Zxqvjk</a>"),
        ],
    )
    def test_not_a_word_of_the_visitor_is_in_its_mails(
        self, open_form: Desk, name: str, subject: str, body: str
    ) -> None:
        ticket = visit(open_form, name=name, subject=subject, body=body)
        open_form.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "We are here."}, expect=201)
        mine = [mail for mail in mailed(open_form) if mail.to == "vera@visitor.example"]
        assert [mail.kind for mail in mine] == ["contact_link", "unverified_reply"]
        for mail in mine:
            assert "zxqvjk" not in mail.words.lower()
            assert str(mail.message["To"]) == "vera@visitor.example"
            assert (mail.message["Cc"], mail.message["Bcc"]) == (None, None)
            assert ticket["readable_id"] in mail.subject
        assert "We are here." in mine[1].text

    def test_the_link_mail_is_the_same_whatever_was_typed(self, open_form: Desk) -> None:
        visit(open_form, "one@visitor.example", subject="Prizes", body="Click here")
        visit(open_form, "two@visitor.example", name="Someone Else", body="x" * 9000)
        fixed = set()
        for mail in mailed(open_form):
            if mail.kind == "contact_link":
                readable = mail.subject.partition("]")[0][1:]
                fixed.add(mail.text.replace(mail.link("/t/"), "LINK").replace(readable, "ID"))
        assert len(fixed) == 1

    def test_until_the_link_is_opened_only_answers_go_to_the_address(self, open_form: Desk) -> None:
        ticket = visit(open_form)
        (link,) = [mail for mail in mailed(open_form) if mail.kind == "contact_link"]
        path = f"/staff/tickets/{ticket['id']}"
        for change in ({"status": "pending"}, {"status": "resolved"}, {"status": "closed"}, {"status": "open"}):
            open_form.as_("sam").patch(path, change, expect=200)
        open_form.as_("sam").post(f"{path}/notes", {"body": "Odd."}, expect=201)
        assert told(open_form) == []
        agent_reply(open_form, ticket)
        assert told(open_form) == [("vera", "unverified_reply")]
        open_link(open_form, link)
        agent_reply(open_form, ticket)
        assert told(open_form) == [("vera", "reply")]
        open_form.as_("sam").patch(path, {"status": "closed"}, expect=200)
        assert told(open_form) == [("vera", "closed")]

    def test_an_address_gets_one_link_an_hour_and_the_tickets_are_kept(self, open_form: Desk) -> None:
        for subject in ("one", "two", "three"):
            visit(open_form, subject=subject)
        visit(open_form, "VERA@Visitor.Example", subject="four")
        visit(open_form, "wim@visitor.example")
        assert Counter(told(open_form)) == {
            ("vera", "contact_link"): 1,
            ("wim", "contact_link"): 1,
            ("sam", "new_ticket"): 5,
        }

    @pytest.mark.parametrize(
        ("caps", "sent"), [({"limit_public_recipient": "2/day"}, 2), ({"limit_public_global": "3/day"}, 3), ({}, 4)]
    )
    def test_caps_on_mails_per_address_and_in_all(
        self, database_url: str, tmp_path: Path, time_machine: Any, caps: dict[str, str], sent: int
    ) -> None:
        with running(database_url, tmp_path, limit_public="off", **caps) as desk:
            time_machine.move_to(datetime.now(UTC))
            for _ in range(4):
                visit(desk)
                time_machine.shift(3601)
            assert told(desk) == [("vera", "contact_link")] * sent
            assert desk.as_("sam").get("/staff/tickets", expect=200).json()["total"] == 4

    def test_a_full_honeypot_causes_no_mail_and_a_release_all(self, open_form: Desk) -> None:
        visit(open_form, honeypot="http://spam.example")
        assert told(open_form) == []
        (held,) = open_form.as_("sam").get("/staff/spam", expect=200).json()["spam"]
        open_form.user_id("ada")
        open_form.as_("sam").post(f"/staff/spam/{held['id']}/release", expect=201)
        assert told(open_form) == [("ada", "new_ticket"), ("sam", "new_ticket"), ("vera", "contact_link")]

    def test_once_opened_the_ticket_is_the_accounts_with_its_switches(self, open_form: Desk) -> None:
        prefer(open_form, "alice", notify_on_reply=False, notify_on_status_change=False)
        ticket = visit(open_form, "alice@acme.example")
        (link,) = [mail for mail in mailed(open_form) if mail.kind == "contact_link"]
        open_link(open_form, link)
        agent_reply(open_form, ticket)
        assert told(open_form) == []

    def test_what_was_to_be_mailed_outlives_the_stand_in(self, open_form: Desk) -> None:
        open_form.user_id("alice")
        ticket = visit(open_form, "alice@acme.example")
        agent_reply(open_form, ticket)
        first = [mail for mail in mailed(open_form) if mail.to == "alice@acme.example"]
        open_link(open_form, first[0])
        assert [mail.kind for mail in outbox(open_form) if mail.to == "alice@acme.example"] == [
            "contact_link",
            "unverified_reply",
        ]
        # The link in the footer of what was mailed before still does what it says.
        assert open_form.client.post(first[1].one_click).status_code == 200
        agent_reply(open_form, ticket)
        assert told(open_form) == []
        assert open_form.as_("alice").get(f"/tickets/{ticket['id']}", expect=200).json()["muted"] is True

    def test_files_in_an_answer_open_by_the_link(self, open_form: Desk) -> None:
        ticket = visit(open_form)
        file = upload(open_form.as_("sam"), b"words", expect=201).json()
        agent_reply(open_form, ticket, f"See {file['markdown']}")
        (mail,) = [mail for mail in mailed(open_form) if mail.kind == "unverified_reply"]
        (link,) = re.findall(rf'href="http://testserver(/t/[^"]+/attachments/{file["id"]})"', mail.html)
        assert open_form.client.get(link).content == b"words"
        assert "/api/v1" not in mail.html

    def test_what_a_visitor_muted_stays_muted(self, open_form: Desk) -> None:
        open_form.user_id("alice")
        ticket = visit(open_form, "alice@acme.example")
        agent_reply(open_form, ticket)
        first = [mail for mail in mailed(open_form) if mail.to == "alice@acme.example"]
        open_form.client.post(first[1].one_click)
        agent_reply(open_form, ticket)
        assert told(open_form) == []
        open_link(open_form, first[0])
        agent_reply(open_form, ticket)
        assert told(open_form) == []


class TestAccount:
    def test_a_reset_is_mailed_to_whoever_has_an_account(self, desk: Desk) -> None:
        desk.user_id("alice")
        for address in ("alice@acme.example", "nobody@acme.example"):
            desk.anyone().post("/api/v1/auth/password-reset", {"email": address}, expect=202)
        (mail,) = mailed(desk)
        assert (mail.to, mail.kind) == ("alice@acme.example", "password_reset")
        assert desk.client.get(mail.link("/login/reset")).status_code == 200

    def test_the_newest_link_is_the_one_that_works(self, desk: Desk) -> None:
        desk.user_id("alice")
        for _ in range(2):
            desk.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
        first, second = (desk.client.get(mail.link("/login/reset")).status_code for mail in mailed(desk))
        assert (first, second) == (404, 200)

    def test_a_job_that_two_began_leaves_the_link_that_was_kept(self, desk: Desk) -> None:
        desk.user_id("alice")
        desk.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
        post = Post(desk.settings, desk.services.signer)
        event_id = desk.read(
            lambda tx: tx.execute(select(events.events.c.id).order_by(events.events.c.seq.desc())).scalar()
        )
        for letters in [desk.read(delivery.compose, post, event_id) for _ in range(2)]:
            desk.write(delivery.keep, post, event_id, letters)
        (mail,) = outbox(desk)
        assert desk.client.get(mail.link("/login/reset")).status_code == 200

    def test_an_invitation(self, desk: Desk) -> None:
        desk.as_("ada").post("/staff/users", {"email": "kim@kim.example", "name": "Kim", "role": "agent"}, expect=201)
        (mail,) = mailed(desk)
        assert (mail.to, mail.kind) == ("kim@kim.example", "invitation")
        assert desk.client.get(mail.link("/login/reset")).status_code == 200

    def test_a_sign_up_is_confirmed_and_a_known_address_gets_a_way_in(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path, signup=True) as desk:
            new = {"email": "nina@nina.example", "name": "Zxnina", "password": "a long enough secret"}
            desk.anyone().post("/api/v1/auth/signup", new, expect=202)
            (mail,) = mailed(desk)
            assert (mail.to, mail.kind) == ("nina@nina.example", "verify_email")
            assert desk.client.get(mail.link("/login/verify")).status_code == 200
            assert "Zxnina" not in mail.words  # the address may be somebody else's
            desk.user_id("alice")
            desk.anyone().post("/api/v1/auth/signup", new | {"email": "alice@acme.example"}, expect=202)
            assert told(desk) == [("alice", "password_reset")]

    def test_mails_to_sign_in_by_go_whatever_was_stopped(self, desk: Desk) -> None:
        prefer(desk, "alice", email_digest=True)
        desk.write(preferences.silence, desk.user_id("alice"), None)
        desk.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
        assert told(desk) == [("alice", "password_reset")]


KINDS = {
    "reply",
    "closed",
    "status_changed",
    "reopened",
    "new_ticket",
    "customer_reply",
    "contact_link",
    "unverified_reply",
    "digest",
    "verify_email",
    "password_reset",
    "invitation",
}
ACCOUNT = {"verify_email", "password_reset", "invitation"}


class TestMails:
    """What all mails have in common, over a story in which each kind occurs."""

    @pytest.fixture
    def story(self, database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, dict[str, list[Mail]]]]:
        """The desk, and its mails by kind."""
        with running(
            database_url, tmp_path, limit_public="off", signup=True, mail_from="Acme <help@acme.test>"
        ) as desk:
            desk.user_id("sam")
            prefer(desk, "alice", **ALL_ON)
            prefer(desk, "bob", email_digest=True)
            ticket, other = desk.new_ticket(), desk.new_ticket("bob")
            agent_reply(desk, ticket)
            agent_reply(desk, other)
            desk.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "Thanks"}, expect=201)
            for status in ("resolved", "closed"):
                desk.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"status": status}, expect=200)
            desk.as_("alice").post(f"/tickets/{ticket['id']}/reopen", expect=200)
            agent_reply(desk, visit(desk))
            signup = {"email": "nina@nina.example", "name": "Nina", "password": "a long enough secret"}
            desk.anyone().post("/api/v1/auth/signup", signup, expect=202)
            desk.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
            desk.as_("ada").post("/staff/users", {"email": "kim@kim.example", "name": "Kim"}, expect=201)
            desk.work()
            desk.write(jobs.enqueue, "digest", {})
            desk.work()
            by_kind: dict[str, list[Mail]] = {}
            for mail in outbox(desk):
                by_kind.setdefault(mail.kind, []).append(mail)
            yield desk, by_kind

    def test_headers(self, story: tuple[Desk, dict[str, list[Mail]]]) -> None:
        _, by_kind = story
        assert set(by_kind) == KINDS
        everything = [mail for found in by_kind.values() for mail in found]
        assert len({str(mail.message["Message-ID"]) for mail in everything}) == len(everything)
        for mail in everything:
            assert str(mail.message["To"]) == mail.to
            assert mail.message["From"].addresses[0].addr_spec == "help@acme.test"
            assert mail.message["Auto-Submitted"] == "auto-generated"
            assert (mail.message["Cc"], mail.message["Bcc"]) == (None, None)
            assert mail.state == "kept"
            clickable = mail.kind not in {"contact_link", *ACCOUNT}
            assert (mail.message["List-Unsubscribe"] is not None) == clickable
            assert (mail.message["List-Unsubscribe-Post"] is not None) == clickable
        (reply,) = by_kind["reply"]
        assert str(reply.message["From"]) == "Sam Okafor via Deskhand <help@acme.test>"

    def test_each_ticket_is_a_thread_of_its_own_that_its_mails_name(
        self, story: tuple[Desk, dict[str, list[Mail]]]
    ) -> None:
        desk, by_kind = story
        listed = desk.as_("ada").get("/staff/tickets", expect=200).json()["tickets"]
        roots: dict[str, set[str]] = {ticket["readable_id"]: set() for ticket in listed}
        for kind in KINDS - ACCOUNT - {"digest"}:
            for mail in by_kind[kind]:
                (readable,) = [name for name in roots if f"[{name}]" in mail.subject]
                assert readable in mail.text
                assert readable in mail.html
                assert mail.message["In-Reply-To"] == mail.message["References"]
                roots[readable].add(str(mail.message["References"]))
        assert len(roots) == 3
        assert [len(found) for found in roots.values()] == [1] * 3
        assert len({next(iter(found)) for found in roots.values()}) == 3
        for kind in (*ACCOUNT, "digest"):
            assert by_kind[kind][0].message["References"] is None

    def test_links_lead_each_reader_to_where_that_one_can_read(self, story: tuple[Desk, dict[str, list[Mail]]]) -> None:
        _, by_kind = story
        for mail in by_kind["new_ticket"]:
            assert mail.link("/desk/tickets/ALT-")
        for kind in ("reply", "closed", "status_changed", "digest"):
            assert by_kind[kind][0].link("/support/ALT-")
        for kind in ("contact_link", "unverified_reply"):
            assert by_kind[kind][0].link("/t/")

    def test_one_click_is_enough_and_looking_is_not(self, story: tuple[Desk, dict[str, list[Mail]]]) -> None:
        desk, by_kind = story
        (reply,) = by_kind["reply"]
        ticket = desk.as_("alice").get("/tickets", expect=200).json()["tickets"][0]
        for method in ("GET", "HEAD"):
            assert desk.client.request(method, reply.one_click).status_code == 200
        agent_reply(desk, ticket)
        assert told(desk) == [("alice", "reply")]
        posted = desk.client.post(reply.one_click, data={"List-Unsubscribe": "One-Click"})
        assert posted.status_code == 200
        assert desk.client.post(reply.one_click).status_code == 200
        agent_reply(desk, ticket, status="closed")
        assert told(desk) == []
        assert desk.as_("alice").get(f"/tickets/{ticket['id']}", expect=200).json()["muted"] is True
        agent_reply(desk, desk.new_ticket())
        assert ("alice", "reply") in told(desk)


def test_the_thread_goes_on_under_another_subject(team: Desk) -> None:
    ticket = team.new_ticket()
    agent_reply(team, ticket)
    team.as_("sam").patch(f"/staff/tickets/{ticket['id']}", {"subject": "Quite another matter"}, expect=200)
    agent_reply(team, ticket)
    replies = [mail for mail in mailed(team) if mail.kind == "reply"]
    assert len({str(mail.message["References"]) for mail in replies}) == 1
    assert len({str(mail.message["Message-ID"]) for mail in replies}) == 2


def test_a_job_done_twice_writes_no_second_mail(team: Desk) -> None:
    """As after a crash between the commit of the mails and that of the job."""
    agent_reply(team, team.new_ticket())
    team.anyone().post("/api/v1/auth/password-reset", {"email": "alice@acme.example"}, expect=202)
    first = mailed(team)
    team.write(lambda tx: tx.execute(update(jobs.jobs).values(state="queued", run_at=now() - 1)))
    assert mailed(team) == []
    reset = next(mail for mail in first if mail.kind == "password_reset")
    assert team.client.get(reset.link("/login/reset")).status_code == 200


def test_no_kind_of_mail_is_unknown_to_this_page() -> None:
    """A new kind has to be told here whom it goes to."""
    assert set(compose.KINDS) == KINDS
