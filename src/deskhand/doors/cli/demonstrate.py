"""`deskhand demo`: a believable desk, told by the very acts that make a real one, each at its time in the past."""

import secrets
from typing import Any

import click
from sqlalchemy import Connection, select, update

from deskhand.doors.cli.desk import opened
from deskhand.doors.cli.stories import Cast, Data, load, tell
from deskhand.kb.tables import articles
from deskhand.kit.errors import Conflict
from deskhand.kit.events import events
from deskhand.kit.settings import Settings
from deskhand.tickets.tables import tickets

_SHOWN = 3  # customers whose addresses are printed


class NotEmpty(Conflict):
    title = "There are tickets or articles here already: the demo needs a desk of its own (DESKHAND_DATA_DIR)"


@click.command()
def demo() -> None:
    """Fill an empty desk with a fictional company's help centre, customers and three months of tickets.

    Prints who can sign in. No mail is sent for anything in it.
    """
    data, password = load(), secrets.token_urlsafe(12)
    with opened() as desk:
        hashed = desk.passwords.hash(password)
        # One transaction: all of it is there or nothing is, and no worker sees an event before it is marked.
        with desk.store.begin() as tx:
            _require_empty(tx)
            fill(tx, desk.settings, data, hashed)
        click.echo(f"Sign in at {desk.settings.base_url}/login with the password {password}", err=True)
    click.echo("\n".join(_people(data, password)))


def fill(tx: Connection, settings: Settings, data: Data, hashed: str) -> None:
    """Everything in `data`, for everybody the password of this hash. What happened has been told to everyone."""
    cast = Cast.hire(tx, data, hashed)
    tell(tx, settings, data, cast)
    tx.execute(update(events).where(events.c.dispatched_at.is_(None)).values(dispatched_at=events.c.at))


def _require_empty(tx: Connection) -> None:
    if any(tx.execute(select(table.c.id).limit(1)).first() for table in (tickets, articles)):
        raise NotEmpty


def _people(data: Data, password: str) -> list[str]:
    def line(person: dict[str, Any], role: str) -> str:
        return f"{person['email']}\t{role}\t{password}"

    customers = [line(person, "customer") for person in data.customers[:_SHOWN]]
    return [*(line(person, person["role"]) for person in data.staff), *customers]
