"""All rows of a desk, out of one database and into another, whichever engine either is.

What search derives from other rows stays behind and is made anew (`reindex`).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Table,
    Text,
    column,
    func,
    inspect,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

import deskhand.migrations.tables  # noqa: F401 - declares every table
from deskhand.accounts.tables import users
from deskhand.kb.search_tables import entries as kb_entries
from deskhand.kb.search_tables import state as kb_state
from deskhand.kb.tables import articles
from deskhand.kit import fulltext
from deskhand.kit.db import Store
from deskhand.kit.schema import Id, Json, metadata
from deskhand.tickets.tables import tickets

DERIVED = (kb_entries, kb_state)
# In an order in which each row finds what it refers to.
TABLES: tuple[Table, ...] = tuple(each for each in metadata.sorted_tables if each not in DERIVED)

_PAGE = 500
_KINDS: dict[str, TypeEngine[Any]] = {"id": Id, "bool": Boolean(), "int": BigInteger(), "text": Text()}


@contextmanager
def snapshot(store: Store) -> Iterator[Connection]:
    """A connection that sees the database as it is now until the block ends, whatever is written meanwhile."""
    with store.reading() as tx:
        if tx.dialect.name == "sqlite":
            tx.exec_driver_sql("BEGIN")
            try:
                yield tx
            finally:
                tx.exec_driver_sql("ROLLBACK")
            return
    with store.begin() as tx:
        tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield tx


def columns(of: Table) -> dict[str, str]:
    """Each column's name and kind (id, bool, int, text), which together tell another release how to store a row."""
    return {str(each.name): _kind(each) for each in of.columns}


def rows(tx: Connection, of: Table) -> Iterator[list[Any]]:
    """A table's rows as JSON values, streamed."""
    # JSON columns as the text they are: nothing is to be read and written differently.
    plain = [type_coerce(each, Text) if isinstance(each.type, Json) else each for each in of.columns]
    streamed = tx.execution_options(stream_results=True, yield_per=_PAGE)
    for row in streamed.execute(select(*plain)):
        yield list(row)


def last_number(tx: Connection) -> int:
    """The last readable number that was given away."""
    highest = tx.execute(select(func.max(tickets.c.number))).scalar_one() or 0
    if tx.dialect.name != "postgresql":
        return highest
    given = tx.execute(text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ticket_numbers")).scalar_one()
    return max(highest, given)


def is_empty(tx: Connection) -> bool:
    """Whether nobody has used this desk yet: what migrations and a first start leave does not count."""
    return all(tx.execute(select(each.c.id).limit(1)).first() is None for each in (users, tickets, articles))


def clear(tx: Connection) -> None:
    """Delete every row of the desk."""
    there = set(inspect(tx).get_table_names())  # an older schema lacks some
    for each in reversed(metadata.sorted_tables):
        if each.name in there:
            tx.execute(each.delete())
    fulltext.clear(tx)


def load(tx: Connection, of: str, kinds: dict[str, str], some: Iterable[list[Any]]) -> None:
    """Insert rows into a table whose columns are `kinds`, in that order."""
    target = table(of, *(column(name, _KINDS[kind]) for name, kind in kinds.items()))
    values = [dict(zip(kinds, row, strict=True)) for row in some]
    for at in range(0, len(values), _PAGE):
        tx.execute(target.insert(), values[at : at + _PAGE])


def continue_numbers(tx: Connection, last: int) -> None:
    """Let PostgreSQL count on from what was loaded; SQLite does so by itself."""
    if tx.dialect.name != "postgresql":
        return
    if last:
        tx.execute(text("SELECT setval('ticket_numbers', :last)"), {"last": last})
    there = set(inspect(tx).get_table_names())
    for each in (each for each in TABLES if each.name in there):
        counted = each.autoincrement_column
        if counted is not None:
            highest = tx.execute(select(func.max(counted))).scalar_one()
            place = {"table": each.name, "column": counted.name, "last": highest or 1, "used": highest is not None}
            tx.execute(_SET_SERIAL, place)


_SET_SERIAL = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last, :used)")


def _kind(of: Column[Any]) -> str:
    if of.type is Id:
        return "id"
    if isinstance(of.type, Boolean):
        return "bool"
    return "int" if of.type.python_type is int else "text"
