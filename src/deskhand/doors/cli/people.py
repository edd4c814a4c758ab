"""People: `deskhand user create`, `deskhand user list`, `deskhand token`."""

import click
import orjson
from sqlalchemy import Connection, RowMapping

from deskhand.accounts import links, queries, sessions, wire
from deskhand.accounts import people as acts
from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.model import NewUser
from deskhand.accounts.passwords import check_password
from deskhand.doors.cli.desk import CLIENT, opened, person, read_stdin
from deskhand.doors.services import Services
from deskhand.kit.clock import HOUR

ROLES = [str(role) for role in (Role.CUSTOMER, Role.AGENT, Role.ADMIN)]
_PAGE = 500


@click.group()
def user() -> None:
    """Make and list people."""


@user.command("create")
@click.argument("email")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--role", type=click.Choice(ROLES), default="customer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make an own account. Without a password it prints an invitation, by which the person chooses one."""
    new = NewUser(email=email, name=name, role=Role(role))
    password = read_stdin().rstrip("\r\n") if password_stdin else None
    if password is not None:
        check_password(password, new.email)
    with opened() as desk:
        hashed = desk.passwords.hash(password) if password is not None else None
        with desk.store.begin() as tx:
            made = acts.create_own(
                tx, email=new.email, name=new.name, role=new.role, password_hash=hashed, verified=hashed is not None
            )
            invitation = None if hashed else _invitation(tx, desk, made)
    click.echo(f"{made['email']} is a person of this desk now: {made['role']}.", err=True)
    if invitation:
        click.echo("The invitation works once, for seven days:", err=True)
        click.echo(invitation)


@user.command("list")
@click.option("--role", type=click.Choice(ROLES), help="Only these.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(role: str | None, as_json: bool) -> None:
    """List people by name: e-mail, role, name."""
    with opened() as desk, desk.store.reading() as tx:
        offset, total = 0, 1
        while offset < total:
            rows, total = queries.list_users(tx, _OPERATOR, role=role, q=None, limit=_PAGE, offset=offset)
            offset += _PAGE
            for row in rows:
                click.echo(orjson.dumps(wire.user(row)) if as_json else _line(row))


@click.command()
@click.argument("email")
def token(email: str) -> None:
    """Print a session token (JWT) of the person with this e-mail, and nothing else."""
    with opened() as desk:
        with desk.store.begin() as tx:
            found = person(tx, email)
            session_id = sessions.start(tx, found["id"], CLIENT, desk.settings)
        click.echo(desk.own_tokens.issue(found["id"], session_id, desk.settings.session_hours * HOUR))


# Whoever may run commands on the machine may see everything.
_OPERATOR = Actor(None, Role.ADMIN, "Operator", client=CLIENT)


def _invitation(tx: Connection, desk: Services, made: RowMapping) -> str:
    return f"{desk.settings.base_url}/login/reset?token={links.issue(tx, desk.signer, 'invite', made['id'])}"


def _line(row: RowMapping) -> str:
    state = " (disabled)" if row["disabled_at"] else ""
    return f"{row['email'] or '-'}\t{row['role']}\t{row['name']}{state}"
