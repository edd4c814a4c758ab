"""Which category a request belongs to, how sure that is, and which words say so. Pure.

A seed model (weights.py) knows the shipped categories. Two layers on top make it the team's own: the names and
descriptions of categories that it has never heard of, and lessons, the corrections of staff.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from deskhand.categories import weights
from deskhand.categories.features import Unit, content, extract, lesson_keys, whole, words_of
from deskhand.categories.weights import Scores

FALLBACK = "general"
# Below this probability the best guess is not worth more than the fallback.
UNSURE = 0.35
# The distance in log odds that a lesson puts between its category and the next one, for its own text: about 0.9 sure.
LESSON_MARGIN = 2.2
# How far a lesson moves the words that its text shares with others towards that; the text itself goes all the way.
# So it is answered differently at once, texts alike follow, and a single wrong lesson does little harm elsewhere.
# Words go all the way from the fallback: what speaks for it often says no more than that nothing better was known.
LESSON_SHARE = 0.6
# So many log odds they go in any case: where the seed hardly knew, the lesson is all there is.
LESSON_LEAST = 3.5
# Log odds of a word that the name or the description of a category uses.
NAME_WORD = 3.0
DESCRIPTION_WORD = 1.5
REASONS = 5

Layer = dict[str, Scores]


class Reason(NamedTuple):
    """A piece of the request, and the log odds that it gave to the chosen category."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Guess:
    """`probability` is that of `slug`; `words` speak for it, the strongest first, at most five."""

    slug: str
    probability: float
    words: tuple[Reason, ...] = ()


class Reading(NamedTuple):
    """The units of a request, the last of which is the request as a whole, and what the seed makes of each."""

    units: list[Unit]
    rows: list[weights.Row]


def read(subject: str, body: str) -> Reading:
    """All that can be told of a request without knowing what the team has taught."""
    units = [*extract(subject, body), whole(subject, body)]
    return Reading(units, weights.rows(units))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What remains of a request that staff put into `slug`: what the seed thought of it, its words, and its whole."""

    slug: str
    seeded: Scores
    words: Scores
    whole: str

    @classmethod
    def of(cls, subject: str, body: str, slug: str) -> "Lesson":
        units = extract(subject, body)
        seeded = weights.scores(units, weights.rows(units))
        ((key, _),) = whole(subject, body).keys
        return cls(slug, seeded, _features(content(units)), key)


@dataclass(frozen=True, slots=True)
class Model:
    """Immutable, so that threads can share one."""

    described: Layer = field(default_factory=dict)
    learnt: Layer = field(default_factory=dict)

    @classmethod
    def seed(cls) -> "Model":
        """Knows the shipped categories and nothing of any team."""
        return cls()

    def with_categories(self, categories: Iterable[tuple[str, str, str]]) -> "Model":
        """Knows also these (slug, name, description) by their words, except those that the seed knows better."""
        described: Layer = {}
        for slug, name, description in categories:
            if slug not in weights.seed().slugs:
                _describe(described, slug, name, description)
        return replace(self, described=described)

    def with_lessons(self, lessons: Iterable[Lesson]) -> "Model":
        """Has learnt these too; of two that contradict each other the later one wins."""
        learnt = {key: dict(weights) for key, weights in self.learnt.items()}
        for lesson in lessons:
            _learn(learnt, self.described, lesson)
        return replace(self, learnt=learnt)

    def guess(self, subject: str, body: str, allowed: Collection[str]) -> Guess:
        """`judge` of what `read` finds."""
        return self.judge(read(subject, body), allowed)

    def judge(self, reading: Reading, allowed: Collection[str]) -> Guess:
        """The most probable of `allowed`, or `general` where none is probable enough. Never raises, whatever the text.

        What speaks for a category that is not allowed (a retired one) counts for `general`.
        """
        units, rows = reading
        scores = weights.scores(units, rows)
        if self.described or self.learnt:
            scores = _layered(scores, _features(units), self.described, self.learnt)
        chances = _restrict(_softmax(scores | {slug: scores.get(slug, 0.0) for slug in allowed}), allowed)
        best = max(chances, key=chances.__getitem__)
        if chances[best] < UNSURE and FALLBACK in chances and best != FALLBACK:
            return Guess(FALLBACK, chances[FALLBACK])
        return Guess(best, chances[best], self._reasons(units, rows, best))

    def _reasons(self, units: list[Unit], rows: list[weights.Row], slug: str) -> tuple[Reason, ...]:
        seed, sums = weights.seed(), Scores()
        column = seed.slugs.index(slug) if slug in seed.slugs else None
        layers = [layer for layer in (self.described, self.learnt) if layer]
        for unit, row in zip(units, rows, strict=True):
            weight = row[column] / seed.scale if row and column is not None else 0.0
            for key, share in lesson_keys(unit.kind, unit.called) if layers else ():
                weight += sum(layer[key].get(slug, 0.0) * share for layer in layers if key in layer)
            said = words_of(unit) if weight else []
            for text in said:
                sums[text] = sums.get(text, 0.0) + weight * unit.value / len(said)
        best = sorted(sums.items(), key=lambda item: -item[1])[:REASONS]
        return tuple(Reason(text, round(weight, 2)) for text, weight in best if weight >= 0.05)


def _features(units: Iterable[Unit]) -> Scores:
    """What lessons and descriptions may be about, and how much of each is in the request."""
    sums: Scores = {}
    for unit in units:
        for key, share in lesson_keys(unit.kind, unit.called):
            sums[key] = sums.get(key, 0.0) + unit.value * share
    return sums


def _layered(seeded: Scores, features: Scores, *layers: Layer) -> Scores:
    """The seed's scores and what the layers add to them."""
    scores = dict(seeded)
    for key, value in features.items():
        for layer in layers:
            for slug, weight in layer.get(key, {}).items():
                scores[slug] = scores.get(slug, 0.0) + weight * value
    return scores


