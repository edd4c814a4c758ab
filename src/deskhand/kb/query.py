"""What a query asks for: concepts, each with the terms that would satisfy it and how well."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from deskhand.kb import synonyms, typos
from deskhand.kb.search_index import Index
from deskhand.kit.stopwords import ENGLISH, FAINT, STOPWORDS
from deskhand.kit.words import stem, words

_QUERY_MAX = 300  # characters
_WORDS_MAX = 20
# What a term is worth beside the very word: a group that the word is in; one that it is in with its neighbours, and
# then the word by itself ("sign" of "sign in"); words joined; unfinished; the beginning of a compound.
_SYNONYM, _PHRASE, _PART, _JOINED, _COMPLETION, _COMPOUND = 0.85, 1.0, 0.6, 0.9, 0.7, 0.5
_FAINTLY = 0.4  # how much a word counts that says little
_PREFIX_MIN, _ROOT_MIN, _LONGER = 2, 5, 8

# What German verbs put behind them, and how far.
_SEPARABLE = """
    ab an auf aus ein fest frei her herunter hin hoch los nach um vor weg zu zuruck zusammen"""
_APART = frozenset(_SEPARABLE.split())
_FAR = 6
_UNFINISHED = re.compile(r"\w\Z")
_SMALL = re.compile(r"\d{1,2}")  # a number that counts or measures; codes and versions are longer


class Reading(NamedTuple):
    word: str
    sure: float


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
    tokens = typos.split(index, typed)
    unfinished = len(tokens) - 1 if _UNFINISHED.search(query[:_QUERY_MAX]) else -1
    readings = [_readings(index, tokens, at, languages, unfinished=at == unfinished) for at in range(len(tokens))]
    read = [reading[0].word for reading in readings]
    language = language_of(read) if len(languages) > 1 else (languages or ["english"])[0]
    asked = [at for at, word in enumerate(read) if word not in STOPWORDS[language]] or list(range(len(read)))
    groups = _groups(read, languages)
    concepts = []
    for at in asked:
        terms = _terms(index, read, at, languages, unfinished=at == unfinished)
        called = {term: worth for group, worth in groups[at] if (term := index.term(group))}
        phrased = max(called.values(), default=0.0) == _PHRASE
        if phrased:
            terms = {term: worth * _PART for term, worth in terms.items()}
        terms = {term: worth * readings[at][0].sure for term, worth in (called | terms).items()}
        for word, sure in readings[at][1:]:
            _offer(index, terms, word, languages, sure)
        if terms:
            faint = (read[at] in FAINT[language] or _SMALL.fullmatch(read[at])) and not phrased
            concepts.append(_concept(index, terms, _FAINTLY if faint else 1.0))
    return concepts


def _readings(
    index: Index, tokens: Sequence[str], at: int, languages: Sequence[str], *, unfinished: bool
) -> list[Reading]:
    """What the word may be: itself where it means anything, else what it was probably meant to be."""
    word = tokens[at]
    if word in FAINT["english"] or word in ENGLISH or synonyms.known(word):
        return [Reading(word, 1.0)]
    if _terms(index, tokens, at, languages, unfinished=unfinished):
        # What nobody wrote in this form may be a slip all the same: "rolles" has the stem of "rolling".
        slips = [] if next(index.beginning(word), None) else typos.slips(index, word)
        return [Reading(word, 1.0), *[Reading(slip, sure) for slip, sure in slips]]
    return [Reading(*guess) for guess in typos.corrections(index, word)] or [Reading(word, 1.0)]


def _groups(tokens: Sequence[str], languages: Iterable[str]) -> list[list[tuple[str, float]]]:
    """For each word the groups it is in, by itself or with its neighbours, and what they are worth."""
    groups = [
        [(group, _SYNONYM) for language in languages for group in synonyms.groups(stem(token, language), language)]
        for token in tokens
    ]
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
    _offer(index, terms, word, languages, 1.0)
    found = bool(terms)
    for joined in (word + "".join(tokens[at + 1 : at + 2]), "".join(tokens[max(0, at - 1) : at]) + word):
        if joined != word and index.known(joined):
            _offer(index, terms, joined, languages, _JOINED)
    if unfinished and len(word) >= _PREFIX_MIN:
        for surface in _longer(index, word):
            _offer(index, terms, surface, languages, _COMPLETION / 2 if found else _COMPLETION)
    for verb in _verbs(tokens, at) if "german" in languages else ():
        _offer(index, terms, verb, ["german"], _JOINED)
    if "german" in languages and len(root := stem(word, "german")) >= _ROOT_MIN:
        for surface in _longer(index, root):
            _offer(index, terms, surface, ["german"], _COMPOUND)
    return terms


def _verbs(tokens: Sequence[str], at: int) -> list[str]:
    """What a German verb is called when it stands in one piece: of "melde ich mich ab" and "schalten Sie es aus"."""
    if tokens[at] in _APART:
        return []
    return [particle + tokens[at] for particle in tokens[at + 1 : at + _FAR] if particle in _APART]


def _longer(index: Index, beginning: str) -> list[str]:
    return sorted(index.beginning(beginning), key=lambda surface: (-index.known(surface), surface))[:_LONGER]


def _offer(index: Index, terms: dict[str, float], word: str, languages: Iterable[str], worth: float) -> None:
    for language in languages:
        term = index.term(stem(word, language))
        if term is not None:
            terms[term] = max(worth, terms.get(term, 0.0))


def _concept(index: Index, terms: dict[str, float], weight: float) -> Concept:
    main = max(terms, key=lambda term: terms[term])
    rarity = index.rarity(main)
    # A synonym that stands in every second article is no better sign than its own rarity.
    values = {term: weight * worth * min(rarity, index.rarity(term)) for term, worth in terms.items()}
    return Concept(main, dict(sorted(values.items(), key=lambda item: -item[1])), weight * rarity)
