"""Moments and numbers in the reader's language and zone. Formatting is slow and repeats itself: each answer is kept."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from jinja2 import pass_context
from jinja2.runtime import Context

from deskhand.kit import clock

# With the year and without. English as most of the world writes dates.
_PATTERNS = {"en": ("d MMM y", "d MMM"), "de": ("d. MMM y", "d. MMM")}
_STEPS = ((60, 1), (3600, 60), (86_400, 3600), (7 * 86_400, 86_400))


def filters(language: str) -> dict[str, Callable[..., Any]]:
    """Filters over stamps such as `2026-05-18T10:23:00Z`, which is how wire shapes write a moment."""
    return {
        "exact": pass_context(partial(_in_zone, _exact, language)),
        "day": pass_context(partial(_in_zone, _day, language)),
        "ago": pass_context(partial(_in_zone, partial(_ago, "long"), language)),
        "age": pass_context(partial(_in_zone, partial(_ago, "narrow"), language)),
        "number": partial(number, language),
        "duration": partial(_duration, language),
        "bytes": partial(_bytes, language),
    }


@lru_cache(8192)
def without_year(language: str, day: date) -> str:
    """`18 May`."""
    return format_date(day, _PATTERNS[language][1], locale=language)


@lru_cache(4096)
def number(language: str, value: float | Decimal) -> str:
    return format_decimal(value, locale=language)


def _in_zone(form: Callable[[str, str, str], str], language: str, context: Context, stamp: str) -> str:
    return form(stamp, language, context["visit"].zone)


@lru_cache(8192)
def _exact(stamp: str, language: str, zone: str) -> str:
    """With the zone's name: `18 May 2026, 12:23 CEST`."""
    when = datetime.fromisoformat(stamp)
    pattern = f"{_PATTERNS[language][0]}, HH:mm z"
    return format_datetime(when, pattern, tzinfo=ZoneInfo(zone), locale=language)


@lru_cache(8192)
def _day(stamp: str, language: str, zone: str) -> str:
    return format_date(_there(stamp, zone), _PATTERNS[language][0], locale=language)


@lru_cache(8192)
def _there(stamp: str, zone: str) -> date:
    """The day in that zone. A date is the same everywhere."""
    when = datetime.fromisoformat(stamp)
    return (when if when.tzinfo is None else when.astimezone(ZoneInfo(zone))).date()


def _ago(width: str, stamp: str, language: str, zone: str) -> str:
    """`3 hours ago`, `3h`; days within a week, then the date."""
    then = datetime.fromisoformat(stamp)
    seconds = int((clock.to_datetime(clock.now()) - then).total_seconds())
    for below, unit in _STEPS:
        if abs(seconds) < below:
            return _elapsed(seconds // unit * unit, language, width)
    this_year = then.year == datetime.now(UTC).year
    return without_year(language, _there(stamp, zone)) if this_year else _day(stamp, language, zone)


@lru_cache(4096)
def _elapsed(seconds: int, language: str, width: str) -> str:
    if width == "narrow":
        return format_timedelta(timedelta(seconds=max(seconds, 1)), threshold=1, format="narrow", locale=language)
    return format_timedelta(timedelta(seconds=-max(seconds, 1)), threshold=1, add_direction=True, locale=language)


@lru_cache(4096)
def _duration(language: str, seconds: int | None) -> str:
    """How long something took, in its largest unit: `4 hours`. Nothing for None."""
    return "" if seconds is None else format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=language)


@lru_cache(4096)
def _bytes(language: str, size: int) -> str:
    for unit, factor in (("MB", 1024 * 1024), ("kB", 1024)):
        if size >= factor:
            return f"{format_decimal(round(size / factor, 1), locale=language)} {unit}"
    return f"{size} B"
