"""What a query asks for: concepts, each with the terms that would satisfy it and how well."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from deskhand.kb import synonyms
from deskhand.kb.search_index import Index
from deskhand.kit.stopwords import STOPWORDS
from deskhand.kit.words import stem, unspaced, words

_QUERY_MAX = 300  # characters
_WORDS_MAX = 20
# What a term is worth beside the very word: a group that the word is in; one that it is in with its neighbours, and
# then the word by itself ("sign" of "sign in"); words joined; mistyped; not yet typed to the end.
_SYNONYM, _PHRASE, _PART, _COMPOUND, _TYPO, _COMPLETION = 0.65, 1.0, 0.6, 0.9, 0.95, 0.7
_NEAR, _CORRECTIONS, _COMPLETIONS = 30, 4, 8
_TYPO_MIN, _PREFIX_MIN, _PART_MIN = 4, 2, 3

_UNFINISHED = re.compile(r"\w\Z")


class Concept(NamedTuple):
    """`terms` from best to worst, with what each is worth; `main` is what was typed or most likely meant."""

    main: str
    terms: dict[str, float]
    rarity: float


def language_of(texts: Iterable[str]) -> str:
    """The language whose little words are most of the folded words' little words; English where none says more."""
    counts = dict.fromkeys(STOPWORDS, 0)
    for word in texts:
        for language, stopwords in STOPWORDS.items():
            counts[language] += word in stopwords
    return max(counts, key=lambda language: counts[language])


def understand(index: Index, query: str) -> list[Concept]:
    """The concepts of `query` in order, at least one term of each known to the index; none for a query of nothing."""
    typed = [word.text for word in words(query[:_QUERY_MAX], asked=True)][:_WORDS_MAX]
    languages = sorted(language for language, count in index.languages.items() if count)
    tokens = _split(index, typed)
    groups = _groups(tokens, languages)
    filler = STOPWORDS[language_of(tokens) if len(languages) > 1 else (languages or ["english"])[0]]
    asked = [at for at, token in enumerate(tokens) if token not in filler] or list(range(len(tokens)))
    unfinished = len(tokens) - 1 if _UNFINISHED.search(query[:_QUERY_MAX]) else -1
    concepts = []
    for at in asked:
        terms = _terms(index, tokens, at, languages, unfinished=at == unfinished)
        called = {term: worth for group, worth in groups[at] if (term := index.term(group))}
        if not terms and not called:
            terms = _meant(index, tokens[at], languages)
        elif called and max(called.values()) == _PHRASE:
            terms = {term: worth * _PART for term, worth in terms.items()}
        if terms or called:
            concepts.append(_concept(index, called | terms))
    return concepts


def _split(index: Index, typed: Sequence[str]) -> list[str]:
    """The words, those taken apart that no article has while it has their parts: `apikey`."""
    tokens: list[str] = []
    for word in typed:
        tokens.extend([word] if index.known(word) or len(word) < 2 * _PART_MIN else _parts(index, word))
    return tokens


def _parts(index: Index, word: str) -> list[str]:
    cuts = range(_PART_MIN, len(word) - _PART_MIN + 1)
    both = [(word[:cut], word[cut:]) for cut in cuts if index.known(word[:cut]) and index.known(word[cut:])]
    if not both or _corrections(index, word, 1):
        return [word]
    return list(max(both, key=lambda pair: min(map(index.known, pair))))


def _groups(tokens: Sequence[str], languages: Iterable[str]) -> list[list[tuple[str, float]]]:
    """For each word the groups it is in, by itself or with its neighbours, and what they are worth."""
    roots = [{stem(token, language) for language in languages} for token in tokens]
    groups = [[(group, _SYNONYM) for root in sorted(each) for group in synonyms.groups(root)] for each in roots]
    for start, length, group in synonyms.phrases(tokens):
        for at in range(start, start + length):
            groups[at].append((group, _PHRASE))
    return groups


def _terms(
    index: Index, tokens: Sequence[str], at: int, languages: Sequence[str], *, unfinished: bool
) -> dict[str, float]:
    """The terms for one word: itself, what it makes with its neighbours, what it may become."""
    word = tokens[at]
    terms: dict[str, float] = {}

    def offer(surface: str, worth: float) -> None:
        for language in languages:
            _offer(terms, index.term(stem(surface, language)), worth)

    offer(word, 1.0)
    found = bool(terms)
    for joined in (word + "".join(tokens[at + 1 : at + 2]), "".join(tokens[max(0, at - 1) : at]) + word):
        if joined != word and index.known(joined):
            offer(joined, _COMPOUND)
    if unfinished and len(word) >= _PREFIX_MIN:
        longer = sorted(index.beginning(word), key=lambda surface: (-index.known(surface), surface))
        for surface in longer[:_COMPLETIONS]:
            offer(surface, _COMPLETION / 2 if found else _COMPLETION)
    return terms


def _meant(index: Index, word: str, languages: Sequence[str]) -> dict[str, float]:
    """The terms for what was probably meant by a word that means nothing here."""
    terms: dict[str, float] = {}
    for surface, worth in _corrections(index, word, _mistakes(word)):
        for language in languages:
            _offer(terms, index.term(stem(surface, language)), _TYPO * worth)
    return terms


def _mistakes(word: str) -> int:
    """How many letters may be wrong."""
    return 0 if len(word) < _TYPO_MIN or unspaced(word) else 1 if len(word) < 6 else 2 if len(word) < 11 else 3


def _corrections(index: Index, word: str, mistakes: int) -> list[tuple[str, float]]:
    """The likeliest forms that are at most so many letters off, with how likely beside the likeliest."""
    if not mistakes:
        return []
    near: list[tuple[str, int, int]] = []
    for length in range(len(word) - mistakes, len(word) + mistakes + 1):
        choices = index.of_length(length)
        near += process.extract(word, choices, scorer=OSA.distance, score_cutoff=mistakes, limit=_NEAR)  # pyrefly: ignore
    # Few mistakes first; the first letter is seldom wrong; common words are meant more often than rare ones.
    costs = sorted(
        (distance + 0.6 * (surface[0] != word[0]) - 0.1 * math.log(index.known(surface)), surface)
        for surface, distance, _ in near
        if len(surface) > 2 and not surface.isdigit()
    )
    return [(surface, 1 / (1 + cost - costs[0][0])) for cost, surface in costs[:_CORRECTIONS]]


def _offer(terms: dict[str, float], term: str | None, worth: float) -> None:
    if term is not None:
        terms[term] = max(worth, terms.get(term, 0.0))


def _concept(index: Index, terms: dict[str, float]) -> Concept:
    main = max(terms, key=lambda term: terms[term])
    rarity = index.rarity(main)
    # A synonym that stands in every second article is no better sign than its own rarity.
    values = {term: worth * min(rarity, index.rarity(term)) for term, worth in terms.items()}
    return Concept(main, dict(sorted(values.items(), key=lambda item: -item[1])), rarity)
