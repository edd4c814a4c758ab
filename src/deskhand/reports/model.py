"""What a report is asked for, and the figures that it counts together."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, floor
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from deskhand.kit.clock import DAY, from_datetime, now, to_datetime
from deskhand.kit.errors import Invalid
from deskhand.kit.ids import parse_id
from deskhand.kit.phrases import Phrase

MAX_DAYS = 731  # two years, one of them a leap year
_USUAL_DAYS = 30
_PART = 31 * DAY
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    """From `start` until just before `end`."""

    start: int
    end: int

    @property
    def days(self) -> range:
        """The UTC days it touches, as days since the epoch."""
        return range(self.start // DAY, (self.end - 1) // DAY + 1)

    def parts(self) -> Iterator["Period"]:
        """The same in pieces of a month, so that few rows at a time are in memory however long it is."""
        for start in range(self.start, self.end, _PART):
            yield Period(start, min(start + _PART, self.end))


class Asked(NamedTuple):
    """`category` is a slug; `agent` the id of the tickets' present assignee, or `none`."""

    period: Period
    category: str | None = None
    agent: str | None = None


@dataclass(slots=True)
class Figures:
    """What happened, and how long it took in microseconds. `backlog` is None where the day has not come yet."""

    created: int = 0
    replies: int = 0
    resolved: int = 0
    closed: int = 0
    reopened: int = 0
    backlog: int | None = 0
    first_reply: list[int] = field(default_factory=list)
    resolution: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Ratings:
    """How many ratings there were of 1, 2, 3, 4 and 5."""

    counts: list[int] = field(default_factory=lambda: [0] * 5)

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def average(self) -> float | None:
        points = sum(stars * count for stars, count in enumerate(self.counts, 1))
        return round(points / self.total, 2) if self.total else None


def agent_ref(text: str) -> str:
    """A user's id, or `none`."""
    found = "none" if text == "none" else parse_id(text)
    if found is None:
        raise PydanticCustomError("uuid", "Use a user's id, or none.")
    return found


def period(first: str | None, last: str | None) -> Period:
    """From and to as people write them: days such as `2026-05-18`, which count as a whole, or RFC 3339 times.

    The last 30 days where nothing is said. Raises Invalid for what is no date, and for too much or nothing at all.
    """
    end = sum(_moment("to", last)) if last else (now() // DAY + 1) * DAY
    start = _moment("from", first)[0] if first else max(0, ((end - 1) // DAY + 1 - _USUAL_DAYS) * DAY)
    if start >= end:
        raise Invalid.field("from", "after_to", "The period must begin before it ends.")
    made = Period(start, end)
    if len(made.days) > MAX_DAYS:
        raise Invalid.field("from", "too_long", Phrase("A report covers at most {most} days.", most=MAX_DAYS))
    return made


def day_name(day: int) -> str:
    """A day since the epoch as `2026-05-18`."""
    return to_datetime(day * DAY).date().isoformat()


def percentile(values: Sequence[int], share: float) -> float:
    """Of sorted `values`, with linear interpolation between neighbours, as PERCENTILE_CONT does it."""
    place = (len(values) - 1) * share
    low, high = values[floor(place)], values[ceil(place)]
    return low + (high - low) * (place - floor(place))


def _moment(name: str, text: str) -> tuple[int, int]:
    """When it begins, and how long it lasts: a day, or nothing."""
    with suppress(ValueError):  # a 30th of February
        if _DATE.fullmatch(text):
            return _inside(datetime.fromisoformat(f"{text}T00:00:00Z")), DAY
        if _TIME.fullmatch(text.upper()):
            return _inside(datetime.fromisoformat(text.upper())), 0
    raise Invalid.field(name, "date", "Use a date such as 2026-05-18, or an RFC 3339 time, from 1970 on.")


def _inside(when: datetime) -> int:
    if not _FIRST <= when < _LAST:
        raise ValueError
    return from_datetime(when)
