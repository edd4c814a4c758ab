"""The same act leaves the same behind through whichever door it comes: rows, events, jobs, mails, words to be found.

`ACTS` says of each act how each door does it. Another door is another entry per act, and its name in `VIA`; an act is
another row. Each runs on a database of its own, from the same beginning, and is held against the first door.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from deskhand.kb import model as kb
from deskhand.kb import ops as kb_ops
from deskhand.kb.model import NewArticle
from deskhand.kit.schema import metadata
from deskhand.tickets import access, create, ops
from deskhand.tickets.model import NewTicket, StaffTicketChange, Status
from tests.support.api import later
from tests.support.app import Desk, email, running
from tests.support.cli import Cli
from tests.support.databases import Databases
from tests.support.pages import Browser, value_of
from tests.support.words import entries

SUBJECT, BODY = "Empty content", "The **body** is empty since this morning."
LETTER = {"name": "Vera", "email": "vera@visitor.example", "subject": SUBJECT, "body": BODY}
VOTE = {"helpful": False, "comment": "No example."}

# What each door calls itself beside a message and a ticket.
VIA = {"api": "api", "cli": "cli", "web": "web"}
# Who asked how often, and by which session, is the door's affair.
APART = {"limit_hits", "sessions", "idempotency_keys"}
# Jobs by which a door lets an act wait before it is done: done, they have left what the act leaves.
WAITING = {"held.carry_out"}
# What is drawn anew, and what is known of the client.
_RANDOM = {
    "stamps": ("stamp",),
    "kb_search_state": ("stamp",),
    "kb_search_entries": ("stamp",),
    "instance_keys": ("value",),
    "users": ("password_hash",),
    "enrichments": ("client",),
}
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_YEAR_2001 = 10**15  # in microseconds: no other number is as large


@dataclass(frozen=True)
class Stage:
    """A desk with its cast and, for most acts, a ticket of Alice's."""

    desk: Desk
    cli: Cli
    ref: str = ""

    def ok(self, who: str, *command: str, **more: Any) -> Any:
        """Run `deskhand ticket …` as one of the cast."""
        return orjson.loads(self.cli.ok("ticket", *command, "--as", email(who), "--json", **more))

    def sent(self, who: str, path: str, **form: Any) -> None:
        """Send a page's form as one of the cast, and be led on as one is where it did its work."""
        answer = Browser(self.desk, who).post(path, form)
        assert answer.status_code == 303, answer.text[:500]

    def written(self) -> None:
        """Send the contact form a minute after opening it."""
        with later(-60):
            stamp = value_of(self.desk.client.get("/contact").text, "stamp")
        answer = self.desk.client.post("/contact", data=LETTER | {"stamp": stamp})
        assert answer.status_code == 303, answer.text[:500]

    def sent_at_once(self, who: str, **form: Any) -> None:
        """Send a reply from the desk without waiting for the time in which it could be taken back."""
        self.sent(who, f"/desk/tickets/{self.ref}/reply", **form)
        page = Browser(self.desk, who).get(f"/desk/tickets/{self.ref}").text
        (held_id,) = re.findall(r"/send/([0-9a-f-]{36})", page)
        self.sent(who, f"/desk/tickets/{self.ref}/send/{held_id}")


Do = Callable[[Stage], object]


@dataclass(frozen=True)
class Act:
    """How each door does it, and what must have happened before."""

    doors: dict[str, Do]
    events: list[str]
    before: tuple[Do, ...] = ()
    files: bool = True  # whether there is a ticket of Alice's to begin with
    without: frozenset[str] = frozenset()  # doors by which it cannot be done


# Beginnings come through no door.


def filed(desk: Desk) -> str:
    new = NewTicket(subject=SUBJECT, body=BODY)
    return desk.write(create.create, desk.settings, desk.actor("alice"), new).readable_id