def _learn(learnt: Layer, described: Layer, lesson: Lesson) -> None:
    """Part of the way by the words, as if the text as a whole had not been seen before; the rest by the whole."""
    scores = {lesson.slug: 0.0} | _layered(lesson.seeded, lesson.words, described, learnt)
    rival, missing = _missing(scores, lesson.slug)
    squares = sum(value * value for value in lesson.words.values())
    way = missing if rival == FALLBACK else min(missing, max(LESSON_LEAST, LESSON_SHARE * missing))
    for key, value in lesson.words.items() if missing > 0 else ():
        step = way * value / (2 * squares)
        _add(learnt, key, lesson.slug, step)
        _add(learnt, key, rival, -step)
    whole = lesson.words | {lesson.whole: 1.0}
    _, missing = _missing({lesson.slug: 0.0} | _layered(lesson.seeded, whole, described, learnt), lesson.slug)
    if missing > 0:
        _add(learnt, lesson.whole, lesson.slug, missing)


def _missing(scores: Scores, slug: str) -> tuple[str, float]:
    """The strongest rival of `slug`, and what `slug` lacks to be ahead of it by the margin."""
    rival = max((other for other in scores if other != slug), key=scores.__getitem__)
    return rival, LESSON_MARGIN - (scores[slug] - scores[rival])


def _add(layer: Layer, key: str, slug: str, weight: float) -> None:
    weights = layer.setdefault(key, {})
    weights[slug] = weights.get(slug, 0.0) + weight


def _describe(described: Layer, slug: str, name: str, description: str) -> None:
    for text, weight in ((description, DESCRIPTION_WORD), (name, NAME_WORD)):
        for unit in content(extract(text, "")):
            for key, share in lesson_keys(unit.kind, unit.called):
                described.setdefault(key, {})[slug] = weight * share


def _softmax(scores: Scores) -> Scores:
    top = max(scores.values())
    powers = {slug: math.exp(score - top) for slug, score in scores.items()}
    total = sum(powers.values())
    return {slug: power / total for slug, power in powers.items()}


def _restrict(chances: Scores, allowed: Collection[str]) -> Scores:
    """Only what is allowed; the rest goes to the fallback, or in equal parts where that is not allowed either."""
    kept = {slug: chances[slug] for slug in allowed}
    rest = 1.0 - sum(kept.values())
    if FALLBACK in kept:
        kept[FALLBACK] += rest
        return kept
    return {slug: chance + rest / len(kept) for slug, chance in kept.items()}
