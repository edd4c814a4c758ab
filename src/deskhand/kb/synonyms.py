"""Groups of words that mean the same, and where they stand."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
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
    english = _thesaurus().groups_of["english"].get(root, ())
    return english if language == "english" else english + _thesaurus().groups_of[language].get(root, ())


def known(word: str) -> bool:
    """Whether the word, as it is written, is a member or part of one."""
    return word in _thesaurus().words


def names() -> Iterable[tuple[str, str]]:
    """The members that are single words, as they are written, each with its group."""
    return _thesaurus().names


def members(group: str) -> tuple[str, ...] | None:
    """The stems of a group's members that are single words; None where it is no group."""
    return _thesaurus().members.get(group)


def phrases(words: Sequence[str]) -> list[Phrase]:
    """Where members of several words stand, as they are written."""
    known_phrases = _thesaurus().phrases
    starts = [at for at, word in enumerate(words) if word in known_phrases]
    return [
        Phrase(at, len(phrase), group)
        for at in starts
        for phrase, group in known_phrases[words[at]]
        if tuple(words[at : at + len(phrase)]) == phrase
    ]


class _Thesaurus:
    """All groups by what they are looked up by."""

    def __init__(self) -> None:
        self.groups_of: dict[str, dict[str, tuple[str, ...]]] = {language: {} for language in LINES}
        self.members: dict[str, tuple[str, ...]] = {}
        self.words: set[str] = set()  # of all members
        self.names: list[tuple[str, str]] = []
        self.phrases: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}
        for language, lines in LINES.items():
            for line in lines:
                self._read(line, language)

    def _read(self, line: str, language: str) -> None:
        members = [tuple(member.split()) for member in line.split(",")]
        group = f"~{language}_" + "_".join(members[0])
        singles = dict.fromkeys(stem(member[0], language) for member in members if len(member) == 1)
        self.members[group] = tuple(singles)
        self.words.update(word for member in members for word in member)
        self.names.extend((member[0], group) for member in members if len(member) == 1)
        for single in singles:
            known_in = self.groups_of[language]
            known_in[single] = (*known_in.get(single, ()), group)
        phrases = [member for member in members if len(member) > 1]
        for phrase in dict.fromkeys(chain(*map(_forms, phrases)) if language == "english" else phrases):
            self.phrases[phrase[0]] = (*self.phrases.get(phrase[0], ()), (phrase, group))


def _forms(phrase: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The phrase as it is written, and its plural or, where a particle is behind a verb, the other forms of that."""
    yield phrase
    *before, last = phrase
    if last not in _BEHIND_VERBS:
        if not last.endswith("s"):
            yield (*before, last + "s")
    elif len(phrase) == 2:
        verb = phrase[0]
        root = verb[:-1] if verb.endswith("e") else verb + verb[-1] if _DOUBLING.fullmatch(verb) else verb
        yield from ((verb + "s", last), (root + "ed", last), (root + "ing", last))


_BEHIND_VERBS = frozenset(["away", "back", "down", "in", "off", "on", "out", "over", "up"])
_DOUBLING = re.compile(r"[^aeiou]+[aeiou][bdgmnpt]")


@cache
def _thesaurus() -> _Thesaurus:
    """Read when the first search needs it: stemming all its words takes a tenth of a second."""
    return _Thesaurus()