def resolved(at: Stage) -> None:
    sam, change = at.desk.actor("sam"), StaffTicketChange(status=Status.RESOLVED)
    at.desk.write(lambda tx: ops.change(tx, sam, access.lock(tx, sam, at.ref), change))


def published(at: Stage) -> None:
    new = NewArticle(title="Rendering", body=BODY, status=kb.Status.PUBLISHED)
    at.desk.write(kb_ops.create, at.desk.actor("sam"), new)


def closed(at: Stage) -> None:
    alice = at.desk.actor("alice")
    at.desk.write(lambda tx: ops.close(tx, alice, access.lock(tx, alice, at.ref)))


ACTS = {
    "create": Act(
        {
            "api": lambda at: at.desk.new_ticket(
                subject=SUBJECT, body=BODY, priority="high", metadata={"job": "4711"}, category_slug="billing"
            ),
            "cli": lambda at: at.ok(
                *("alice", "create", "--subject", SUBJECT, "--body", BODY, "--category", "billing"),
                *("--priority", "high", "--metadata", '{"job": "4711"}'),
            ),
            "web": lambda at: at.sent(
                *("alice", "/support/new"),
                subject=SUBJECT,
                body=BODY,
                category_slug="billing",
                priority="high",
                name=["job", ""],
                value=["4711", ""],
            ),
        },
        ["ticket.created"],
        files=False,
    ),
    "create, category left out": Act(
        {
            "api": lambda at: at.desk.new_ticket(subject=SUBJECT, body=BODY),
            "cli": lambda at: at.ok("alice", "create", "--subject", SUBJECT, input=BODY + "\n"),
            "web": lambda at: at.sent(
                *("alice", "/support/new"), subject=SUBJECT, body=BODY, category_slug="", priority="medium"
            ),
        },
        ["ticket.created"],
        files=False,
    ),
    "staff create": Act(
        {
            "api": lambda at: at.desk.as_("sam").post(
                "/staff/tickets",
                {"subject": SUBJECT, "body": BODY, "requester": {"email": email("bob")}, "tags": ["VIP"]},
                expect=201,
            ),
            "cli": lambda at: at.ok(
                "sam", "create", "--subject", SUBJECT, "--body", BODY, "--for", email("bob"), "--tag", "VIP"
            ),
        },
        ["ticket.created"],
        files=False,
        without=frozenset({"web"}),
    ),
    "reply to an open ticket": Act(
        {
            "api": lambda at: at.desk.as_("alice").post(f"/tickets/{at.ref}/replies", {"body": BODY}, expect=201),
            "cli": lambda at: at.ok("alice", "reply", at.ref, input=BODY),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}", body=BODY),
        },
        ["ticket.replied"],
    ),
    "reply to a resolved ticket": Act(
        {
            "api": lambda at: at.desk.as_("alice").post(f"/tickets/{at.ref}/replies", {"body": BODY}, expect=201),
            "cli": lambda at: at.ok("alice", "reply", at.ref, "--body", BODY),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}", body=BODY),
        },
        ["ticket.replied"],
        before=(resolved,),
    ),
    "staff reply": Act(
        {
            "api": lambda at: at.desk.as_("sam").post(f"/staff/tickets/{at.ref}/replies", {"body": BODY}, expect=201),
            "cli": lambda at: at.ok("sam", "reply", at.ref, "--body", BODY),
            "web": lambda at: at.sent_at_once("sam", body=BODY),
        },
        ["ticket.replied"],
    ),
    "staff reply with status": Act(
        {
            "api": lambda at: at.desk.as_("sam").post(
                f"/staff/tickets/{at.ref}/replies", {"body": BODY, "status": "resolved"}, expect=201
            ),
            "cli": lambda at: at.ok("sam", "reply", at.ref, "--body", BODY, "--status", "resolved"),
            "web": lambda at: at.sent_at_once("sam", body=BODY, status="resolved"),
        },
        ["ticket.replied"],
    ),
    "note": Act(
        {
            "api": lambda at: at.desk.as_("sam").post(f"/staff/tickets/{at.ref}/notes", {"body": BODY}, expect=201),
            "cli": lambda at: at.ok("sam", "note", at.ref, "--body", BODY),
            "web": lambda at: at.sent("sam", f"/desk/tickets/{at.ref}/note", body=BODY),
        },
        ["ticket.noted"],
    ),
    "close": Act(
        {
            "api": lambda at: at.desk.as_("alice").post(f"/tickets/{at.ref}/close", expect=200),
            "cli": lambda at: at.ok("alice", "close", at.ref),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}/close"),
        },
        ["ticket.closed"],
    ),
    "close what is closed": Act(
        {
            "api": lambda at: at.desk.as_("alice").post(f"/tickets/{at.ref}/close", expect=200),
            "cli": lambda at: at.ok("alice", "close", at.ref),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}/close"),
        },
        [],
        before=(closed,),
    ),
    "staff close": Act(
        {
            "api": lambda at: at.desk.as_("sam").patch(f"/staff/tickets/{at.ref}", {"status": "closed"}, expect=200),
            "cli": lambda at: at.ok("sam", "close", at.ref),
            "web": lambda at: at.sent("sam", f"/desk/tickets/{at.ref}/change", status="closed"),
        },
        ["ticket.closed"],
    ),
    "reopen": Act(
        {
            "api": lambda at: at.desk.as_("alice").post(f"/tickets/{at.ref}/reopen", expect=200),
            "cli": lambda at: at.ok("alice", "reopen", at.ref),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}/reopen"),
        },
        ["ticket.reopened"],
        before=(closed,),
    ),
    "staff reopen": Act(
        {
            "api": lambda at: at.desk.as_("sam").patch(f"/staff/tickets/{at.ref}", {"status": "open"}, expect=200),
            "cli": lambda at: at.ok("sam", "reopen", at.ref),
            "web": lambda at: at.sent("sam", f"/desk/tickets/{at.ref}/change", status="open"),
        },
        ["ticket.reopened"],
        before=(resolved,),
    ),
    "change": Act(
        {
            "api": lambda at: at.desk.as_("alice").patch(
                f"/tickets/{at.ref}", {"subject": "Other", "priority": "low", "category_slug": "billing"}, expect=200
            ),
            "web": lambda at: at.sent(
                *("alice", f"/support/{at.ref}/change"), subject="Other", priority="low", category_slug="billing"
            ),
        },
        ["ticket.changed"],
        without=frozenset({"cli"}),
    ),
    "rate": Act(
        {
            "api": lambda at: at.desk.as_("alice").post(
                f"/tickets/{at.ref}/satisfaction", {"rating": 4, "comment": "Quick."}, expect=201
            ),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}/rate", rating="4", comment="Quick."),
        },
        ["ticket.rated"],
        before=(resolved,),
        without=frozenset({"cli"}),
    ),
    "mute": Act(
        {
            "api": lambda at: at.desk.as_("alice").patch(f"/tickets/{at.ref}/mute", {"muted": True}, expect=200),
            "web": lambda at: at.sent("alice", f"/support/{at.ref}/mute", muted="true"),
        },
        [],
        without=frozenset({"cli"}),
    ),
    "say what to hear of": Act(
        {
            "api": lambda at: at.desk.as_("alice").patch(
                "/preferences",
                {
                    "notify_on_reply": False,
                    "notify_on_close": True,
                    "notify_on_status_change": True,
                    "email_digest": False,
                },
                expect=200,
            ),
            "web": lambda at: at.sent(
                *("alice", "/support/preferences"), notify_on_close="true", notify_on_status_change="true"
            ),
        },
        [],
        without=frozenset({"cli"}),
    ),
    "write without an account": Act(
        {
            "api": lambda at: at.desk.anyone().post("/tickets/public", LETTER, expect=201),
            "web": lambda at: at.written(),
        },
        ["ticket.created"],
        files=False,
        without=frozenset({"cli"}),
    ),
    "say whether an article helped": Act(
        {
            "api": lambda at: at.desk.as_("alice").post("/kb/rendering/helpful", VOTE, expect=200),
            "web": lambda at: at.sent("alice", "/help/rendering", helpful="false", comment="No example."),
        },
        [],
        before=(published,),
        files=False,
        without=frozenset({"cli"}),
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_leaves_the_same_behind_through_every_door(databases: Databases, tmp_path: Path, name: str) -> None:
    act = ACTS[name]
    assert set(act.doors) | act.without == set(VIA)
    assert not act.without & set(act.doors)
    left: dict[str, dict[str, list[str]]] = {}
    for door, do in act.doors.items():
        left[door], events = _left_behind(databases, tmp_path / door, act, door, do)
        assert events == act.events, door
    first, *others = left
    for door in others:
        for table, found in left[door].items():
            assert found == left[first][table], f"{door}: {table}"


def _left_behind(
    databases: Databases, folder: Path, act: Act, door: str, do: Do
) -> tuple[dict[str, list[str]], list[str]]:
    """All rows after the act and what follows from it, and the names of the act's events."""
    with databases.migrated() as url, running(url, folder) as desk:
        for who in ("alice", "bob", "sam", "ada"):
            desk.token(who)
        at = Stage(desk, Cli(url, folder, base_url="http://testserver"))
        if act.files:
            at = Stage(desk, at.cli, filed(desk))
        for step in act.before:
            step(at)
        desk.work()
        began = len(_rows(desk, "events"))
        do(at)
        desk.work()
        return _plain(desk, VIA[door]), [row["name"] for row in _rows(desk, "events")[began:]]


def _rows(desk: Desk, table: str) -> list[dict[str, Any]]:
    order = ", ".join(column.name for column in metadata.tables[table].primary_key.columns)
    with desk.store.reading() as tx:
        return [dict(row) for row in tx.execute(text(f"SELECT * FROM {table} ORDER BY {order}")).mappings()]


def _plain(desk: Desk, via: str) -> dict[str, list[str]]:
    """Every table's rows, ids by the order in which they came to be, without times and the door's own name."""
    rows = {table.name: _rows(desk, table.name) for table in metadata.sorted_tables if table.name not in APART}
    rows["jobs"] = [row for row in rows["jobs"] if row["kind"] not in WAITING]
    with desk.store.reading() as tx:
        rows["fulltext"] = entries(tx)
    told = {name: [repr(_told(name, row, via)) for row in some] for name, some in rows.items()}
    # Version 7: they sort by the time they were made.
    known = sorted({_bare(id_) for some in told.values() for line in some for id_ in _UUID.findall(line)})
    numbers = {id_: f"#{number}" for number, id_ in enumerate(known)}
    return {
        name: sorted(_UUID.sub(lambda id_: numbers[_bare(id_[0])], line) for line in some)
        for name, some in told.items()
    }


def _told(table: str, row: dict[str, Any], via: str) -> dict[str, Any]:
    told = {name: _timeless(value) for name, value in row.items()}
    told |= {name: "the door" for name in ("via", "channel") if told.get(name) == via}
    for name in _RANDOM.get(table, ()):
        told[name] = "another each time"
    if table == "mails":
        told["content"] = _words(row["content"])
    return told


def _timeless(value: Any) -> str:
    return "then" if isinstance(value, int) and value > _YEAR_2001 else str(value)


def _words(content: str) -> str:
    """A mail without its signed links, its date, and what hangs on its id."""
    without = re.sub(r"(/(?:t|unsubscribe)/|token=)[\w=-]+", r"\1…", content.replace("=\r\n", ""))
    return re.sub(r"(?m)^Date: .*$|=_[0-9a-f]{32}", "", without)


def _bare(id_: str) -> str:
    return id_.replace("-", "")
