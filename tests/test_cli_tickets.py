"""`deskhand ticket …` leaves behind what the API leaves behind, and shows what the API shows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from deskhand import wiring
from deskhand.doors import worker
from deskhand.kit.schema import metadata
from tests.support.app import Desk, email, running
from tests.support.cli import Cli
from tests.support.databases import Databases

SUBJECT, BODY = "Empty content", "The **body** is empty since this morning."
COMPARED = ("tickets", "messages", "events", "jobs", "ticket_tags", "enrichments", "mails", "digest_items")
_OF_THE_DOOR = ("at", "via", "channel", "client")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
def cli(desk: Desk, database_url: str, tmp_path: Path) -> Cli:
    """Commands on the database of `desk`."""
    for who in ("alice", "mallory", "sam"):
        desk.user_id(who)
    return Cli(database_url, tmp_path, base_url="http://testserver")


def as_(who: str, *args: str) -> tuple[str, ...]:
    return (*args, "--as", email(who), "--json")


def through_api(desk: Desk) -> None:
    alice, sam = desk.as_("alice"), desk.as_("sam")
    new = {"subject": SUBJECT, "body": BODY, "priority": "high", "metadata": {"job": "4711"}}
    ref = alice.post("/tickets", new, expect=201).json()["readable_id"]
    sam.post(f"/staff/tickets/{ref}/replies", {"body": "Which header?"}, expect=201)
    sam.post(f"/staff/tickets/{ref}/notes", {"body": "A proxy?"}, expect=201)
    alice.post(f"/tickets/{ref}/replies", {"body": "None."}, expect=201)
    sam.post(f"/staff/tickets/{ref}/replies", {"body": "Solved.", "status": "resolved"}, expect=201)
    alice.post(f"/tickets/{ref}/close", expect=200)
    alice.post(f"/tickets/{ref}/close", expect=200)
    alice.post(f"/tickets/{ref}/reopen", expect=200)
    filed = {"subject": "By phone", "body": "He called.", "requester": {"email": email("bob")}, "tags": ["vip"]}
    sam.post("/staff/tickets", filed, expect=201)


def through_cli(cli: Cli) -> None:
    extra = ("--body", BODY, "--priority", "high", "--metadata", '{"job": "4711"}')
    made = cli.ok("ticket", "create", "--subject", SUBJECT, *extra, *as_("alice"))
    ref = orjson.loads(made)["readable_id"]
    cli.ok("ticket", "reply", ref, "--body", "Which header?", *as_("sam"))
    cli.ok("ticket", "note", ref, "--body", "A proxy?", *as_("sam"))
    cli.ok("ticket", "reply", ref, *as_("alice"), input="None.\n")
    cli.ok("ticket", "reply", ref, "--body", "Solved.", "--status", "resolved", *as_("sam"))
    cli.ok("ticket", "close", ref, *as_("alice"))
    cli.ok("ticket", "close", ref, *as_("alice"))
    cli.ok("ticket", "reopen", ref, *as_("alice"))
    extra = ("--body", "He called.", "--for", email("bob"), "--tag", "vip")
    cli.ok("ticket", "create", "--subject", "By phone", *extra, *as_("sam"))


@contextmanager
def peopled(url: str, folder: Path) -> Iterator[Desk]:
    with running(url, folder) as desk:
        for who in ("alice", "bob", "sam"):
            desk.user_id(who)
            desk.token(who)
        yield desk


def left_behind(desk: Desk) -> dict[str, list[str]]:
    """The rows in their order: ids numbered as they appear, without times, and without what doors must differ in."""
    worker.dispatch(desk.services, wiring.PLAN)
    seen: dict[str, str] = {}

    def plain(row: Any) -> str:
        told = {name: value for name, value in row.items() if not name.endswith("_at") and name not in _OF_THE_DOOR}
        return _UUID.sub(lambda found: seen.setdefault(found[0], f"#{len(seen)}"), repr(told))

    found = {}
    with desk.store.reading() as tx:
        for name in COMPARED:
            table = metadata.tables[name]
            order = [table.c.seq] if "seq" in table.c else list(table.primary_key.columns)
            found[name] = [plain(row) for row in tx.execute(select(table).order_by(*order)).mappings()]
    return found


def test_rows_events_and_jobs_are_those_of_the_api(databases: Databases, tmp_path: Path) -> None:
    with databases.migrated() as one, peopled(one, tmp_path / "1") as desk:
        through_api(desk)
        by_api = left_behind(desk)
    with databases.migrated() as two, peopled(two, tmp_path / "2") as desk:
        through_cli(Cli(two, tmp_path / "2", base_url="http://testserver"))
        by_cli = left_behind(desk)
    for name in COMPARED:
        assert by_cli[name] == by_api[name], name
    assert len(by_api["events"]) == 8
    assert by_api["jobs"]


def test_what_is_printed_is_what_the_api_answers(cli: Cli, desk: Desk) -> None:
    made = orjson.loads(cli.ok("ticket", "create", "--subject", SUBJECT, "--body", BODY, *as_("alice")))
    ref = made["readable_id"]
    cli.ok("ticket", "reply", ref, "--body", "Which header?", *as_("sam"))
    pairs: list[tuple[tuple[str, ...], Callable[[], Any]]] = [
        (as_("sam", "ticket", "show", ref), lambda: desk.as_("sam").get(f"/staff/tickets/{ref}")),
        (as_("sam", "ticket", "list"), lambda: desk.as_("sam").get("/staff/tickets")),
        (as_("alice", "ticket", "list", "--search", "header"), lambda: desk.as_("alice").get("/tickets?q=header")),
        (as_("alice", "ticket", "list", "--status", "closed"), lambda: desk.as_("alice").get("/tickets?status=closed")),
        (as_("alice", "ticket", "close", ref), lambda: desk.as_("alice").post(f"/tickets/{ref}/close")),
    ]
    for command, call in pairs:
        assert orjson.loads(cli.ok(*command)) == call().json(), command
    assert orjson.loads(cli.ok(*as_("alice", "ticket", "show", ref)))["unread"] is True
    assert desk.as_("alice").get(f"/tickets/{ref}").json()["unread"] is False


def test_lines_for_people(cli: Cli) -> None:
    made = cli.ok("ticket", "create", "--subject", SUBJECT, "--as", email("alice"), input=BODY)
    ref = made.split("\t")[0]
    assert made == f"{ref}\topen\tmedium\t{SUBJECT}\n"
    assert cli.ok("ticket", "list", "--as", email("sam")) == made
    cli.ok("ticket", "note", ref, "--body", "Psst.", "--as", email("sam"))
    shown = cli.ok("ticket", "show", ref, "--as", email("sam"))
    assert BODY in shown
    assert "Sam Okafor (note)\nPsst." in shown
    assert "Psst." not in cli.ok("ticket", "show", ref, "--as", email("alice"))


def test_strangers_and_customers_get_no_further_than_elsewhere(cli: Cli, desk: Desk) -> None:
    ref = desk.new_ticket()["readable_id"]
    for command in (["show", ref], ["reply", ref, "--body", "Hm."], ["close", ref], ["reopen", ref]):
        said = cli("ticket", *command, "--as", email("mallory"))
        assert (said.code, said.out, said.err) == (1, "", "Error: There is no such ticket\n")
    assert cli.ok("ticket", "list", "--as", email("mallory")) == ""
    assert "support team" in cli("ticket", "note", ref, "--body", "Hm.", "--as", email("alice")).err
    assert cli("ticket", "reply", ref, "--body", "Hm.", "--status", "closed", "--as", email("alice")).code == 1
    filed = ("ticket", "create", "--subject", "S", "--body", "B", "--for", email("alice"))
    assert cli(*filed, "--as", email("mallory")).code == 1
    assert cli("ticket", "list", "--as", "nobody@nobody.example").code == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--subject", " ", "--body", "B"], "subject: "),
        (["--subject", "S", "--body", ""], "body: "),
        (["--subject", "S", "--body", "B", "--category", "nonsense"], "category_slug: "),
        (["--subject", "S", "--body", "B", "--metadata", "{"], "metadata: This is not JSON."),
        (["--subject", "S", "--body", "B", "--metadata", '{"a": []}'], "metadata: "),
    ],
)
def test_what_the_api_refuses_is_refused(cli: Cli, args: list[str], words: str) -> None:
    said = cli("ticket", "create", *args, "--as", email("alice"))
    assert (said.code, said.out) == (1, "")
    assert f"Error: {words}" in said.err
