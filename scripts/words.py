"""`make words`: gather what the pages say into the catalogues of src/deskhand/doors/web/locale.

Texts stand in templates as `_("…")` and `ngettext(…)`, in the pages' code as `say(language, "…")` and `flash="…"`, and
in the nouns as the words of refusals: titles, details, and what is said beside a field.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "deskhand"
TEMPLATES = SOURCE / "doors" / "web" / "templates"
LOCALES = SOURCE / "doors" / "web" / "locale"

_OPTIONS = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
# Calls whose argument at this place is shown to a person.
_SAID = {
    "say": 1,
    "field": 2,
    "FieldError": 2,
    "Phrase": 0,
    "PydanticCustomError": 1,
    "_NotUnderstoodError": 1,
    "_one_of": 0,
    "finding": 1,
    **dict.fromkeys(
        (
            "Conflict",
            "Forbidden",
            "Invalid",
            "NotFound",
            "NoSuchArticle",
            "NoSuchTicket",
            "Refusal",
            "Stale",
            "TooLarge",
            "Unavailable",
            "Unsupported",
        ),
        0,
    ),
}
_KEYWORDS = {"detail", "flash", "problem", "title"}
_CONSTANTS = {"_MESSAGES", "_PAGES", "detail", "message", "title"}


class Text(NamedTuple):
    """`words` is one text, or singular and plural."""

    words: str | tuple[str, str]
    place: str


def texts() -> Iterator[Text]:
    """Everything that a page may say, where it stands."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        found = extract_from_file("jinja2.ext:babel_extract", path, options=_OPTIONS)
        for line, words, _comments, _context in found:
            said = (words[0], words[1]) if isinstance(words, tuple) else words
            yield Text(said, f"{path.relative_to(ROOT)}:{line}")
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" in path.parts or "cli" in path.parts:
            continue
        for line, words in spoken(path.read_text()):
            yield Text(words, f"{path.relative_to(ROOT)}:{line}")


def spoken(source: str) -> Iterator[tuple[int, str]]:
    """Literal texts of a module that end up before a person's eyes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.AnnAssign) and getattr(node.annotation, "id", "") == "Limit":
            given = node.value.keywords if isinstance(node.value, ast.Call) else []
            yield from _literals([keyword.value for keyword in given if keyword.arg == "description"])
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            if names & _CONSTANTS:
                yield from _literals(node.value.values if isinstance(node.value, ast.Dict) else [node.value])


def _of_call(node: ast.Call) -> Iterator[tuple[int, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    at = _SAID.get(name)
    given = [node.args[at]] if at is not None and len(node.args) > at else []
    given += [keyword.value for keyword in node.keywords if keyword.arg in _KEYWORDS]
    yield from _literals(given)


def _literals(found: list[ast.expr]) -> Iterator[tuple[int, str]]:
    for it in found:
        if isinstance(it, ast.Constant) and isinstance(it.value, str) and it.value.strip():
            yield it.lineno, it.value


def gathered() -> Catalog:
    """A catalogue of all texts, without translations."""
    catalogue = Catalog(charset="utf-8")
    for text in texts():
        catalogue.add(text.words, flags=["python-format"] if "%(" in str(text.words) else [])
    return catalogue


def main() -> None:
    template = gathered()
    for path in sorted(LOCALES.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, omit_header=True, sort_output=True)
        missing = [message.id for message in catalogue if message.id and not all(_strings(message.string))]
        print(f"{path.name}: {len(catalogue)} texts, {len(missing)} of them without words yet")


def _strings(found: Any) -> tuple[str, ...]:
    return tuple(found) if isinstance(found, tuple | list) else (found or "",)


if __name__ == "__main__":
    main()
