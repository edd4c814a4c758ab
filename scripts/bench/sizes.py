"""What a ticket and a message take on disk: `python -m scripts.bench.sizes`, on both databases.

A desk is seeded as for the benchmark, and the pages of every table and index are counted. `--size small` and
`--size full` take larger ones. Needs an SQLite with dbstat, as Python's own mostly is.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import LiteralString, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier
from scripts.bench import seed
from sqlalchemy.engine import make_url
from tests.support.postgres import FAST, postgres

# What each ticket leaves behind; the rest grows with people and articles, or is swept.
_GROWING = ("fulltext", "messages", "events", "tickets", "enrichments", "ticket_tags", "ratings")
_SQLITE = """
    SELECT tables.tbl_name, SUM(dbstat.pgsize * (tables.type = 'table')), SUM(dbstat.pgsize * (tables.type = 'index'))
    FROM dbstat JOIN sqlite_schema AS tables ON tables.name = dbstat.name
    WHERE dbstat.aggregate = TRUE GROUP BY tables.tbl_name"""
_POSTGRES: LiteralString = """
    SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""


class Space(NamedTuple):
    """Bytes of a table's rows and of its indexes, the primary key's among them."""

    table: str
    rows: int
    indexes: int


def spaces(url: str) -> list[Space]:
    """Every table's, the largest first."""
    made = make_url(url)
    return _sqlite(made.database or "") if made.get_backend_name() == "sqlite" else _postgresql(url)


def table(name: str, found: list[Space], size: seed.Size) -> str:
    growing = [space for space in found if space.table in _GROWING]
    lines = [
        f"{name}, {size.tickets:,} tickets, {size.messages:,} messages\n",
        "| table | rows, MB | indexes, MB | bytes a ticket | bytes a message |",
        "| --- | --- | --- | --- | --- |",
        *(_line(space, size) for space in growing),
        _line(_sum("all of them", growing), size),
    ]
    return "\n".join(lines)


def _sqlite(path: str) -> list[Space]:
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found = _together(Space(*row) for row in db.execute(_SQLITE))
    db.close()
    return found


def _postgresql(url: str) -> list[Space]:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM")  # merges what the full-text index still keeps aside
        return _together(Space(*row) for row in db.execute(_POSTGRES).fetchall())


def _line(space: Space, size: seed.Size) -> str:
    whole = space.rows + space.indexes
    each = f"{whole / size.tickets:,.0f} | {whole / size.messages:,.0f}"
    return f"| {space.table} | {space.rows / 1e6:,.1f} | {space.indexes / 1e6:,.1f} | {each} |"


def _together(spaces: Iterable[Space]) -> list[Space]:
    """By table, the largest first; FTS5 spreads one over several."""
    tables: dict[str, list[Space]] = {}
    for space in spaces:
        tables.setdefault("fulltext" if space.table.startswith("fulltext") else space.table, []).append(space)
    summed = [_sum(name, parts) for name, parts in tables.items()]
    return sorted(summed, key=lambda space: -space.rows - space.indexes)


def _sum(name: str, spaces: list[Space]) -> Space:
    return Space(name, sum(int(space.rows) for space in spaces), sum(int(space.indexes) for space in spaces))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.sizes")
    parser.add_argument("--size", choices=seed.SIZES, default="base")
    size = seed.SIZES[parser.parse_args().size]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="deskhand-sizes-") as folder:
        url = f"sqlite:///{Path(folder) / 'desk.db'}"
        seed.seed(url, size)
        print(table("SQLite", spaces(url), size), "\n", flush=True)
    with postgres(settings=FAST) as server:
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier("sizes")))
        url = make_url(server).set(database="sizes").render_as_string(hide_password=False)
        seed.seed(url, size)
        print(table("PostgreSQL", spaces(url), size))
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
