"""Idempotency keys: the first answer to a request is kept beside its effect and given again to every repeat.

The row is claimed in the transaction of the act. A repeat that arrives meanwhile waits for that row's lock (PostgreSQL)
or for the writer (SQLite), and then finds the answer; a refused act rolls its claim back and may be tried again.
"""

from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, String, Table, Text, bindparam, delete, select, update

from deskhand.kit.clock import DAY, now
from deskhand.kit.errors import Invalid
from deskhand.kit.schema import Json, Time, insert, metadata

KEPT = DAY
MAX_KEY = 255

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", String(100), primary_key=True),
    Column("key", String(MAX_KEY), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # of method, path and body
    Column("status", Integer),
    Column("headers", Json),
    Column("body", Text),
    Column("created_at", Time, nullable=False, index=True),
)


class Answer(NamedTuple):
    """What a door said: `body` is JSON text."""

    status: int
    headers: dict[str, str]
    body: str


def replay(tx: Connection, caller: str, key: str, fingerprint: str) -> Answer | None:
    """Claim `key` for this request, or return the answer it had. Raises Invalid when it served another request."""
    moment = now()
    tx.execute(_EXPIRE, {"caller": caller, "key": key, "since": moment - KEPT})
    row = {"caller": caller, "key": key, "fingerprint": fingerprint, "created_at": moment}
    if tx.execute(_CLAIM, row).rowcount == 1:
        return None
    first = tx.execute(_FIND, {"c": caller, "k": key}).one()
    if first.fingerprint != fingerprint:
        raise Invalid(
            "This Idempotency-Key was used for another request. Please use a new key for a new request.",
            code="idempotency_key_reused",
        )
    return Answer(first.status, first.headers, first.body)


def keep(tx: Connection, caller: str, key: str, answer: Answer) -> None:
    """Store the answer of the request that claimed `key`."""
    values = {"c": caller, "k": key, "s": answer.status, "h": answer.headers, "b": answer.body}
    tx.execute(_KEEP, values)


def sweep(tx: Connection) -> int:
    """Delete keys past their day; returns how many."""
    return tx.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < now() - KEPT)).rowcount


_k = idempotency_keys.c
_CLAIM = insert(idempotency_keys).on_conflict_do_nothing(index_elements=["caller", "key"])
_FIND = select(idempotency_keys).where(_k.caller == bindparam("c"), _k.key == bindparam("k"))
_EXPIRE = delete(idempotency_keys).where(
    _k.caller == bindparam("caller"), _k.key == bindparam("key"), _k.created_at < bindparam("since")
)
_KEEP = (
    update(idempotency_keys)
    .where(_k.caller == bindparam("c"), _k.key == bindparam("k"))
    .values(status=bindparam("s"), headers=bindparam("h"), body=bindparam("b"))
)
