"""Which articles answer best: BM25F finds the likely ones, then a closer look at those."""

import re
from collections.abc import Sequence
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple

from deskhand.kb.query import Concept
from deskhand.kb.search_index import BODY, END, HEADINGS, SUMMARY, TITLE, Doc, Index

CANDIDATES = 100
# Beside the sum of what terms are worth (at most 1): all of the query found, found in the title, side by side.
_COVERED, _TITLED, _PAIRED = 0.5, 0.7, 0.3
_PAIR = {TITLE: 1.0, HEADINGS: 0.5, SUMMARY: 0.5, BODY: 0.3}
_TELLING = 15  # terms by which articles are compared
_ENOUGH = 0.3  # of the best score; what is below is no answer


class Ranked(NamedTuple):
    article_id: str
    score: float


def rank(index: Index, concepts: Sequence[Concept]) -> list[Ranked]:
    """The articles worth showing, best first, at most `CANDIDATES`; equals by id, so that any order is repeatable."""
    total = sum(concept.rarity for concept in concepts)
    if not total:
        return []
    pairs = _pairs(concepts)
    ranked = [
        Ranked(doc.article_id, _score(index, doc, concepts, pairs, base) / total)
        for base, doc in _candidates(index, concepts)
    ]
    ranked.sort(key=lambda found: (-found.score, found.article_id))
    return [found for found in ranked if found.score >= _ENOUGH * ranked[0].score]


def alike(index: Index, doc: Doc) -> list[Ranked]:
    """The articles that are about the same as `doc`, best first, without itself."""
    values = {term: worth * index.rarity(term) for term, worth in zip(doc.terms, doc.worths, strict=True)}
    telling = nlargest(_TELLING, values, key=lambda term: (values[term], term))
    concepts = [Concept(term, {term: values[term]}, index.rarity(term)) for term in telling]
    found = [Ranked(other.article_id, score) for score, other in _candidates(index, concepts) if other is not doc]
    return [other for other in found if other.score >= _ENOUGH * found[0].score]


def _candidates(index: Index, concepts: Sequence[Concept]) -> list[tuple[float, Doc]]:
    sums = [0.0] * len(index.docs)
    for concept in concepts:
        if len(concept.terms) == 1:
            for term, value in concept.terms.items():
                for place, worth in zip(*index.postings(term), strict=True):
                    sums[place] += value * worth
            continue
        best: dict[int, float] = {}
        for term, value in concept.terms.items():
            for place, worth in zip(*index.postings(term), strict=True):
                gain = value * worth
                if gain > best.get(place, 0.0):
                    best[place] = gain
        for place, gain in best.items():
            sums[place] += gain
    live = [(total, doc) for total, doc in zip(sums, index.docs, strict=True) if total and doc is not None]
    return nlargest(CANDIDATES, live, key=lambda found: (found[0], found[1].article_id))


def _score(index: Index, doc: Doc, concepts: Sequence[Concept], pairs: "Sequence[_Pair]", base: float) -> float:
    title = doc.fields[TITLE]
    covered = titled = 0.0
    for concept in concepts:
        covered += max((value for term, value in concept.terms.items() if term in doc.terms), default=0.0)
        titled += max((value for term, value in concept.terms.items() if term in title), default=0.0)
    whole = sum(concept.rarity for concept in concepts)
    score = base * (1 - _COVERED + _COVERED * covered / whole)
    if titled:
        score += _TITLED * titled * (0.4 + 0.6 * _share(index, title, concepts))
    return score + _PAIRED * sum(pair.rarity * _closeness(pair, doc) for pair in pairs)


def _share(index: Index, title: str, concepts: Sequence[Concept]) -> float:
    """How much of the title the query asks for."""
    asked = {term for concept in concepts for term in concept.terms}
    own = set(title[: title.index(END)])
    whole = sum(map(index.rarity, own))
    return sum(map(index.rarity, own & asked)) / whole if whole else 0.0


class _Pair(NamedTuple):
    pattern: re.Pattern[str]
    rarity: float


def _pairs(concepts: Sequence[Concept]) -> list[_Pair]:
    """Neighbours in the query, which may have a little word between them in the text."""
    return [
        _Pair(re.compile(f"{one.main}[^{END}]{{0,2}}{other.main}"), min(one.rarity, other.rarity))
        for one, other in pairwise(concepts)
    ]


def _closeness(pair: _Pair, doc: Doc) -> float:
    return max((worth for field, worth in _PAIR.items() if pair.pattern.search(doc.fields[field])), default=0.0)
