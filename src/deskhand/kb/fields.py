"""An article as search knows it: its words by field, and how much it is about each of its terms."""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from deskhand.kb.synonyms import Phrase

TITLE, HEADINGS, SUMMARY, BODY, CALLED = range(5)  # the last: the words of links that lead to it
# BM25F: how much a field counts, how far its length matters, and what length is usual. The usual length is fixed, not
# an average: a term's worth in an article then hangs on that article and links to it, not on what else is published.
_WEIGHTS = (6.0, 2.0, 2.5, 1.0, 3.0)
_SLOPES = (0.4, 0.5, 0.4, 0.6, 0.5)
_USUAL = (6, 30, 20, 500, 30)
_SATURATION = 3.0

END = "\x00"  # between a field's words and the groups they are in


class Source(NamedTuple):
    """An article's words by field, and the stem of each."""

    article_id: str
    stamp: str
    language: str
    fields: tuple[list[str], ...]
    stems: dict[str, str]
    slug: str
    links: list[tuple[str, list[str]]]  # where each leads, and its words


class Link(NamedTuple):
    """Where it leads, as `links.place` writes it; its words and their groups, as terms."""

    place: str
    words: str
    groups: str


class Doc(NamedTuple):
    article_id: str
    stamp: str
    language: str
    fields: tuple[str, ...]
    phrases: list[Phrase]  # in the body; their groups come first after its END
    terms: str
    worths: "array[float]"  # of the terms: how much the article is about each, 0 to 1
    surfaces: tuple[str, ...]
    slug: str
    links: list[Link]


def worths(fields: Sequence[str]) -> dict[str, float]:
    """By term, 0 to 1."""
    sums: dict[str, float] = {}
    for field, weight, slope, usual in zip(fields, _WEIGHTS, _SLOPES, _USUAL, strict=True):
        length = field.index(END)
        scale = weight / (1 - slope + slope * length / usual)
        for term, count in Counter(field).items():
            sums[term] = sums.get(term, 0.0) + count * scale
    sums.pop(END)
    return {term: total / (total + _SATURATION) for term, total in sums.items()}
