"""What the classifier looks at in a request: words, their fragments and pairs, and cues that show what a text is for.

Everything is reduced to units: a piece of the text that can be shown to people, the features it stands for, and how
much it counts. Scoring, learning and explaining all work on units.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
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
_REST = re.compile(r"\w{0,20}")
_MARKUP = re.compile(r"</?\w{0,9}>?|[*`#|]+")
_MARGIN = " .,:;!?()[]<>-\"'"
_REPEATED = re.compile(r"(.)\1{3,}", re.DOTALL)
_DIGITS = re.compile(r"\d+")


class Unit(NamedTuple):
    """`text` as staff see it, the `keys` of its features with their shares, and its `value` in this request."""

    text: str
    keys: tuple[tuple[str, float], ...]
    value: float


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


def content(units: Iterable[Unit]) -> list[Unit]:
    """What a request is about, up to a bound: its words and their beginnings, without cues and function words."""
    kept = [
        unit._replace(keys=tuple((key, share) for key, share in unit.keys if key[:2] in ("w:", "x:")))
        for unit in units
        if unit.text not in FUNCTION_WORDS and not unit.text.isdigit()
    ]
    return [unit for unit in kept if unit.keys][:CONTENT_UNITS]


def words_of(unit: Unit) -> list[str]:
    """What of the text to show for a unit: a pair stands for its two words. Function words and numbers tell nothing."""
    texts = unit.text.split() if unit.keys[0][0].startswith("b:") else [unit.text]
    return [text for text in texts if text not in FUNCTION_WORDS and not text.isdigit()]


def fingerprint(subject: str, body: str) -> str:
    """The same for requests of the same words, whatever their numbers, case and punctuation."""
    words = _words(_without_markup(f"{_plain(subject, SUBJECT_CHARS)} {_plain(body, SUBJECT_CHARS)}"))
    return "f:" + hashlib.blake2b(" ".join(words).encode(), digest_size=8).hexdigest()


# As many words as most requests are made of: taking one apart costs ten times as much as looking it up.
COMMON_WORDS = 2048


@lru_cache(COMMON_WORDS)
def word_keys(word: str) -> tuple[tuple[str, float], ...]:
    """A word's features: itself, its beginning (which bridges inflections) and fragments (which bridge typos)."""
    keys = [(f"w:{word}", 1.0)]
    if len(word) > PREFIX:
        keys.append((f"x:{word[:PREFIX]}", 0.7))
    if len(word) >= GRAM:
        bounded = f"_{word}_"
        grams = {bounded[i : i + GRAM] for i in range(len(bounded) - GRAM + 1)}
        share = len(grams) ** -0.5
        keys += [(f"c:{gram}", share) for gram in sorted(grams)]
    return tuple(keys)


@lru_cache(COMMON_WORDS // 4)
def title_keys(word: str) -> tuple[tuple[str, float], ...]:
    """Those of a word in the subject."""
    return (*word_keys(word), (f"t:{word}", 0.7))


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
    return _MAIL.sub(" ", text)


def _words(text: str) -> list[str]:
    words = (m[0].replace("'", "").replace("’", "") for m in _TOKEN.finditer(text))
    return [w if w.isalpha() else _DIGITS.sub("0", w) for w in words if len(w) <= MAX_WORD][:MAX_WORDS]


def _title_units(words: list[str]) -> Iterator[Unit]:
    distinct = list(dict.fromkeys(words))
    value = SUBJECT_WEIGHT / max(len(distinct), 3) ** 0.5
    for word in distinct:
        yield Unit(word, title_keys(word), value)
    yield from _pairs(words, value)
    if words:
        yield Unit(words[0], ((f"s:{words[0]}", 1.0),), value * PAIR_WEIGHT)


def _story_units(words: list[str], known: set[str]) -> Iterator[Unit]:
    distinct = [w for w in dict.fromkeys(words) if w not in known]
    value = BODY_WEIGHT / max(len(distinct), 6) ** 0.5
    for word in distinct:
        yield Unit(word, word_keys(word), value)
    yield from _pairs(words, value)


def _pairs(words: list[str], value: float) -> Iterator[Unit]:
    for pair in dict.fromkeys(pairwise(words)):
        text = " ".join(pair)
        yield Unit(text, ((f"b:{text}", 1.0),), value * PAIR_WEIGHT)


def _cues(subject: str, body: str) -> Iterator[Unit]:
    seen = set()
    for cue in cues().subject:
        if found := cue.pattern.search(subject):
            seen.add(cue.name)
            yield Unit(_shown(found), ((f"p:{cue.name}", 1.0), (f"q:{cue.name}", 1.0)), CUE_WEIGHT)
    for cue in cues().body:
        if cue.name not in seen and (found := cue.pattern.search(body)):
            yield Unit(_shown(found), ((f"p:{cue.name}", 1.0),), CUE_WEIGHT)


def _shown(found: re.Match[str]) -> str:
    """The turn of phrase as people read it: whole words, without markup and without the name of a part before it."""
    rest = _REST.match(found.string, found.end())
    said = _MARKUP.sub(" ", found[0] + (rest[0] if rest and found[0][-1:].isalnum() else ""))
    said = " ".join(said.split()).strip(_MARGIN)
    return (said.rpartition(": ")[2] or found[0].strip())[:60]
