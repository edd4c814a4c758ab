"""The time: microseconds since the epoch in UTC inside, RFC 3339 in whole seconds outside."""

import time
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """The present moment in microseconds since the epoch."""
    return int(time.time() * SECOND)


def rfc3339(at: int) -> str:
    """`at` as `2026-05-18T10:23:00Z`."""
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_datetime(at: int) -> datetime:
    """`at` as an aware datetime in UTC, cut to whole seconds."""
    return datetime.fromtimestamp(at // SECOND, UTC)


def from_datetime(when: datetime) -> int:
    """The microseconds of an aware datetime."""
    return int(when.timestamp() * SECOND)
