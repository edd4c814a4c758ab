"""Which articles answer best: BM25F finds the likely ones, then a closer look at those."""

from collections.abc import Sequence
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple

from deskhand.kb.fields import BODY, CALLED, END, HEADINGS, SUMMARY, TITLE, Doc
from deskhand.kb.query import Concept
from deskhand.kb.search_index import Index

CANDIDATES = 50
_JUDGED = 20  # of them, the best: looked at for words side by side
# Beside the sum of what terms are worth (at most 1): all of the query found, found in the title, side by side.
_COVERED, _TITLED, _PAIRED = 0.3, 0.8, 0.6
_PAIR = {TITLE: 1.0, HEADINGS: 0.5, SUMMARY: 0.5, CALLED: 0.5, BODY: 0.3}
_TELLING = 15  # terms by which articles are compared
_TINY = 1e-9
# Of the best score: what is below is no answer. The first few may be worse: who looks at one looks at them all.
_ENOUGH, _ENOUGH_FOR_FEW, _FEW = 0.3, 0.2, 5


class Ranked(NamedTuple):
    article_id: str
    score: float


def rank(index: Index, concepts: Sequence[Concept]) -> list[Ranked]:
    """The articles worth showing, best first, at most `CANDIDATES`; equals by id, so that any order is repeatable."""
    total = sum(concept.rarity for concept in concepts)
    if not total:
        return []
    pairs = _pairs(index, concepts)
    ranked = [
        Ranked(doc.article_id, _score(index, doc, concepts, pairs if at < _JUDGED else [], base) / total)
        for at, (base, doc) in enumerate(_candidates(index, concepts))
    ]
    ranked.sort(key=lambda found: (-found.score, found.article_id))
    enough = _ENOUGH * ranked[0].score, _ENOUGH_FOR_FEW * ranked[0].score
    return [found for at, found in enumerate(ranked) if found.score >= enough[at < _FEW]]


def marks(index: Index, concepts: Sequence[Concept]) -> dict[str, float]:
    """The terms to mark in an extract and what each is worth: a group's members stand for the group."""
    worths: dict[str, float] = {}
    for concept in concepts:
        for term, value in concept.terms.items():
            for member in (term, *index.words_of(term)):
                worths[member] = max(value, worths.get(member, 0.0))
    return worths


def alike(index: Index, doc: Doc) -> list[Ranked]:
    """The articles that are about the same as `doc`, best first, without itself."""
    values = {term: worth * index.rarity(term) for term, worth in zip(doc.terms, doc.worths, strict=True)}
    telling = nlargest(_TELLING, values, key=lambda term: (values[term], term))
    concepts = [Concept(term, {term: values[term]}, index.rarity(term)) for term in telling]
    found = [Ranked(other.article_id, score) for score, other in _candidates(index, concepts) if other is not doc]
    return [other for other in found if other.score >= _ENOUGH * found[0].score]


def _candidates(index: Index, concepts: Sequence[Concept]) -> list[tuple[float, Doc]]:
    """The articles with the highest sums, each concept counted by the best of its terms that an article has."""
    sums = [0.0] * len(index.docs)
    for concept in concepts:
        seen: set[int] = set()
        for term, value in concept.terms.items():
            having, worths = index.postings(term)
            if seen:
                for place, worth in zip(having, worths, strict=True):
                    if place not in seen:
                        sums[place] += value * worth
            else:
                for place, worth in zip(having, worths, strict=True):
                    sums[place] += value * worth
            if len(concept.terms) > 1:
                seen.update(having)
    for place in index.gone:
        sums[place] = 0.0
    least = max(nlargest(CANDIDATES, sums)[-1], _TINY) if sums else _TINY
    places = [place for place, total in enumerate(sums) if total >= least]
    found = [(sums[place], doc) for place in places if (doc := index.docs[place]) is not None]
    found.sort(key=lambda item: (-item[0], item[1].article_id))
    return found[:CANDIDATES]


def _score(index: Index, doc: Doc, concepts: Sequence[Concept], pairs: "Sequence[_Pair]", base: float) -> float:
    title, terms = doc.fields[TITLE], doc.terms
    whole = covered = titled = 0.0
    present = []
    for concept in concepts:
        whole += concept.rarity
        for term, value in concept.terms.items():  # the best of them first
            if term in terms:
                covered += value
                present.append(True)
                break
        else:
            present.append(False)
            continue
        for term, value in concept.terms.items():
            if term in title:
                titled += value
                break
    score = base * (1 - _COVERED + _COVERED * covered / whole)
    if titled:
        score += _TITLED * titled * (0.4 + 0.6 * _share(index, title, concepts))
    for pair in pairs:
        if present[pair.at] and present[pair.at + 1]:
            score += _PAIRED * pair.rarity * _closeness(pair, doc)
    return score


def _share(index: Index, title: str, concepts: Sequence[Concept]) -> float:
    """How much of the title the query asks for."""
    whole = asked = 0.0
    for term in dict.fromkeys(title[: title.index(END)]):
        rarity = index.rarity(term)
        whole += rarity
        if any(term in concept.terms for concept in concepts):
            asked += rarity
    return asked / whole if whole else 0.0


class _Pair(NamedTuple):
    at: int  # place of the first of both among the concepts
    one: str
    other: frozenset[str]
    rarity: float


def _pairs(index: Index, concepts: Sequence[Concept]) -> list[_Pair]:
    """Neighbours in the query, which may have a little word between them in the text."""
    forms = [_forms(index, concept) for concept in concepts]
    return [
        _Pair(at, one, frozenset(other), min(concepts[at].rarity, concepts[at + 1].rarity))
        for at, (one, other) in enumerate(pairwise(forms))
        if one and other
    ]


def _forms(index: Index, concept: Concept) -> str:
    """The single words that stand for a concept: of a group its members."""
    return "".join(dict.fromkeys(form for term in concept.terms for form in index.words_of(term)))


def _closeness(pair: _Pair, doc: Doc) -> float:
    for field, worth in _PAIR.items():
        if _side_by_side(doc.fields[field], pair):
            return worth
    return 0.0


def _side_by_side(field: str, pair: _Pair) -> bool:
    """Whether one is followed by the other with at most two terms between."""
    # A pattern for that would be new with each query: to compile those took a quarter of a search.
    for term in pair.one:
        at = field.find(term)
        while at >= 0:
            if not pair.other.isdisjoint(field[at + 1 : at + 4].partition(END)[0]):
                return True
            at = field.find(term, at + 1)
    return False
