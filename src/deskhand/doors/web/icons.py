"""Icons: heroicons' outlines, drawn in the colour of the text, silent for screen readers."""

from functools import lru_cache

from heroicons.jinja import heroicon_outline
from markupsafe import Markup


@lru_cache(256)
def icon(name: str, size: int = 18) -> Markup:
    """The icon as SVG. What it means must stand beside it, or in a label."""
    return Markup(heroicon_outline(name, size=size, **{"class": "icon", "aria-hidden": "true", "focusable": "false"}))  # noqa: S704 - from the library
