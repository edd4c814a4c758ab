"""`deskhand ticket …`: the acts of the API for scripts. Staff see and do what staff may, customers what is theirs."""

from collections.abc import Callable
from typing import Any

import click
import orjson
from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.doors import shapes
from deskhand.doors.cli.desk import acting, opened, read_stdin
from deskhand.kit.errors import Invalid
from deskhand.kit.text import normal_email
from deskhand.tickets import access, ops, wire
from deskhand.tickets import create as filing
from deskhand.tickets.filters import Filter, some
from deskhand.tickets.model import (
    PRIORITIES,
    SORTS,
    NewNote,
    NewReply,
    NewStaffReply,
    NewStaffTicket,
    NewTicket,
    Priority,
    Status,
    Ticket,
)

_STATUSES = [str(status) for status in Status]
_Work = Callable[[Connection, Actor], Any]

_as = click.option("--as", "email", required=True, metavar="EMAIL", help="Who acts.")
_json = click.option("--json", "as_json", is_flag=True, help="Print what the API answers.")
_body = click.option("--body", metavar="MARKDOWN", help="The text; left out, it is read from standard input.")


@click.group()
def ticket() -> None:
    """File, list, show and answer tickets."""


@ticket.command("create")
@_as
@click.option("--subject", required=True)
@_body
@click.option("--category", metavar="SLUG", help="Left out, it is chosen from subject and body.")
@click.option("--priority", type=click.Choice([str(one) for one in PRIORITIES]), default="medium", show_default=True)
@click.option("--metadata", default="{}", metavar="JSON", help='An object: {"job": "4711"}.')
@click.option("--for", "requester", metavar="EMAIL", help="Staff: the customer whose ticket it is.")
@click.option("--tag", "tags", multiple=True, help="Staff, with --for.")
@_json
def create(email: str, requester: str | None, tags: tuple[str, ...], as_json: bool, **fields: Any) -> None:
    """File a ticket of one's own or, as staff, for a customer."""
    given = {
        "subject": fields["subject"],
        "body": _text(fields["body"]),
        "category_slug": fields["category"],
        "priority": fields["priority"],
        "metadata": _object(fields["metadata"]),
    }

    def own(tx: Connection, actor: Actor) -> wire.TicketOut:
        return wire.ticket(filing.create(tx, desk.settings, actor.as_customer(), NewTicket(**given)))

    def for_customer(tx: Connection, actor: Actor) -> Any:
        new = NewStaffTicket(**given, requester={"email": requester}, tags=list(tags))  # type: ignore[arg-type]
        return shapes.desk_ticket(tx, filing.create_for(tx, desk.settings, actor, new))

    with opened() as desk, desk.store.begin() as tx:
        made = (for_customer if requester else own)(tx, acting(tx, email))
    _print(made, as_json, _line)


@ticket.command("list")
@_as
@click.option("--status", "statuses", multiple=True, type=click.Choice(_STATUSES))
@click.option("--category", metavar="SLUG")
@click.option("--priority", type=click.Choice([str(one) for one in PRIORITIES]))
@click.option("--search", "q", metavar="WORDS", help="Best match first.")
@click.option("--requester", metavar="EMAIL", help="Staff: whose tickets.")
@click.option("--assignee", metavar="ID", help="Staff: a user's id, or `none`.")
@click.option("--tag", help="Staff.")
@click.option("--sort", type=click.Choice(SORTS))
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(1, 100), default=20, show_default=True)
@_json
def list_(email: str, statuses: tuple[str, ...], requester: str | None, as_json: bool, **asked: Any) -> None:
    """List tickets: one's own or, as staff, everybody's."""
    priority, tag = asked.pop("priority"), asked.pop("tag")
    wanted = Filter(
        status=tuple(map(Status, statuses)),
        category=some(asked.pop("category")),
        priority=some(Priority(priority) if priority else None),
        assignee=some(asked.pop("assignee")),
        tags=some(tag and tag.lower()),
        requester=requester and normal_email(requester),
        **asked,
    )
    with opened() as desk, desk.store.reading() as tx:
        actor = acting(tx, email)
        page = (shapes.desk_page if actor.is_staff else shapes.own_page)(tx, actor, wanted)
    _print(page, as_json, lambda page: "\n".join(map(_line, page["tickets"])))


