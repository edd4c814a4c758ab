"""Connections for migrating: alone, durable, and with SQLite's foreign keys off."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from deskhand.kit.db import engine_url

# Any constant serves, as long as nothing else in the database locks it.
_ADVISORY_LOCK = 0x6465736B68616E64
_LOCK_SECONDS = 60
_PATIENCE = 0.1  # seconds


@contextmanager
def exclusive(url: str) -> Iterator[Connection]:
    """The one connection that may migrate now; others wait for it."""
    engine = engine_of(url)
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
        # Asked again and again: building an index concurrently would wait for a statement that waits for the lock.
        while not guard.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_LOCK}).scalar_one():
            time.sleep(_PATIENCE)
        yield connection


def engine_of(url: str) -> Engine:
    """An engine without a pool; SQLite's file is made where it is missing."""
    location = make_url(engine_url(url))
    if location.get_backend_name() != "sqlite":
        return create_engine(location, poolclass=NullPool)
    if location.database:
        Path(location.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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
