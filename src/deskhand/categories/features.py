"""What the classifier looks at in a request: words, their fragments and pairs, and cues that show what a text is for.

Everything is reduced to units: a piece of the text that can be shown to people, the features it stands for, and how
much it counts. Scoring, learning and explaining all work on units.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from deskhand.categories.cues import cues
from deskhand.kit.stopwords import STOPWORDS

SUBJECT_CHARS = 300
BODY_CHARS = 2000
MAX_WORDS = 240
MAX_WORD = 32
GRAM = 4
PREFIX = 5
# How many words of a request a lesson is about.
CONTENT_UNITS = 50
# How much the words of the subject and of the body count together. The subject says what a request is about;
# the body tells the story around it.
SUBJECT_WEIGHT = 2.0
BODY_WEIGHT = 1.5
PAIR_WEIGHT = 0.7
CUE_WEIGHT = 1.3

# Never shown as a reason, and never blamed when staff correct a guess.
FUNCTION_WORDS = frozenset().union(*STOPWORDS.values())

_LINK = re.compile(
    r"!?\[([^\]\n]{0,200})\]\([^)\s]{0,500}\)?|https?://\S+|<(?:img|b|/b|br|p|/p|details|summary)\b[^<>]{0,500}>?"
)
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MAIL = re.compile(r"\S{1,64}@\S{1,255}")
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ASCII_TOKEN = re.compile("[a-z0-9]+(?:'[a-z0-9]+)*")  # the same in a plain text of nothing else, in half the time
_REST = re.compile(r"\w{0,20}")
_MARKUP = re.compile(r"</?\w{0,9}>?|[*`#|]+")
_MARGIN = " .,:;!?()[]<>-\"'"
_REPEATED = re.compile(r"(.)\1{3,}", re.DOTALL)
_DIGITS = re.compile(r"\d+")


Shares = tuple[tuple[str, float], ...]


class Kind(StrEnum):
    """What a unit is, and with that what its features are called."""

    WORD = "w"
    TITLE = "t"  # a word of the subject
    PAIR = "b"  # two words side by side
    START = "s"  # the subject's first word
    CUE = "p"
    TITLE_CUE = "q"  # one in the subject
    WHOLE = "f"  # the request as a whole


_WORDS = (Kind.WORD, Kind.TITLE)


class Unit(NamedTuple):
    """`text` as staff see it, what it is and is `called`, and its `value` in this request."""

    text: str
    kind: Kind
    called: str
    value: float

    @property
    def keys(self) -> Shares:
        """Its features and their shares."""
        return keys(self.kind, self.called)


def extract(subject: str, body: str) -> list[Unit]:
    """The units of one request. Takes any strings; looks at the beginning of long ones."""
    subject = _plain(subject, SUBJECT_CHARS)
    body = _plain(body, BODY_CHARS)
    body = body.removeprefix(subject)
    body = cues().form.sub(" ", body)
    units = list(_cues(subject, body))
    title = _words(_without_markup(cues().mark.sub(" ", subject)))
    story = _words(_without_markup(body))
    units += _title_units(title)
    units += _story_units(story, set(title))
    return units


def whole(subject: str, body: str) -> Unit:
    """The request as one unit: the same for the same words, whatever their numbers, case and punctuation."""
    words = _words(_without_markup(f"{_plain(subject, SUBJECT_CHARS)} {_plain(body, SUBJECT_CHARS)}"))
    return Unit("", Kind.WHOLE, hashlib.blake2b(" ".join(words).encode(), digest_size=8).hexdigest(), 1.0)


def content(units: Iterable[Unit]) -> list[Unit]:
    """What a request is about, up to a bound: its words, without function words."""
    kept = [unit for unit in units if unit.kind in _WORDS and unit.text not in FUNCTION_WORDS]
    return [unit for unit in kept if not unit.text.isdigit()][:CONTENT_UNITS]


def words_of(unit: Unit) -> list[str]:
    """What of the text to show for a unit: a pair stands for its two words, the whole for none. Function words and
    numbers tell nothing."""
    texts = unit.text.split() if unit.kind in (Kind.PAIR, Kind.WHOLE) else [unit.text]
    return [text for text in texts if text not in FUNCTION_WORDS and not text.isdigit()]


def keys(kind: Kind, called: str) -> Shares:
    """The features of such a unit. A word's are itself, its beginning, which bridges inflections, and its fragments,
    which bridge typos."""
    if kind not in _WORDS:
        more = ((f"p:{called}", 1.0),) if kind == Kind.TITLE_CUE else ()
        return (*more, (f"{kind}:{called}", 1.0))
    found = list(lesson_keys(kind, called))
    if len(called) >= GRAM:
        bounded = f"_{called}_"
        grams = {bounded[i : i + GRAM] for i in range(len(bounded) - GRAM + 1)}
        share = len(grams) ** -0.5
        found += [(f"c:{gram}", share) for gram in sorted(grams)]
    if kind == Kind.TITLE:
        found.append((f"t:{called}", 0.7))
    return tuple(found)


def lesson_keys(kind: Kind, called: str) -> Shares:
    """Those of its features that lessons and descriptions of categories are about."""
    if kind == Kind.WHOLE:
        return ((f"f:{called}", 1.0),)
    if kind not in _WORDS:
        return ()
    word = (f"w:{called}", 1.0)
    return (word, (f"x:{called[:PREFIX]}", 0.7)) if len(called) > PREFIX else (word,)


def _plain(text: str, limit: int) -> str:
    """The beginning of `text` in lower case and without accents."""
    text = _REPEATED.sub(r"\1\1\1", text[:limit])
    if text.isascii():
        return text.lower()
    text = text.encode("utf-8", "replace").decode("utf-8").casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))[:limit]


def _without_markup(text: str) -> str:
    text = _FENCE.sub(" ", text)
    text = _LINK.sub(lambda m: f" {m[1] or ''} ", text)
    return _MAIL.sub(" ", text) if "@" in text else text


def _words(text: str) -> list[str]:
    words = (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)
    if "'" in text or "’" in text:
        words = [word.replace("'", "").replace("’", "") for word in words]
    return [w if w.isalpha() else _DIGITS.sub("0", w) for w in words if len(w) <= MAX_WORD][:MAX_WORDS]


def _title_units(words: list[str]) -> Iterator[Unit]:
    distinct = list(dict.fromkeys(words))
    value = SUBJECT_WEIGHT / max(len(distinct), 3) ** 0.5
    for word in distinct:
        yield Unit(word, Kind.TITLE, word, value)
    yield from _pairs(words, value)
    if words:
        yield Unit(words[0], Kind.START, words[0], value * PAIR_WEIGHT)


def _story_units(words: list[str], known: set[str]) -> Iterator[Unit]:
    distinct = [w for w in dict.fromkeys(words) if w not in known]
    value = BODY_WEIGHT / max(len(distinct), 6) ** 0.5
    for word in distinct:
        yield Unit(word, Kind.WORD, word, value)
    yield from _pairs(words, value)


def _pairs(words: list[str], value: float) -> Iterator[Unit]:
    for pair in dict.fromkeys(pairwise(words)):
        text = " ".join(pair)
        yield Unit(text, Kind.PAIR, text, value * PAIR_WEIGHT)


def _cues(subject: str, body: str) -> Iterator[Unit]:
    seen = set()
    for cue in cues().subject:
        if found := cue.pattern.search(subject):
            seen.add(cue.name)
            yield Unit(_shown(found), Kind.TITLE_CUE, cue.name, CUE_WEIGHT)
    for cue in cues().body:
        if cue.name not in seen and (found := cue.pattern.search(body)):
            yield Unit(_shown(found), Kind.CUE, cue.name, CUE_WEIGHT)


def _shown(found: re.Match[str]) -> str:
    """The turn of phrase as people read it: whole words, without markup and without the name of a part before it."""
    rest = _REST.match(found.string, found.end())
    said = _MARKUP.sub(" ", found[0] + (rest[0] if rest and found[0][-1:].isalnum() else ""))
    said = " ".join(said.split()).strip(_MARGIN)
    return (said.rpartition(": ")[2] or found[0].strip())[:60]
