"""The cues of seed/cues.txt: patterns that tell what a request is for. That file says how it is written."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "seed" / "cues.txt"
_MACRO = re.compile(r"\{([a-z]+)\}")
_HEADING = re.compile(r"\[([^|\]]+?)(?: \| (\w+))?\]")


class Cue(NamedTuple):
    """`place` is `subject`, `body`, or empty for both; `form` and `mark` are for what is to be left out."""

    name: str
    place: str
    pattern: re.Pattern[str]


class Cues(NamedTuple):
    subject: tuple[Cue, ...]
    body: tuple[Cue, ...]
    form: re.Pattern[str]
    mark: re.Pattern[str]


@cache
def cues() -> Cues:
    """Read and compiled once, when first needed."""
    found = list(_parse(FILE.read_text("utf-8").splitlines()))
    by_place = {cue.place: cue.pattern for cue in found}
    return Cues(
        tuple(cue for cue in found if cue.place in ("", "subject")),
        tuple(cue for cue in found if cue.place in ("", "body")),
        by_place["form"],
        by_place["mark"],
    )


def _parse(lines: list[str]) -> list[Cue]:
    macros: dict[str, str] = {}
    sections: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if heading := _HEADING.fullmatch(line):
            sections.append((heading[1], heading[2] or "", []))
        elif sections:
            sections[-1][2].append(_MACRO.sub(lambda macro: macros[macro[1]], line))
        else:
            name, _, value = line.partition(" = ")
            macros[name] = value
    return [Cue(name, place, _either(group)) for name, place, group in sections]


def _either(lines: list[str]) -> re.Pattern[str]:
    """One pattern of all of them. Those that begin at a word are put together: elsewhere they are not even tried."""
    at_words = [line.removeprefix(r"\b") for line in lines if line.startswith(r"\b")]
    others = [line for line in lines if not line.startswith(r"\b")]
    return re.compile("|".join([*([rf"\b(?:{'|'.join(at_words)})"] if at_words else []), *others]), re.MULTILINE)
