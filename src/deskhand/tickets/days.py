"""Days as people ask for them, `2026-01-01..2026-02-01`, `yesterday`, `7d`, and the moments that they span."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from deskhand.kit import clock
from deskhand.kit.clock import DAY

_BACK = re.compile(r"([1-9][0-9]{0,3})d", re.ASCII)
_DAY = re.compile(r"(?:19[7-9]|20\d|21\d)\d-\d\d-\d\d", re.ASCII)
_NAMED = {"today": 0, "yesterday": 1}


class Days(NamedTuple):
    """From the first through the last, or to either end; or so many days `back` from now, to the minute."""

    first: date | None = None
    last: date | None = None
    named: int | None = None  # so many days ago
    back: int | None = None


def parse(text: str) -> Days:
    """Raises ValueError where `text` names no days, or none after each other."""
    if text in _NAMED:
        return Days(named=_NAMED[text])
    if found := _BACK.fullmatch(text):
        return Days(back=int(found[1]))
    start, dots, end = text.partition("..")
    first = _day(start) if start else None
    last = (_day(end) if end else None) if dots else first
    if (first is None and last is None) or (first and last and last < first):
        raise ValueError(text)
    return Days(first, last)


def moments(text: str, zone: tzinfo = UTC) -> tuple[int | None, int | None]:
    """(from, until) in microseconds, the end exclusive, None where open; days begin at midnight in `zone`."""
    days = parse(text)
    if days.back is not None:
        return clock.now() - days.back * DAY, None
    if days.named is not None:
        today = clock.to_datetime(clock.now()).astimezone(zone).date()
        that = today - timedelta(days=days.named)
        days = Days(that, that)
    first, last = days.first, days.last
    since = None if first is None else _midnight(first, zone)
    return since, None if last is None else _midnight(last + timedelta(days=1), zone)


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _midnight(day: date, zone: tzinfo) -> int:
    return clock.from_datetime(datetime.combine(day, time(), zone))
