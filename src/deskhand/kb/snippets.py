"""Extracts: the part of an article's text that holds most of what was asked for."""

import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from deskhand.kb.fields import BODY, END, Doc
from deskhand.kit.words import Word

_LENGTH = 180  # characters, about
_LEAD = 50  # of them before the first word that matches
_MATCHES_MAX = 120
_SPACE = re.compile(r"\s")


class Snippet(NamedTuple):
    """`spans` are the parts of `text` that match, as (start, end) in order."""

    text: str
    spans: list[tuple[int, int]]


class _Match(NamedTuple):
    start: int
    end: int
    term: str


def pack(words: Sequence[Word]) -> bytes:
    """Where the words stand in their text, for `extract`."""
    return struct.pack(f"<{2 * len(words)}I", *(word.start for word in words), *(word.end for word in words))


def extract(text: str, places: bytes, doc: Doc, marks: Mapping[str, float]) -> Snippet:
    """The best part of `text`, the body of `doc`, for the terms in `marks` by their worth; else its beginning."""
    found = _matches(places, doc, marks)
    best = _window(found, marks)
    begin, end = _cut(text, found[best[0]].start, found[best[1]].end) if found else _cut(text, 0, 0)
    lead, tail = "… " if begin else "", " …" if end < len(text) else ""
    shift = len(lead) - begin
    within = [(start + shift, stop + shift) for start, stop, _ in found if begin <= start and stop <= end]
    return Snippet(lead + _SPACE.sub(" ", text[begin:end]) + tail, _merged(within))


def _matches(places: bytes, doc: Doc, marks: Mapping[str, float]) -> list[_Match]:
    if not marks:
        return []
    offsets = struct.unpack(f"<{len(places) // 4}I", places)
    ends = len(offsets) // 2
    stream, groups = doc.fields[BODY].split(END)
    hits = sorted((at, term) for term in marks for at in _places(stream, term))[:_MATCHES_MAX]
    found = [_Match(offsets[at], offsets[ends + at], term) for at, term in hits]
    for phrase, term in zip(doc.phrases, groups, strict=False):
        if term in marks:
            found.append(_Match(offsets[phrase.start], offsets[ends + phrase.start + phrase.length - 1], term))
    found.sort()
    return found


def _places(stream: str, term: str) -> Iterator[int]:
    """The first places of the term."""
    at = -1
    for _ in range(_MATCHES_MAX):
        at = stream.find(term, at + 1)
        if at < 0:
            return
        yield at


def _window(found: Sequence[_Match], marks: Mapping[str, float]) -> tuple[int, int]:
    """The first and last match of the stretch whose matches are worth most, each term counted once."""
    best, most, first, worth = (0, 0), 0.0, 0, 0.0
    within: Counter[str] = Counter()
    for last, match in enumerate(found):
        within[match.term] += 1
        worth += marks[match.term] * (within[match.term] == 1)
        while match.end - found[first].start > _LENGTH - _LEAD and first < last:
            within[found[first].term] -= 1
            worth -= marks[found[first].term] * (not within[found[first].term])
            first += 1
        if worth > most + 1e-9:
            best, most = (first, last), worth
    return best


def _cut(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole words around start and end, from the beginning of the line where that is near."""
    begin = max(0, start - _LEAD)
    line = text.rfind("\n", begin, start)
    if line >= 0:
        begin = line + 1
    elif begin and (space := _SPACE.search(text, begin, start)):
        begin = space.end()
    stop = max(end, min(len(text), begin + _LENGTH))
    if stop < len(text):
        back = max(text.rfind(" ", end, stop), text.rfind("\n", end, stop))
        stop = back if back > 0 else stop
    return begin, stop


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
