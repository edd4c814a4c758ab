"""Charts as numbers: where lines and bars stand in a box of fixed size. Templates draw them as SVG."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

WIDTH, HEIGHT = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 96, 10, 22  # room for labels: values at the left, names at the right, days below
_DAYS = 6  # labels along the time


class Mark(NamedTuple):
    """`label` is a value, or a day as it is to be written."""

    at: float
    label: float | str


class Line(NamedTuple):
    """`points` as SVG wants them; `ends` is where its name stands, beside its last value."""

    name: str
    points: str
    ends: float
    value: float


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    day: str
    value: float


class Chart(NamedTuple):
    lines: list[Line]
    bars: list[Bar]
    values: list[Mark]
    days: list[Mark]
    right: float = WIDTH - _RIGHT
    bottom: float = HEIGHT - _BOTTOM
    left: float = _LEFT


def lines(days: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> Chart:
    """Several lines over the same days; where a value is None the line stops."""
    top = _ceiling(max((value or 0 for _, values in series for value in values), default=0))
    drawn = [_line(name, values, top) for name, values in series]
    return Chart(_apart(drawn), [], _scale(top), _along(days))


def bars(days: Sequence[str], values: Sequence[float]) -> Chart:
    """One bar a day."""
    top = _ceiling(max(values, default=0))
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    made = []
    for place, value in enumerate(values):
        y = _y(value, top)
        width = max(1.0, step * 0.7)
        x = _LEFT + step * place + (step - width) / 2
        made.append(Bar(round(x, 1), y, round(width, 1), round(HEIGHT - _BOTTOM - y, 1), days[place], value))
    return Chart([], made, _scale(top), _along(days))


def _line(name: str, values: Sequence[float | None], top: float) -> Line:
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    points = " ".join(f"{_x(place, len(values))},{_y(value, top)}" for place, value in known)
    last = known[-1][1] if known else 0
    return Line(name, points, _y(last, top), last)


def _apart(drawn: list[Line]) -> list[Line]:
    """Names that would stand on each other are moved apart, in the order of their lines."""
    moved: list[Line] = []
    floor_ = float(_TOP)
    for line in sorted(drawn, key=lambda line: line.ends):
        moved.append(line._replace(ends=max(line.ends, floor_)))
        floor_ = moved[-1].ends + 20
    return moved


def _x(place: int, count: int) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (place / max(1, count - 1)), 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top, 1)


def _ceiling(highest: float) -> float:
    """A round number that is not below: 1, 2 or 5 times a power of ten."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** floor(log10(highest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= highest)


def _scale(top: float) -> list[Mark]:
    parts = 4 if top >= 4 else max(1, ceil(top))
    return [Mark(_y(top * part / parts, top), top * part / parts) for part in range(parts + 1)]


def _along(days: Sequence[str]) -> list[Mark]:
    every = max(1, ceil(len(days) / _DAYS))
    return [Mark(_x(place, len(days)), day) for place, day in enumerate(days) if place % every == 0]
