"""Rate limits: a sliding log of hits in the database, exact across processes and restarts.

A hit is spent in the transaction of the act it counts, so that a refused act costs nothing.
"""

import re
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    text,
)

from deskhand.kit.clock import SECOND, now
from deskhand.kit.errors import TooMany
from deskhand.kit.phrases import Phrase
from deskhand.kit.schema import Time, metadata
from deskhand.kit.statements import Statement

_UNITS = {
    "second": 1,
    "sec": 1,
    "s": 1,
    "minute": 60,
    "min": 60,
    "m": 60,
    "hour": 3600,
    "h": 3600,
    "day": 86400,
    "d": 86400,
}
_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{0,6})\s*([a-z]+)")


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """`count` hits within any `seconds`."""

    count: int
    seconds: int

    @property
    def policy(self) -> str:
        """As in the `RateLimit-Policy` header: `5;w=3600`."""
        return f"{self.count};w={self.seconds}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left after a hit: `reset` is whole seconds until the oldest hit stops counting."""

    rate: Rate
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.rate.count),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": self.rate.policy,
        }


limit_hits = Table(
    "limit_hits",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("bucket", String(200), nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "bucket", "at"),
    Index(None, "at"),
)

_PRUNE = Statement(
    delete(limit_hits).where(limit_hits.c.bucket == bindparam("b"), limit_hits.c.at <= bindparam("since"))
)
_COUNT = Statement(select(func.count(), func.min(limit_hits.c.at)).where(limit_hits.c.bucket == bindparam("b")))
_OLDEST = select(limit_hits.c.at).where(limit_hits.c.bucket == bindparam("b")).order_by(limit_hits.c.at)
_HIT = Statement(limit_hits.insert())


def parse_rate(value: str) -> Rate | None:
    """`5/hour`, `100/day`, `10/15min`; `off` is None. Raises ValueError in plain words."""
    lowered = value.strip().lower()
    if lowered == "off":
        return None
    match = _RATE.fullmatch(lowered)
    unit = match and (_UNITS.get(match[3]) or _UNITS.get(match[3].removesuffix("s")))
    if not match or not unit or int(match[1]) == 0 or match[2] == "0":
        raise ValueError("should look like 5/hour, 100/day, 10/15min or off")
    return Rate(int(match[1]), int(match[2] or 1) * unit)


def spend(tx: Connection, name: str, key: str, rate: Rate | None) -> Budget | None:
    """Count one hit of `key` on the limit `name`. Raises TooMany when none is left; None when the limit is off."""
    if rate is None:
        return None
    bucket, moment = _lock(tx, name, key), now()
    _PRUNE.run(tx, {"b": bucket, "since": moment - rate.seconds * SECOND})
    ((used, oldest),) = _COUNT.rows(tx, {"b": bucket})
    if used >= rate.count:
        raise _too_many(tx, bucket, used, rate, moment)
    _HIT.run(tx, {"bucket": bucket, "at": moment})
    return Budget(rate, rate.count - used - 1, _seconds_until((oldest or moment) + rate.seconds * SECOND, moment))


def exhausted(tx: Connection, name: str, key: str, rate: Rate | None) -> bool:
    """Whether no hit is left, without spending one."""
    if rate is None:
        return False
    since = now() - rate.seconds * SECOND
    counted = select(func.count()).where(limit_hits.c.bucket == _bucket(name, key), limit_hits.c.at > since)
    return tx.execute(counted).scalar_one() >= rate.count


def spend_all(tx: Connection, hits: list[tuple[str, str, Rate | None]]) -> bool:
    """Spend one hit on each (name, key, rate), or none and answer False where one of them is spent."""
    wanted = sorted((name, key, rate) for name, key, rate in hits if rate is not None)
    for name, key, rate in wanted:
        _lock(tx, name, key)
        if exhausted(tx, name, key, rate):
            return False
    for name, key, rate in wanted:
        spend(tx, name, key, rate)
    return True


def forget(tx: Connection, name: str, key: str) -> None:
    """Clear the bucket, as after a successful login."""
    tx.execute(delete(limit_hits).where(limit_hits.c.bucket == _bucket(name, key)))


def refund(tx: Connection, name: str, key: str) -> None:
    """Give the latest hit back."""
    latest = select(func.max(limit_hits.c.id)).where(limit_hits.c.bucket == _bucket(name, key)).scalar_subquery()
    tx.execute(delete(limit_hits).where(limit_hits.c.id == latest))


def sweep(tx: Connection, older_than: int) -> int:
    """Delete hits older than `older_than`; returns how many."""
    return tx.execute(delete(limit_hits).where(limit_hits.c.at < older_than)).rowcount


def _bucket(name: str, key: str) -> str:
    return f"{name}:{key}"[:200]


def _lock(tx: Connection, name: str, key: str) -> str:
    """PostgreSQL would let two spenders count at once; SQLite has one writer anyway."""
    bucket = _bucket(name, key)
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:b, 0))"), {"b": bucket})
    return bucket


def _too_many(tx: Connection, bucket: str, used: int, rate: Rate, moment: int) -> TooMany:
    # The slot opens when the hit that makes the log too long by one leaves the window.
    leaves = tx.execute(_OLDEST.offset(max(0, used - rate.count)).limit(1), {"b": bucket}).scalar_one()
    wait = _seconds_until(leaves + rate.seconds * SECOND, moment)
    headers = {**Budget(rate, 0, wait).headers}
    message = Phrase("Too many requests. Please try again in {wait} seconds.", wait=wait)
    return TooMany(message, retry_after=wait, headers=headers)


def _seconds_until(at: int, moment: int) -> int:
    """Rounded up, so that a retry after that many seconds succeeds."""
    return max(1, -(-(at - moment) // SECOND))
