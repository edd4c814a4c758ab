"""Stamps: one small row that changes with every change of something large.

What a process keeps in memory still holds while the stamp it was read under is the one in the database: one look-up by
key, in the transaction that is about to rely on it.
"""

from sqlalchemy import Column, Connection, String, Table, bindparam, select

from deskhand.kit.ids import new_id
from deskhand.kit.schema import insert, metadata
from deskhand.kit.statements import Statement

stamps = Table(
    "stamps",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("stamp", String(36), nullable=False),
)

_GET = Statement(select(stamps.c.stamp).where(stamps.c.name == bindparam("name")))
_insert = insert(stamps)
_RENEW = _insert.on_conflict_do_update(index_elements=["name"], set_={"stamp": _insert.excluded.stamp})


def get(tx: Connection, name: str) -> str | None:
    """The present stamp; None before the first change."""
    return _GET.value(tx, {"name": name})


def renew(tx: Connection, name: str) -> None:
    """Say, in the transaction that changes it, that it changed."""
    tx.execute(_RENEW, {"name": name, "stamp": new_id()})
