"""The time: microseconds since the epoch in UTC inside, RFC 3339 in whole seconds outside."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = date(1970, 1, 1).toordinal()


_instead: ContextVar[int | None] = ContextVar("instead", default=None)


def now() -> int:
    """The present moment in microseconds since the epoch."""
    moment = _instead.get()
    return int(time.time() * SECOND) if moment is None else moment


@contextmanager
def at(moment: int) -> Iterator[None]:
    """Let it be `moment` inside the block, for this thread or task alone: how a data set records what happened once."""
    before = _instead.set(moment)
    try:
        yield
    finally:
        _instead.reset(before)


def pretended() -> int | None:
    """The moment that an `at` around says it is, or None."""
    return _instead.get()


@lru_cache(8192)
def rfc3339(at: int) -> str:
    """`at` as `2026-05-18T10:23:00Z`. Kept, for a page of a list asks sixty times, and lists are asked for again."""
    days, seconds = divmod(at // SECOND, DAY // SECOND)
    minutes, seconds = divmod(seconds, 60)
    return f"{_date(days)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z"


@lru_cache(1024)
def _date(days: int) -> str:
    return date.fromordinal(_EPOCH + days).isoformat()


def rfc3339_or_none(at: int | None) -> str | None:
    """The same for what may not have happened."""
    return None if at is None else rfc3339(at)


def to_datetime(at: int) -> datetime:
    """`at` as an aware datetime in UTC, cut to whole seconds."""
    return datetime.fromtimestamp(at // SECOND, UTC)


def from_datetime(when: datetime) -> int:
    """The microseconds of an aware datetime."""
    return int(when.timestamp() * SECOND)
