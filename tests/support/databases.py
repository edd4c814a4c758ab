"""Databases for tests, each as good as new: a template is migrated once a process, then copied or restored.

SQLite: a file is copied. PostgreSQL: making and dropping a database costs some 60 ms, emptying a used one a fraction of
it, so they are used again. Between two tests such a database loses its connections, its rows and its name: what a test
left running cannot reach into the next one.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, LiteralString, NamedTuple, Protocol

import psycopg
from psycopg.rows import scalar_row
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

from deskhand import migrations

# Rows go by DELETE, which is the cheapest way to empty a table of a few; large ones by TRUNCATE. Foreign keys don't
# count meanwhile: what is referred to goes as well. Only a superuser may say so; others have the database made anew.
_EMPTY = SQL("""
DO $$
DECLARE used record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR used IN
    SELECT oid::regclass AS name, pg_relation_size(oid) > 262144 AS large FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
  LOOP
    IF used.large THEN
      EXECUTE format('TRUNCATE %s CASCADE', used.name);
    ELSE
      EXECUTE format('DELETE FROM %s', used.name);
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
  FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
""")
_TABLES = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
# Changes with every column and index that comes or goes.
_SCHEMA = "SELECT (count(*), max(xmin::text::bigint))::text FROM pg_attribute"


class Databases(Protocol):
    """Both give the URL of a database that nobody else has, until the block ends."""

    def migrated(self) -> AbstractContextManager[str]:
        """With the newest schema and the rows that migrations put there. Only rows may be changed."""
        ...

    def empty(self) -> AbstractContextManager[str]:
        """With nothing in it."""
        ...


class SqliteDatabases:
    """Files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template: Path | None = None

    @contextmanager
    def migrated(self) -> Iterator[str]:
        if self._template is None:
            self._template = self._folder / "template.db"
            migrations.upgrade(f"sqlite:///{self._template}")
        with self._place() as path:
            shutil.copyfile(self._template, path)
            yield f"sqlite:///{path}"

    @contextmanager
    def empty(self) -> Iterator[str]:
        with self._place() as path:
            yield f"sqlite:///{path}"

    @contextmanager
    def _place(self) -> Iterator[Path]:
        path = self._folder / f"{token_hex(6)}.db"
        try:
            yield path
        finally:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)


class _Used(NamedTuple):
    name: str
    schema: str


class PostgresDatabases:
    """Databases on a server whose URL `server` tells once one is needed; `close` drops those that are still there."""

    def __init__(self, server: Callable[[], str]) -> None:
        self._server = server
        self._admin: psycopg.Connection[Any] | None = None
        self._template = ""
        self._seeds: dict[str, bytes] = {}
        self._idle: list[_Used] = []

    @contextmanager
    def migrated(self) -> Iterator[str]:
        if not self._template:
            self._template = self._create("template0")
            migrations.upgrade(self._url(self._template))
            self._seeds = self._rows(self._template)
        used = self._idle.pop() if self._idle else self._copy()
        try:
            yield self._url(used.name)
        finally:
            self._give_back(used)

    @contextmanager
    def empty(self) -> Iterator[str]:
        name = self._create("template0")
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        if self._admin is not None:
            for name in filter(None, (self._template, *(used.name for used in self._idle))):
                self._drop(name)
            self._admin.close()

    def _copy(self) -> _Used:
        name = self._create(self._template)
        with self._connect(name) as db:
            return _Used(name, _one(db, _SCHEMA))

    def _give_back(self, used: _Used) -> None:
        name = f"deskhand_test_{token_hex(6)}"
        admin = self._administrator()
        if _one(admin, "SHOW is_superuser") == "off":
            self._drop(used.name)
            return
        admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [used.name])
        admin.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(used.name), Identifier(name)))
        with self._connect(name) as db:
            if _one(db, _SCHEMA) == used.schema:
                db.execute(_EMPTY)
                self._restore(db)
                self._idle.append(_Used(name, used.schema))
                return
        self._drop(name)

    def _rows(self, name: str) -> dict[str, bytes]:
        with self._connect(name) as db:
            tables = db.execute(_TABLES).fetchall()
            copies = {table: _copy_out(db, table) for table in tables}
        return {table: rows for table, rows in copies.items() if rows}

    def _restore(self, db: psycopg.Connection[Any]) -> None:
        with db.transaction():
            db.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self._seeds.items():
                with db.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(table))) as copy:
                    copy.write(rows)

    def _create(self, template: str) -> str:
        name = f"deskhand_test_{token_hex(6)}"
        made = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
        self._administrator().execute(made)
        return name

    def _drop(self, name: str) -> None:
        self._administrator().execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    def _administrator(self) -> psycopg.Connection[Any]:
        if self._admin is None:
            self._admin = psycopg.connect(self._server(), autocommit=True, row_factory=scalar_row)
        return self._admin

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url(name), autocommit=True, row_factory=scalar_row)

    def _url(self, name: str) -> str:
        return make_url(self._server()).set(database=name).render_as_string(hide_password=False)


def _one(db: psycopg.Connection[Any], query: LiteralString) -> str:
    (found,) = db.execute(query).fetchall()
    return found


def _copy_out(db: psycopg.Connection[Any], table: str) -> bytes:
    with db.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(table))) as copy:
        return b"".join(bytes(part) for part in copy)
