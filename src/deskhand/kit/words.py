"""From text to words as search sees them: the same on every database, since it happens before one is asked."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple

import Stemmer  # type: ignore[missing-import]

WORD_MAX = 40  # what is longer is no word; its beginning is kept so that a pasted key still finds itself

# Written without spaces between words: cut into overlapping pairs instead.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*")
_ASCII_WORD = re.compile("[a-zA-Z0-9]+(?:'[a-zA-Z0-9]+)*")  # the same in a text of nothing else, in half the time
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_APOSTROPHE = re.compile("['’](?:s$)?")
# Letters that Unicode does not take apart into a base and an accent.
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_STEMMABLE = re.compile("[a-z]{3,24}")
# British spelling, where American has z or -or. It may hit other words: all their forms alike, so they still meet.
_BRITISH = re.compile(
    r"(?<=[a-z]{3})(?:(?P<s>(?<=[iy])s)(?=(?:e[drs]?|es|ers|ing|able|ations?)$)|ou(?=r(?:s|ed|ing|ite|ites|ful|al)?$))"
)
# Words that the stemmer takes for forms of another: "rating" of "rate", "important" of "import".
_ROOTS = ("accountant", "appearance", "customer", "important", "rating", "setting")
_STEMS = {root + ending: root for root in _ROOTS for ending in ("", "s")}
_STEMS |= {"accounting": "accountant", "importance": "important"}
# The plural of what is spoken letter by letter: not every language's stemmer knows that one.
_ACRONYMS = re.compile("((?:[b-df-hj-np-tv-z]{2,5}|api|id|url))s")
# Forms that it does not take for what they are; the first of each is the plain one.
_IRREGULAR = """
    become became, begin began begun, break broke broken, bring brought, build built, buy bought, catch caught, child
    children, choose chose chosen, come came, draw drew drawn, drive drove driven, fall fell fallen, feel
    felt, find found, forget forgot forgotten, freeze froze frozen, give gave given, grow grew grown, hang
    hung, hear heard, hide hid hidden, hold held, keep kept, know knew known, lend lent, lose lost, make made, man men,
    mean meant, meet met, overdraw overdrawn, person people, run ran, rewrite rewrote rewritten, say said, see
    saw seen, sell sold, send sent, resend resent, shake shook shaken, show shown, shrink shrank shrunk, sink sank,
    speak spoke spoken, spend spent, stand stood, steal stole stolen, stick stuck, strike struck, swear sworn, take took
    taken, teach taught, tear tore torn, tell told, think thought, throw threw thrown, understand understood, wake woke
    woken, wear wore worn, win won, withdraw withdrew withdrawn, woman women, write wrote written"""
_PLAIN = {form: forms.split()[0] for forms in _IRREGULAR.split(",") for form in forms.split()[1:]}


class Word(NamedTuple):
    """A folded word and where it stood in the text."""

    text: str
    start: int
    end: int


def words(text: str, *, asked: bool = False) -> Iterator[Word]:
    """The words of `text` in order, folded.

    Of text without spaces, each pair of characters and the last one alone, so that any part of it begins a word; of
    one that is `asked` for, only the pairs.
    """
    for found in _WORD.finditer(text):
        start, end = found.span()
        if unspaced(found[0]):
            for at in range(start, end - 1 if asked and end - start > 1 else end):
                if folded := fold(text[at : min(at + 2, end)]):  # nothing is left of a vowel sign alone
                    yield Word(folded, at, min(at + 2, end))
        elif folded := fold(found[0]):
            yield Word(folded, start, end)


def stems(text: str, limit: int) -> list[str]:
    """The stems of the first `limit` of `words(text)`, quicker: for texts that are many and long."""
    found: list[str] = []
    pattern = _ASCII_WORD if text.isascii() else _WORD
    for word in islice(pattern.findall(text), limit):
        if word.isascii() or not unspaced(word):
            found.append(_stem_of(word))
        else:
            found.extend(stem(part.text) for part in words(word))
    return [word for word in found[:limit] if word]


def unspaced(word: str) -> bool:
    """Whether `word` is of a script without spaces, such as Chinese."""
    return _IS_UNSPACED.match(word) is not None


@lru_cache(1 << 13)
def _stem_of(word: str) -> str:
    return stem(fold(word))


@lru_cache(1 << 11)
def fold(word: str) -> str:
    """`word` in lower case without accents, apostrophes and possessive s, at most `WORD_MAX` characters."""
    lowered = _APOSTROPHE.sub("", word.lower())
    if not lowered.isascii():
        bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", lowered.translate(_LETTERS)))
        # Back together: Hangul falls apart as well. What compatibility forms leave beside letters is dropped.
        lowered = "".join(char for char in unicodedata.normalize("NFC", bare).lower() if char.isalnum())
    return lowered[:WORD_MAX]


@lru_cache(1 << 12)
def stem(word: str, language: str = "english") -> str:
    """What the inflected forms of a folded word share; the word itself where it has digits or other scripts."""
    if not _STEMMABLE.fullmatch(word):
        return word
    if language == "english":
        if word in _STEMS:
            return _STEMS[word]
        word = _BRITISH.sub(lambda found: "z" if found["s"] else "o", _PLAIN.get(word, word))
    elif acronyms := _ACRONYMS.fullmatch(word):
        return acronyms[1]
    with _stemming:
        return _stemmer(language).stemWord(word)


@lru_cache
def _stemmer(language: str) -> Any:
    return Stemmer.Stemmer(language, 0)  # without a cache of its own


# A stemmer keeps the word it works on in itself.
_stemming = Lock()
