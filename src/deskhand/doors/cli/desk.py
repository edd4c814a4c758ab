"""What the commands share: settings from the environment, the desk behind them, and who acts."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, RowMapping

from deskhand.accounts import people, sessions
from deskhand.accounts.actor import Actor, Client, Identity
from deskhand.doors.services import Services
from deskhand.kit import logs
from deskhand.kit.errors import Conflict, NotFound
from deskhand.kit.settings import Settings

CLIENT = Client("cli")


class NoSuchPerson(NotFound):
    title = "There is nobody with this e-mail"


class Disabled(Conflict):
    title = "This person's access has been taken away"


def load_settings() -> Settings:
    """Raises BadSettings. From here on logs are written as the settings say."""
    settings = Settings.load(os.environ)
    logs.configure(settings.log_format, settings.log_level)
    return settings


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Services]:
    """The migrated desk, closed at the end of the block. Other processes may have it open too."""
    from deskhand import wiring

    services = wiring.prepare(settings or load_settings())
    try:
        yield services
    finally:
        services.close()


def person(tx: Connection, email: str) -> RowMapping:
    """Whoever signs in with this e-mail, or else is known by it. Raises NoSuchPerson, Disabled."""
    found = people.find_by_login(tx, email) or people.find_by_email(tx, email)
    if found is None:
        raise NoSuchPerson(f"There is nobody with the e-mail {email}. `deskhand user create` makes people.")
    if found["disabled_at"] is not None:
        raise Disabled
    return found


def acting(tx: Connection, email: str) -> Actor:
    """That person as actor."""
    return sessions.actor_from(person(tx, email), CLIENT, Identity.SESSION)


def read_stdin() -> str:
    """All of standard input as text."""
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
