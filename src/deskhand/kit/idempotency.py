"""Idempotency keys: the first answer to a request is kept beside its effect and given again to every repeat.

Of the key only a hash is stored. An answer that holds a secret is stored under a cipher whose key is the idempotency
key itself, so that only the caller who knows that can have it again.

The row is claimed in the transaction of the act. A repeat that arrives meanwhile waits for that row's lock (PostgreSQL)
or for the writer (SQLite), and then finds the answer; a refused act rolls its claim back and may be tried again.
"""

import base64
from hashlib import sha256
from typing import NamedTuple

from cryptography.fernet import Fernet
from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, Text, bindparam, delete, select, update

from deskhand.kit.clock import DAY, now
from deskhand.kit.errors import FieldError, Invalid
from deskhand.kit.schema import Json, Time, insert, metadata
from deskhand.kit.statements import Statement

KEPT = DAY
MAX_KEY = 255

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", String(100), primary_key=True),
    Column("key", String(64), primary_key=True),  # its SHA-256
    Column("fingerprint", String(64), nullable=False),  # of method, path and body
    Column("status", Integer),
    Column("headers", Json),
    Column("body", Text),
    Column("sealed", Boolean),
    Column("created_at", Time, nullable=False, index=True),
)


class Answer(NamedTuple):
    """What a door said: `body` is JSON text."""

    status: int
    headers: dict[str, str]
    body: str


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    title = "This key belongs to another request"

    def __init__(self) -> None:
        message = "This Idempotency-Key was used for another request. Please use a new key for a new request."
        super().__init__(message, [FieldError("Idempotency-Key", "reused", message)])


def replay(tx: Connection, caller: str, key: str, fingerprint: str) -> Answer | None:
    """Claim `key` for this request, or return the answer it had. Raises KeyReused when it served another request."""
    moment, hashed = now(), _hash(key)
    _EXPIRE.run(tx, {"caller": caller, "key": hashed, "since": moment - KEPT})
    row = {"caller": caller, "key": hashed, "fingerprint": fingerprint, "created_at": moment}
    if _CLAIM.run(tx, row) == 1:
        return None
    first = tx.execute(_FIND, {"c": caller, "k": hashed}).one()
    if first.fingerprint != fingerprint:
        raise KeyReused
    body = _cipher(key).decrypt(first.body).decode() if first.sealed else first.body
    return Answer(first.status, first.headers, body)


def keep(tx: Connection, caller: str, key: str, answer: Answer, *, secret: bool = False) -> None:
    """Store the answer of the request that claimed `key`; `secret` says that it must not lie there in the clear."""
    body = _cipher(key).encrypt(answer.body.encode()).decode() if secret else answer.body
    values = {"c": caller, "k": _hash(key), "s": answer.status, "h": answer.headers, "b": body, "sealed_": secret}
    _KEEP.run(tx, values)


def sweep(tx: Connection) -> int:
    """Delete keys past their day; returns how many."""
    return tx.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < now() - KEPT)).rowcount


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _cipher(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(sha256(b"deskhand idempotency " + key.encode()).digest()))


_k = idempotency_keys.c
_CLAIM = Statement(insert(idempotency_keys).on_conflict_do_nothing(index_elements=["caller", "key"]))
_FIND = select(idempotency_keys).where(_k.caller == bindparam("c"), _k.key == bindparam("k"))
_EXPIRE = Statement(
    delete(idempotency_keys).where(
        _k.caller == bindparam("caller"), _k.key == bindparam("key"), _k.created_at < bindparam("since")
    )
)
_KEEP = Statement(
    update(idempotency_keys)
    .where(_k.caller == bindparam("c"), _k.key == bindparam("k"))
    .values(status=bindparam("s"), headers=bindparam("h"), body=bindparam("b"), sealed=bindparam("sealed_"))
)
