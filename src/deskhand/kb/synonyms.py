"""Groups of words that mean the same, and where they stand."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from deskhand.kb.thesaurus import LINES
from deskhand.kit.words import stem


class Phrase(NamedTuple):
    """A member of several words: `length` words from `start` on."""

    start: int
    length: int
    group: str


def groups(root: str, language: str) -> tuple[str, ...]:
    """The groups that a word with the stem `root` is in: English ones too, whose words every language borrows."""
    english = _GROUPS_OF["english"].get(root, ())
    return english if language == "english" else english + _GROUPS_OF[language].get(root, ())


def known(word: str) -> bool:
    """Whether the word, as it is written, is a member or part of one."""
    return word in _WORDS


def names() -> Iterable[tuple[str, str]]:
    """The members that are single words, as they are written, each with its group."""
    return _NAMES


def members(group: str) -> tuple[str, ...] | None:
    """The stems of a group's members that are single words; None where it is no group."""
    return _MEMBERS.get(group)


def phrases(words: Sequence[str]) -> list[Phrase]:
    """Where members of several words stand, as they are written."""
    starts = [at for at, word in enumerate(words) if word in _PHRASES]
    return [
        Phrase(at, len(phrase), group)
        for at in starts
        for phrase, group in _PHRASES[words[at]]
        if tuple(words[at : at + len(phrase)]) == phrase
    ]


_GROUPS_OF: dict[str, dict[str, tuple[str, ...]]] = {language: {} for language in LINES}
_MEMBERS: dict[str, tuple[str, ...]] = {}
_WORDS: set[str] = set()  # of all members
_NAMES: list[tuple[str, str]] = []
_PHRASES: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}


def _read(line: str, language: str) -> None:
    members = [tuple(member.split()) for member in line.split(",")]
    group = f"~{language}_" + "_".join(members[0])
    singles = dict.fromkeys(stem(member[0], language) for member in members if len(member) == 1)
    _MEMBERS[group] = tuple(singles)
    _WORDS.update(word for member in members for word in member)
    _NAMES.extend((member[0], group) for member in members if len(member) == 1)
    for single in singles:
        known_in = _GROUPS_OF[language]
        known_in[single] = (*known_in.get(single, ()), group)
    for member in members:
        if len(member) > 1:
            _PHRASES[member[0]] = (*_PHRASES.get(member[0], ()), (member, group))


for _language, _lines in LINES.items():
    for _line in _lines:
        _read(_line, _language)
