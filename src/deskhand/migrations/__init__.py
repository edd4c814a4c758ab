"""The schema's history, and the way from any point of it to the newest.

The revisions in `versions/` are numbered (`0001`, `0002`…), serve both databases, and import nothing of the program
but this package, so that they mean tomorrow what they meant when they were written.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from deskhand.kit.db import engine_url
from deskhand.kit.schema import metadata
from deskhand.migrations.compare import comparison

FOLDER = Path(__file__).parent
# Any constant serves, as long as nothing else in the database locks it.
_ADVISORY_LOCK = 0x6465736B68616E64
_LOCK_SECONDS = 60


class TooNew(Exception):
    """The database was migrated by a later release than this one."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Harmless to repeat; of several processes at once, one works and the rest wait.

    SQLite: all or nothing. PostgreSQL: revision by revision, so that one may leave its transaction to build an index
    concurrently. Raises `TooNew`.
    """
    _refuse_newer(current(url))
    config = _config()
    with _exclusive(url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def current(url: str) -> str | None:
    """The database's revision; None before the first."""
    with _engine(url).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The newest revision that this release knows."""
    return _script().get_current_head()


def drift(url: str) -> list[Any]:
    """What separates the database from the tables as the code declares them, as Alembic's operations; empty is good."""
    import deskhand.migrations.tables  # noqa: F401 - declares every table

    with _engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison())
        return list(compare_metadata(context, metadata))


def write_revision(url: str, message: str) -> Path:
    """Write the next numbered revision: what the tables have and the database at `url`, which is at head, has not."""
    import deskhand.migrations.tables  # noqa: F401 - declares every table

    config = _config()
    with _exclusive(url) as connection:
        config.attributes |= {"connection": connection, "target_metadata": metadata}
        number = f"{int(head() or 0) + 1:04d}"
        script = command.revision(config, message, autogenerate=True, rev_id=number)
    assert script is not None
    assert not isinstance(script, list)
    return Path(script.path)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in _script().walk_revisions()}
    if revision is not None and revision not in known:
        raise TooNew(f"The database is at revision {revision}, which is newer than this release. Run the newer one.")


@contextmanager
def _exclusive(url: str) -> Iterator[Connection]:
    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.connect() as connection, connection.begin():
            yield connection
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration leaves rows that point nowhere: {broken[:5]}")
        return
    # The lock is the session's and held by a connection of its own, so that it outlives each revision's transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard, engine.connect() as connection:
        guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield connection


def _engine(url: str) -> Engine:
    location = make_url(engine_url(url))
    if location.get_backend_name() != "sqlite":
        return create_engine(location, poolclass=NullPool)
    if location.database:
        Path(location.database).parent.mkdir(parents=True, exist_ok=True)
    # Foreign keys stay off: a table is rebuilt under its old name, and its dropped self must not take children along.
    engine = create_engine(
        location, poolclass=NullPool, connect_args={"isolation_level": None, "timeout": _LOCK_SECONDS}
    )
    event.listen(engine, "connect", _write_ahead)
    return engine


def _write_ahead(connection: sqlite3.Connection, _record: object) -> None:
    """Switching a new file to WAL fails at once, whatever the timeout, while another process does the same."""
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
