"""`deskhand migrate`."""

import click

from deskhand import migrations
from deskhand.doors.cli.desk import load_settings


@click.command()
def migrate() -> None:
    """Bring the database to this release's schema and print its revision; `serve` and `worker` do so by themselves."""
    settings = load_settings()
    migrations.upgrade(settings.database_url)
    click.echo(migrations.current(settings.database_url))
