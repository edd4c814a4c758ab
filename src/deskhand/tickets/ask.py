"""The desk's query language: `status:open from:alice tag:vip "exact words"`, read and written without a database.

A query is a row of parts: filters (`key:value`, several values by commas, in quotes where they hold spaces) and words
to search for. What is not understood is searched for as it stands, and its part says what is wrong with it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from deskhand.accounts import names
from deskhand.kit.ids import parse_id
from deskhand.kit.phrases import Phrase
from deskhand.tickets import days
from deskhand.tickets.model import PRIORITIES, SORTS, Status

MAX_QUERY = 500  # characters
CHANNELS = ("api", "web", "contact", "mail", "staff", "cli")
IS = ("verified", "unverified")

_TOKEN = re.compile(r'(?P<key>[A-Za-z_]+):(?P<value>(?:"[^"]*(?:"|$)|[^\s"])+)|"(?P<phrase>[^"]*)"|(?P<word>\S+)')
_VALUE = re.compile(r'(?:"[^"]*(?:"|$)|[^",])+')
_BARE_KEY = re.compile(r"[A-Za-z_]+:")
_PLAIN = re.compile(r'[^\s",]+')
_MOST = {"from": 5, "assignee": 10, "tag": 10}  # values in one query
_SINGLE = {"is", "created", "sort"}


class Problem(NamedTuple):
    """Why a part is no filter: a stable code, and words for whoever typed it."""

    code: str
    message: str


class Part(NamedTuple):
    """`text` is the part as it is written; `key` is empty for what is searched for, and `values` are canonical."""

    text: str
    key: str = ""
    values: tuple[str, ...] = ()
    problem: Problem | None = None


class Member(NamedTuple):
    """One of the team, as a query may name them."""

    id: str
    name: str
    email: str | None


class Known(NamedTuple):
    """What a query may name: categories by slug, with their names, and the team."""

    categories: Mapping[str, str]
    team: Sequence[Member]


class Question(NamedTuple):
    parts: tuple[Part, ...]

    def values(self, key: str) -> tuple[str, ...]:
        """All that is said of `key`, in order."""
        return tuple(dict.fromkeys(value for part in self.parts if part.key == key for value in part.values))

    @property
    def words(self) -> str:
        """What to search for, phrases in quotes."""
        return " ".join(part.text for part in self.parts if not part.key)

    @property
    def misread(self) -> list[Part]:
        """The parts that were meant as filters, as it seems, and are none."""
        return [part for part in self.parts if part.problem]

    def without(self, number: int) -> str:
        """The query without that part, counted from 0."""
        return write(Question(self.parts[:number] + self.parts[number + 1 :]))

    def put(self, key: str, *values: str) -> str:
        """The query with these values, and no others, for `key`; without values the key is gone."""
        kept = tuple(part for part in self.parts if part.key != key)
        filters = tuple(part for part in kept if part.key)
        added = (Part(spell(key, *values), key, values),) if values else ()
        return write(Question(filters + added + tuple(part for part in kept if not part.key)))


NOTHING_ASKED = Question(())


class _NotUnderstoodError(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.problem = Problem(code, message)


def read(text: str, known: Known | None = None) -> Question:
    """Any text is a query. Without `known` every category and every member of the team is taken for one that exists."""
    parts: list[Part] = []
    counts: dict[str, int] = {}
    for found in _TOKEN.finditer(text[:MAX_QUERY]):
        part = _part(found, known)
        if part.key:
            counts[part.key] = counts.get(part.key, 0) + len(part.values)
            most = _MOST.get(part.key, MAX_QUERY)
            if counts[part.key] > most:
                message = Phrase("A query has at most {most} values for {key}.", most=most, key=part.key)
                part = Part(part.text, problem=Problem("too_many", message))
        if part.text:
            parts.append(part)
    return Question(tuple(parts))


def write(question: Question) -> str:
    """The query as text; reading it gives the same question."""
    return " ".join(part.text for part in question.parts)


def spell(key: str, *values: str) -> str:
    """A filter as one types it, values in quotes where they need some."""
    plain = [value if _PLAIN.fullmatch(value) else '"' + value.replace('"', " ") + '"' for value in values]
    return f"{key}:{','.join(plain)}"


def whom(value: str, me: str | None, team: Sequence[Member]) -> list[str]:
    """The ids that a value of `assignee` names: `none` stays as it is, and whoever is called so exactly comes alone."""
    if value == "none":
        return [value]
    if value == "me":
        return [me] if me else []
    if found := parse_id(value):
        return [found]
    asked = value.casefold()
    exact = [member.id for member in team if asked in (member.name.casefold(), (member.email or "").casefold())]
    wanted = names.terms(value)
    begun = (member.id for member in team if wanted and names.holds(names.words_of(member.name, member.email), wanted))
    return exact or list(begun)


def _part(found: re.Match[str], known: Known | None) -> Part:
    if found["key"] is None:
        return _words(found)
    key, text = found["key"].lower(), found[0]
    if text.count('"') % 2:
        text += '"'
    if key not in _READERS:
        # An address that was pasted is meant for nothing else.
        if found["value"].startswith("//"):
            return Part(text)
        return Part(text, problem=Problem("unknown_key", Phrase("There is no filter “{key}”.", key=key)))
    try:
        return Part(text, key, _values(key, found["value"], known))
    except _NotUnderstoodError as wrong:
        return Part(text, problem=wrong.problem)


def _words(found: re.Match[str]) -> Part:
    if found["phrase"] is not None:
        return Part(found[0] if found["phrase"].strip() else "")
    text = found[0].lstrip('"')
    if _BARE_KEY.fullmatch(text) and text[:-1].lower() in _READERS:
        return Part(text, problem=Problem("no_value", Phrase("“{text}” needs a value.", text=text)))
    return Part(text)


def _values(key: str, text: str, known: Known | None) -> tuple[str, ...]:
    given = [found[0].replace('"', "").strip() for found in _VALUE.finditer(text)]
    given = [value for value in given if value]
    if not given:
        raise _NotUnderstoodError("no_value", Phrase("“{text}” needs a value.", text=f"{key}:"))
    if key in _SINGLE and len(given) > 1:
        raise _NotUnderstoodError("too_many", Phrase("“{text}” takes one value.", text=f"{key}:"))
    return tuple(dict.fromkeys(_READERS[key](value, known) for value in given))


def _one_of(template: str, allowed: Sequence[str]) -> Callable[[str, Known | None], str]:
    def reader(value: str, _known: Known | None) -> str:
        if value.lower() not in allowed:
            raise _NotUnderstoodError("unknown_value", Phrase(template, allowed=", ".join(allowed)))
        return value.lower()

    return reader


def _category(value: str, known: Known | None) -> str:
    if known is None:
        return value
    asked = value.casefold()
    for slug, name in known.categories.items():
        if asked in (slug, name.casefold()):
            return slug
    raise _NotUnderstoodError("unknown_value", Phrase("There is no category “{value}”.", value=value))


def _person(value: str, _known: Known | None) -> str:
    if not names.terms(value):
        raise _NotUnderstoodError("unknown_value", "“from:” takes the beginning of a name or of an e-mail address.")
    return value


def _assignee(value: str, known: Known | None) -> str:
    value = value.lower() if value.lower() in {"me", "none"} else value
    if known is not None and value != "me" and not whom(value, None, known.team):
        raise _NotUnderstoodError("unknown_value", Phrase("Nobody on the team is called “{value}”.", value=value))
    return value


def _tag(value: str, _known: Known | None) -> str:
    return value.lower()


def _created(value: str, _known: Known | None) -> str:
    try:
        days.parse(value.lower())
    except ValueError:
        message = "Days are written 2026-01-31, 2026-01-01..2026-01-31, today, yesterday or 7d."
        raise _NotUnderstoodError("unknown_value", message) from None
    return value.lower()


_READERS: dict[str, Callable[[str, Known | None], str]] = {
    "status": _one_of("A status is one of {allowed}.", tuple(Status)),
    "category": _category,
    "priority": _one_of("A priority is one of {allowed}.", PRIORITIES),
    "from": _person,
    "assignee": _assignee,
    "tag": _tag,
    "channel": _one_of("A channel is one of {allowed}.", CHANNELS),
    "is": _one_of("“is:” is one of {allowed}.", IS),
    "created": _created,
    "sort": _one_of("An order is one of {allowed}.", SORTS),
}
KEYS = tuple(_READERS)
