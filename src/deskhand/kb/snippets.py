"""Extracts: the part of an article's text that holds most of what was asked for."""

import re
from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from deskhand.kb.search_index import BODY, END, Doc
from deskhand.kit.words import words

_LENGTH = 180  # characters, about
_LEAD = 50  # of them before the first word that matches
_MATCHES_MAX = 200
_SPACE = re.compile(r"\s")


class Snippet(NamedTuple):
    """`spans` are the parts of `text` that match, as (start, end) in order."""

    text: str
    spans: list[tuple[int, int]]


class _Match(NamedTuple):
    start: int
    end: int
    term: str


def extract(text: str, doc: Doc, marks: Mapping[str, float]) -> Snippet:
    """The best part of `text`, the body of `doc`, for the terms in `marks` by their worth; else its beginning."""
    found = _matches(text, doc, marks)
    best = _window(found, marks)
    begin, end = _cut(text, found[best[0]].start, found[best[1]].end) if found else _cut(text, 0, 0)
    lead, tail = "… " if begin else "", " …" if end < len(text) else ""
    shift = len(lead) - begin
    spans = _merged(
        [(match.start + shift, match.end + shift) for match in found if begin <= match.start and match.end <= end]
    )
    return Snippet(lead + _SPACE.sub(" ", text[begin:end]) + tail, spans)


def _matches(text: str, doc: Doc, marks: Mapping[str, float]) -> list[_Match]:
    starts, ends = _offsets(text)
    stream, groups = doc.fields[BODY].split(END)
    found = [_Match(starts[at], ends[at], term) for at, term in enumerate(stream) if term in marks]
    for group, term in zip(doc.groups, groups, strict=True):
        if term in marks:
            found.append(_Match(starts[group.start], ends[group.start + group.length - 1], term))
    found.sort()
    return found[:_MATCHES_MAX]


@lru_cache(256)
def _offsets(text: str) -> "tuple[array[int], array[int]]":
    """Where each word starts and ends."""
    found = list(words(text))
    return array("I", [word.start for word in found]), array("I", [word.end for word in found])


def _window(found: Sequence[_Match], marks: Mapping[str, float]) -> tuple[int, int]:
    """The first and last match of the stretch whose matches are worth most, each term counted once."""
    best, most = (0, 0), 0.0
    for first, match in enumerate(found):
        seen: set[str] = set()
        worth = 0.0
        for last in range(first, len(found)):
            if found[last].end - match.start > _LENGTH - _LEAD:
                break
            if found[last].term not in seen:
                seen.add(found[last].term)
                worth += marks[found[last].term]
                if worth > most:
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
