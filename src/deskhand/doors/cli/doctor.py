"""`deskhand doctor`."""

import os
from collections.abc import Callable, Iterator

import click

from deskhand import migrations
from deskhand.accounts.passwords import Passwords
from deskhand.doors.cli import checks
from deskhand.doors.cli.checks import WRONG, Finding
from deskhand.doors.services import open_services
from deskhand.kit import logs
from deskhand.kit.errors import Refusal
from deskhand.kit.settings import BadSettings, Settings


@click.command()
def doctor() -> None:
    """Look for what is wrong. Each line begins with ✓ (good), ! (advice) or ✗ (wrong: exit code 1)."""
    found = []
    for finding in examine():
        found.append(finding)
        click.echo(f"{finding.mark} {finding.what}" + (f"\n  → {finding.hint}" if finding.hint else ""))
    if any(finding.mark == WRONG for finding in found):
        raise SystemExit(1)


def examine() -> Iterator[Finding]:
    """All findings, as they come; what hangs on something that is wrong is left out."""
    logs.configure("text", "error")
    try:
        settings = Settings.load(os.environ)
    except BadSettings as problem:
        for line in str(problem).splitlines():
            yield Finding(WRONG, f"settings: {line}", "See docs/settings.md, or `deskhand settings`.")
        return
    yield checks.settings(os.environ)
    yield from checks.base_url(settings)
    yield checks.disk(settings)
    yield from checks.privacy(settings)
    yield from _safely("mail", lambda: checks.mail(settings))
    schema = list(_safely("database", lambda: _schema(settings)))
    yield from schema
    if all(finding.mark != WRONG for finding in schema):
        yield from _safely("desk", lambda: _desk(settings))


def _safely(what: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that fails is a finding, too."""
    try:
        yield from check()
    except Refusal as refusal:
        yield Finding(WRONG, f"{what}: {refusal.detail}")
    except Exception as problem:
        first = str(problem).strip().partition("\n")[0]
        yield Finding(WRONG, f"{what}: {first or type(problem).__name__}")


def _schema(settings: Settings) -> Iterator[Finding]:
    at, head = migrations.current(settings.database_url), migrations.head()
    yield checks.revision(at, head)


def _desk(settings: Settings) -> Iterator[Finding]:
    desk = open_services(settings, Passwords())
    try:
        yield from checks.secrets(desk)
        yield from _safely("storage", lambda: checks.storage(desk))
        with desk.store.reading() as tx:
            yield from checks.people(tx)
            yield from checks.clock(tx)
            yield from checks.work(tx)
    finally:
        desk.close()
