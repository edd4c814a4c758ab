"""Rows by the ten thousand: one long transaction and prepared inserts on SQLite, COPY on PostgreSQL."""

import random
import sqlite3
from collections import defaultdict
from types import TracebackType
from typing import Any, Self

import orjson
import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Table

from deskhand.kit.schema import Json

_BATCH = 5_000
_WORDS = {
    "sqlite": {"fulltext": ("rowid", "labels", "title", "body"), "fulltext_keys": ("number", "key")},
    "postgresql": {"fulltext": ("number", "key", "labels", "title", "body", "vector")},
}


class Bulk:
    """`with Bulk(url) as bulk: bulk.add(table, row)`. Nothing is safe until the block has ended."""

    def __init__(self, url: str) -> None:
        self._random = random.Random(19)
        self._waiting: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._columns: dict[str, tuple[str, ...]] = {}
        self._json: dict[str, frozenset[str]] = {}
        self._desk = _Sqlite(url) if url.startswith("sqlite") else _Postgres(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for name in list(self._waiting):
                self._flush(name)
            self._desk.finish()
        self._desk.close()

    def add(self, table: Table, row: dict[str, Any]) -> None:
        name = table.name
        if name not in self._columns:
            self._columns[name] = tuple(column.name for column in table.columns if column.name in row)
            self._json[name] = frozenset(column.name for column in table.columns if isinstance(column.type, Json))
        json = self._json[name]
        values = (
            orjson.dumps(row[column]).decode() if column in json and row[column] is not None else row[column]
            for column in self._columns[name]
        )
        self._wait(name, tuple(values))

    def add_words(self, row: dict[str, Any]) -> None:
        """What search keeps of a message."""
        for table, columns in _WORDS[self._desk.engine].items():
            self._columns[table] = columns
            self._wait(table, tuple(row["number" if name == "rowid" else name] for name in columns))

    def id_at(self, at: int) -> str:
        """A UUIDv7 of that moment."""
        digits = f"{at // 1000:012x}7{self._random.getrandbits(12):03x}{0x8 | self._random.getrandbits(2):x}"
        digits += f"{self._random.getrandbits(60):015x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _wait(self, name: str, values: tuple[Any, ...]) -> None:
        waiting = self._waiting[name]
        waiting.append(values)
        if len(waiting) == _BATCH:
            self._flush(name)

    def _flush(self, name: str) -> None:
        self._desk.insert(name, self._columns[name], self._waiting[name])
        self._waiting[name].clear()


class _Sqlite:
    engine = "sqlite"

    def __init__(self, url: str) -> None:
        self._db = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        # A seed that a power cut spoils is made again. Foreign keys are looked at once, at the end.
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-500000", "foreign_keys=OFF"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN IMMEDIATE")

    def insert(self, name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._db.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)

    def finish(self) -> None:
        self._db.execute("COMMIT")
        broken = self._db.execute("PRAGMA foreign_key_check").fetchall()
        assert not broken, broken[:5]
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA journal_mode=WAL")

    def close(self) -> None:
        self._db.close()


class _Postgres:
    engine = "postgresql"

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url)
        # Needs a superuser: tickets come after what refers to them.
        self._db.execute("SET session_replication_role = replica")
        self._db.execute("SET maintenance_work_mem = '512MB'")
        # Sorting all words at once is many times quicker than entering them one message after another.
        (self._index,) = self._one("SELECT pg_get_indexdef('ix_fulltext_vector'::regclass)")
        self._db.execute("DROP INDEX ix_fulltext_vector")

    def insert(self, name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        into = SQL("COPY {} ({}) FROM STDIN").format(Identifier(name), SQL(", ").join(map(Identifier, columns)))
        with self._db.cursor().copy(into) as copy:
            for row in rows:
                copy.write_row(row)

    def finish(self) -> None:
        self._db.execute(self._index)
        self._db.commit()
        self._db.autocommit = True
        # What autovacuum would have come to in two years.
        self._db.execute("VACUUM (ANALYZE)")

    def close(self) -> None:
        self._db.close()

    def _one(self, query: Any) -> Any:
        return self._db.execute(query).fetchone()