@ticket.command("show")
@click.argument("ref")
@_as
@_json
def show(ref: str, email: str, as_json: bool) -> None:
    """Show a ticket with its messages. REF is its id or readable id."""

    def work(tx: Connection, actor: Actor) -> Any:
        if actor.is_staff:
            return shapes.desk_thread(tx, actor, ref)
        ticket = access.get(tx, actor, ref)
        ops.mark_read(tx, actor, ticket)
        return shapes.own_thread(tx, actor, ticket)

    _act(email, work, as_json, _thread)


@ticket.command("reply")
@click.argument("ref")
@_as
@_body
@click.option("--status", type=click.Choice(_STATUSES), help="Staff: what the ticket becomes.  [default: pending]")
@_json
def reply(ref: str, email: str, body: str | None, status: str | None, as_json: bool) -> None:
    """Answer a ticket."""
    text = _text(body)

    def work(tx: Connection, actor: Actor) -> Any:
        if actor.is_staff:
            new = NewStaffReply(body=text, **({"status": status} if status else {}))  # type: ignore[arg-type]
            return shapes.desk_message(tx, ops.reply(tx, actor, access.lock(tx, actor, ref), new))
        if status:
            raise Invalid.field("status", "staff_only", "Only staff choose the status that follows.")
        return shapes.own_message(tx, ops.reply(tx, actor, access.lock(tx, actor, ref), NewReply(body=text)))

    _act(email, work, as_json, lambda message: message["id"])


@ticket.command("note")
@click.argument("ref")
@_as
@_body
@_json
def note(ref: str, email: str, body: str | None, as_json: bool) -> None:
    """Write a note for the team."""
    new = NewNote(body=_text(body))

    def work(tx: Connection, actor: Actor) -> Any:
        actor.require_staff()
        return shapes.desk_message(tx, ops.add_note(tx, actor, access.lock(tx, actor, ref), new))

    _act(email, work, as_json, lambda message: message["id"])


@ticket.command("close")
@click.argument("ref")
@_as
@_json
def close(ref: str, email: str, as_json: bool) -> None:
    """Close a ticket; one that is closed stays so."""
    _act(email, _turning(ref, ops.close), as_json, _line)


@ticket.command("reopen")
@click.argument("ref")
@_as
@_json
def reopen(ref: str, email: str, as_json: bool) -> None:
    """Open a ticket again; one that is open stays so."""
    _act(email, _turning(ref, ops.reopen), as_json, _line)


def _turning(ref: str, turn: Callable[[Connection, Actor, Ticket], Ticket]) -> _Work:
    def work(tx: Connection, actor: Actor) -> Any:
        turned = turn(tx, actor, access.lock(tx, actor, ref))
        return shapes.desk_ticket(tx, turned) if actor.is_staff else wire.ticket(turned)

    return work


def _act(email: str, work: _Work, as_json: bool, say: Callable[[Any], str]) -> None:
    """Run `work` as that person in one transaction, and print what it returns."""
    with opened() as desk, desk.store.begin() as tx:
        result = work(tx, acting(tx, email))
    _print(result, as_json, say)


def _print(result: Any, as_json: bool, say: Callable[[Any], str]) -> None:
    if said := orjson.dumps(result) if as_json else say(result):
        click.echo(said)


def _line(ticket: Any) -> str:
    return f"{ticket['readable_id']}\t{ticket['status']}\t{ticket['priority']}\t{ticket['subject']}"


def _thread(thread: Any) -> str:
    entries = [
        f"\n{message['created_at']}  {message['author']['name']}{' (note)' * (message.get('kind') == 'note')}\n"
        f"{message['body']}"
        for message in thread["messages"]
    ]
    return "\n".join([_line(thread), *entries])


def _text(body: str | None) -> str:
    return read_stdin().rstrip("\n") if body is None else body


def _object(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Invalid.field("metadata", "json", "This is not JSON.") from None
