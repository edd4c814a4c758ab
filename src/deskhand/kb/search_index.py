"""The published articles as search holds them in memory: one copy a process, brought up to date before each search.

A term is a stem, or a group of synonyms. Each is one character, numbered as it comes, and a text a string of them:
looking for terms side by side is looking for a substring.
"""

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from deskhand.kb import links, synonyms
from deskhand.kb.fields import CALLED, END, Doc, Link, Source, worths
from deskhand.kb.synonyms import Phrase

_ANSWERS_MAX = 512  # some 5 MB
_ASKED_MAX = 100  # characters: what is longer is not asked twice

_FIRST = 0x4E00  # from here on no character means anything to a regular expression

Asked = tuple[str, int, bool]  # query, limit, with snippets


class Index:
    """Which articles hold which terms. Not safe to use from two threads at once."""

    def __init__(self) -> None:
        self.stamp = ""
        self.docs: list[Doc | None] = []
        self.gone: list[int] = []  # places of removed articles
        self.languages: Counter[str] = Counter()
        self._places: dict[str, int] = {}
        self._terms: dict[str, str] = {}
        # By the term's number. There are as many terms as words: a dictionary for each of these took 4 MB for 16,000.
        self._names: list[str] = []
        self._postings: list[tuple[array[int], array[float]]] = []
        self._frequencies = array("I")
        self._surfaces: Counter[str] = Counter()
        self._vocabulary: list[str] | None = None
        self._by_length: dict[int, list[str]] = {}
        self._rarities: dict[str, float] = {}
        self._answers: dict[Asked, Any] = {}

    def __len__(self) -> int:
        return len(self._places)

    def stamps(self) -> dict[str, str]:
        return {doc.article_id: doc.stamp for doc in self.docs if doc is not None}

    def find(self, article_id: str) -> Doc | None:
        place = self._places.get(article_id)
        return None if place is None else self.docs[place]

    def add(self, source: Source) -> None:
        """Take an article in, in place of what was known of it."""
        self.remove(source.article_id)
        doc = self._doc(source)
        self._places[doc.article_id] = len(self.docs)
        self.docs.append(doc)
        self._post(len(self.docs) - 1, doc)
        self._count(doc, 1)
        self._surfaces.update(doc.surfaces)
        self.languages[doc.language] += 1
        self._changed()

    def remove(self, article_id: str) -> None:
        place = self._places.pop(article_id, None)
        doc = None if place is None else self.docs[place]
        if place is None or doc is None:
            return
        self.docs[place] = None
        self.gone.append(place)
        self._count(doc, -1)
        self._surfaces.subtract(doc.surfaces)
        self.languages[doc.language] -= 1
        self._changed()
        if len(self.docs) > 2 * len(self._places) + 100:
            self._compact()

    def link(self) -> None:
        """Once articles have changed: let each be found by the words of the links that lead to it."""
        docs = [doc for doc in self.docs if doc is not None]
        for doc, called in zip(docs, links.called(docs), strict=True):
            if doc.fields[CALLED] != called:
                self._call(doc, called)

    def _call(self, was: Doc, called: str) -> None:
        fields = (*was.fields[:CALLED], called)
        told = worths(fields)
        place = self._places[was.article_id]
        self._count(was, -1)
        self.docs[place] = doc = was._replace(fields=fields, terms="".join(told), worths=array("f", told.values()))
        self._count(doc, 1)
        for term in set(was.fields[CALLED] + called) - {END}:
            self._repost(place, term, told.get(term))

    def term(self, name: str) -> str | None:
        """The term of that stem or group, where an article has it."""
        term = self._terms.get(name)
        return term if term is not None and self._frequencies[_number(term)] else None

    def words_of(self, term: str) -> list[str]:
        """The term itself where it is a stem; of a group, the terms of its members that are single words."""
        members = synonyms.members(self._names[_number(term)])
        return [term] if members is None else [known for name in members if (known := self.term(name)) is not None]

    def postings(self, term: str) -> "tuple[array[int], array[float]]":
        """Places in `docs`, among them some of removed articles, and the term's worth in each."""
        return self._postings[_number(term)]

    def rarity(self, term: str) -> float:
        """Inverse document frequency."""
        known = self._rarities.get(term)
        if known is None:
            frequency = self._frequencies[_number(term)]
            known = self._rarities[term] = math.log(1 + (len(self) - frequency + 0.5) / (frequency + 0.5))
        return known

    def known(self, word: str) -> int:
        """How many articles have the word in just this form."""
        return self._surfaces[word]

    def vocabulary(self) -> list[str]:
        """Every form of a word that an article has, sorted."""
        if self._vocabulary is None:
            self._vocabulary = sorted(word for word, count in self._surfaces.items() if count)
        return self._vocabulary

    def of_length(self, length: int) -> list[str]:
        """What a word of that length may be meant for: a form that an article has, or another name for one."""
        if not self._by_length:
            others = {word for word, group in synonyms.names() if self.term(group)}
            for word in sorted(others.union(self.vocabulary())):
                self._by_length.setdefault(len(word), []).append(word)
        return self._by_length.get(length, [])

    def beginning(self, prefix: str) -> Iterator[str]:
        vocabulary = self.vocabulary()
        for at in range(bisect_left(vocabulary, prefix), len(vocabulary)):
            if not vocabulary[at].startswith(prefix):
                return
            yield vocabulary[at]

    def recall(self, asked: Asked) -> Any:
        """What was answered to that before, or None: the same is right for everybody, until an article changes."""
        if (answer := self._answers.pop(asked, None)) is not None:
            self._answers[asked] = answer
        return answer

    def remember(self, asked: Asked, answer: Any) -> None:
        if len(asked[0]) <= _ASKED_MAX:
            self._answers[asked] = answer
            if len(self._answers) > _ANSWERS_MAX:
                del self._answers[next(iter(self._answers))]  # the one not asked for longest

    def _changed(self) -> None:
        self._answers.clear()
        self._vocabulary = None
        self._by_length.clear()
        self._rarities.clear()

    def _doc(self, source: Source) -> Doc:
        fields: list[str] = []
        phrases: list[Phrase] = []
        for words in source.fields:
            phrases = synonyms.phrases(words)
            fields.append(END.join(self._terms_of(source, words, phrases)))
        calls = [Link(to, *self._terms_of(source, words, synonyms.phrases(words))) for to, words in source.links]
        told = worths((*fields, END))
        # A stem is a form as well: what is nearest to a mistyped word may be one that nobody wrote.
        surfaces = tuple({*source.stems, *source.stems.values()})
        values = array("f", told.values())
        return Doc(*source[:3], (*fields, END), phrases, "".join(told), values, surfaces, source.slug, calls)

    def _terms_of(self, source: Source, words: list[str], phrases: list[Phrase]) -> tuple[str, str]:
        """The words, and the groups that they are in."""
        stems = [source.stems[word] for word in words]
        groups = [phrase.group for phrase in phrases]
        for stem, count in Counter(stems).items():
            for group in synonyms.groups(stem, source.language):
                groups.extend([group] * count)
        return self._string(stems), self._string(groups)

    def _string(self, names: Sequence[str]) -> str:
        terms = self._terms
        for name in set(names).difference(terms):
            terms[name] = chr(_FIRST + len(terms))
            self._names.append(name)
            self._postings.append((array("I"), array("f")))
            self._frequencies.append(0)
        return "".join([terms[name] for name in names])

    def _count(self, doc: Doc, change: int) -> None:
        for term in doc.terms:
            self._frequencies[_number(term)] += change

    def _post(self, place: int, doc: Doc) -> None:
        for term, worth in zip(doc.terms, doc.worths, strict=True):
            places, worths = self._postings[_number(term)]
            places.append(place)
            worths.append(worth)

    def _repost(self, place: int, term: str, worth: float | None) -> None:
        places, worths = self._postings[_number(term)]
        at = bisect_left(places, place)
        if at < len(places) and places[at] == place:
            del places[at], worths[at]
        if worth is not None:
            places.insert(at, place)
            worths.insert(at, worth)

    def _compact(self) -> None:
        self.docs = [doc for doc in self.docs if doc is not None]
        self._places = {doc.article_id: place for place, doc in enumerate(self.docs) if doc is not None}
        self.gone.clear()
        self._postings = [(array("I"), array("f")) for _ in self._names]
        for place, doc in enumerate(self.docs):
            if doc is not None:
                self._post(place, doc)


def _number(term: str) -> int:
    return ord(term) - _FIRST
