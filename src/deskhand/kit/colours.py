"""Colours as `#rrggbb`, and whether one can be read on another (WCAG 2.2, 1.4.3)."""

import re

READABLE = 4.5  # the least contrast of text with what it stands on
WHITE = "#ffffff"

_HEX = re.compile(r"#[0-9a-f]{6}")
_STEPS = 1000


def parse(text: str) -> str | None:
    """`text` in lower case, or None where it is no such colour."""
    lowered = text.strip().lower()
    return lowered if _HEX.fullmatch(lowered) else None


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG: 1 for equal colours, 21 for black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable_on_white(colour: str) -> str:
    """The colour itself where white can be read on it, else its lightest darker tone of which that is true."""
    if contrast(colour, WHITE) >= READABLE:
        return colour
    low, high = 0, _STEPS  # black is readable, the colour is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if contrast(_shade(colour, middle), WHITE) >= READABLE else (low, middle)
    return _shade(colour, low)


def _shade(colour: str, step: int) -> str:
    """All three channels in proportion, which keeps hue and saturation."""
    return "#" + "".join(f"{channel * step // _STEPS:02x}" for channel in _channels(colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
