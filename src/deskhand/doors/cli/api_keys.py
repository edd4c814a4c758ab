"""`deskhand api-key create`."""

from typing import Any

import click

from deskhand.accounts import api_keys as acts
from deskhand.accounts.actor import Scope
from deskhand.accounts.model import NewApiKey
from deskhand.doors.cli.desk import acting, opened

SCOPES = [str(scope) for scope in Scope]


@click.group("api-key")
def api_key() -> None:
    """Make API keys."""


@api_key.command("create")
@click.argument("email")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="Default: all it may have.",
)
@click.option("--expires", help="When it ends: 2027-01-31T00:00:00Z. Default: never.")
def create(email: str, name: str, scopes: tuple[str, ...], expires: str | None) -> None:
    """Make a key for the person with this e-mail and print it, alone on a line. It is shown this once."""
    given: dict[str, Any] = {"name": name, "scopes": list(scopes) or None, "expires_at": expires}
    new = NewApiKey.model_validate(given)
    with opened() as desk, desk.store.begin() as tx:
        row, key = acts.create(tx, acting(tx, email), new)
    click.echo(f"{row['name']}: {', '.join(row['scopes'])}", err=True)
    click.echo(key)
