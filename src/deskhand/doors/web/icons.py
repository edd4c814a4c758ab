"""Icons: heroicons' outlines, drawn in the colour of the text, silent for screen readers."""

from functools import cache, lru_cache
from importlib.resources import files
from zipfile import ZipFile

import heroicons
from markupsafe import Markup

_OUTLINES = "outline/"
_START = '<svg xmlns="http://www.w3.org/2000/svg"'  # inside HTML that goes without saying


@lru_cache(256)
def icon(name: str, size: int = 18) -> Markup:
    """The icon as SVG. What it means must stand beside it, or in a label."""
    drawing = _outlines()[name].removeprefix(_START)
    return Markup(f'<svg width="{size}" height="{size}" class="icon" focusable="false"{drawing}')  # noqa: S704 - from the library


@cache
def _outlines() -> dict[str, str]:
    """All at once: the library opens its archive of 1,300 icons anew for each, which took a tenth of the time that
    compiling all templates takes."""
    with files(heroicons).joinpath("heroicons.zip").open("rb") as file, ZipFile(file) as archive:
        return {
            name.removeprefix(_OUTLINES).removesuffix(".svg"): archive.read(name).decode().strip()
            for name in archive.namelist()
            if name.startswith(_OUTLINES)
        }
