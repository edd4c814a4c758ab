"""The schema's history, and the way from any point of it to the newest.

The revisions in `versions/` are numbered (`0001`, `0002`…), serve both databases, and import nothing of the program
but this package, so that they mean tomorrow what they meant when they were written.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from deskhand.migrations.connections import engine_of

FOLDER = Path(__file__).parent


class TooNew(Exception):
    """The database was migrated by a later release than this one."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Harmless to repeat; of several processes at once, one works and the rest wait.

    SQLite: all or nothing. PostgreSQL: revision by revision, so that one may leave its transaction to build an index
    concurrently. Raises `TooNew`.
    """
    before = current(url)
    if before is not None and before not in _known():
        raise TooNew(f"The database is at revision {before}, which is newer than this release. Run the newer one.")
    if before is not None and before == (head() if revision == "head" else revision):
        return
    from deskhand.migrations import revisions

    revisions.upgrade(url, revision, FOLDER)


def current(url: str) -> str | None:
    """The database's revision; None before the first."""
    with engine_of(url).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def head() -> str | None:
    """The newest revision that this release knows."""
    return max(_known(), default=None)


def drift(url: str) -> list[Any]:
    """What separates the database from the tables as the code declares them, as Alembic's operations; empty is good."""
    from deskhand.migrations import revisions

    return revisions.drift(url)


def write_revision(url: str, message: str) -> Path:
    """Write the next numbered revision: what the tables have and the database at `url`, which is at head, has not."""
    from deskhand.migrations import revisions

    return revisions.write_revision(url, message, f"{int(head() or 0) + 1:04d}", FOLDER)


def _known() -> set[str]:
    """By their files' names, each of which begins with its revision."""
    return {path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py")}
