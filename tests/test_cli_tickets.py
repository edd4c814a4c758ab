"""`deskhand ticket …` shows what the API shows, and refuses what it refuses; tests/test_parity.py has what they do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.app import Desk, email
from tests.support.cli import Cli

SUBJECT, BODY = "Empty content", "The **body** is empty since this morning."


@pytest.fixture
def cli(desk: Desk, database_url: str, tmp_path: Path) -> Cli:
    """Commands on the database of `desk`."""
    for who in ("alice", "mallory", "sam"):
        desk.user_id(who)
    return Cli(database_url, tmp_path, base_url="http://testserver")


def as_(who: str, *args: str) -> tuple[str, ...]:
    return (*args, "--as", email(who), "--json")


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
