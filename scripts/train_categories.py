"""Turn the phrases under categories/seed/ into the weights that the classifier starts with.

    python scripts/train_categories.py

Each phrase is a small grammar: (a|b) chooses, {slot} takes an alternative of slots.txt. Requests made from them train
multinomial logistic regressions, of which the average is kept. A fifth of the phrases is left out of another one: how
sure the model may sound is measured on phrasings that it has never seen. Everything random is seeded, so that the same
phrases give the same weights.
"""

import math
import random
import re
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import orjson

from deskhand.categories.features import extract
from deskhand.categories.weights import WEIGHTS, seed_digest

SEED = WEIGHTS.parent
SLUGS = ("technical-issue", "billing", "feature-request", "account", "general")
# Two trainings differ by a point or two on far-off trades. Their average is better than either: chance decides less.
TRAININGS = (1, 2)
PER_SLUG = 14000
# Of each request some of what it says is left out, so that no single word gets used to being enough.
DROPPED = 0.3
# So many names of things are made up, so that the verbs around a name that nobody knows are enough.
MADE_UP = 0.1
NAMES = frozenset(("tool", "trade", "owned", "noun", "thing", "part"))
ONSETS, RIMES = (
    parts.split()
    for parts in (
        "b br c ch d f g gl h k l m n p pl qu r s st t v w",
        "a e i o u an en in on er ar el ock ing ist ent ure ary",
    )
)
# Few and small steps: what more of them learn are the phrases themselves, and unseen phrasings fare worse.
EPOCHS = 2
LEARNING_RATE = 0.03
SMOOTHING = 0.06
# Real requests stray further from the phrases than the phrases that were kept out do.
CAUTION = 1.15
# What is rarer or lighter than this is left out.
LEAST_COUNT = 6
LEAST_WEIGHT = 0.15
SCALE = 100
VAGUE = "({thing}|{owned}|Help|{thing} {part}|{owned} {part}|{area}: {owned}|Hello|{adj} {part})"

Phrases = list[str]
Example = tuple[list[tuple[int, float]], int]
_CHOICE = re.compile(r"\(([^()]*)\)|\{(\w+)\}")


class Grammar:
    """Sections of phrases by slug, the slots they use, and the neutral lines."""

    def __init__(self, folder: Path) -> None:
        self.slots = dict(_slots(folder / "slots.txt"))
        self.neutral = _lines(folder / "neutral.txt")
        self.phrases = {slug: _sections(folder / f"{slug}.txt") for slug in SLUGS}

    def say(self, phrase: str, chance: random.Random) -> str:
        """One sentence out of the many that `phrase` stands for."""
        while match := _CHOICE.search(phrase):
            if match[2] in NAMES and chance.random() < MADE_UP:
                options = ["".join(chance.choice(ONSETS) + chance.choice(RIMES) for _ in range(chance.choice((2, 3))))]
            else:
                options = match[1].split("|") if match[1] is not None else self.slots[match[2]]
            phrase = phrase[: match.start()] + chance.choice(options) + phrase[match.end() :]
        return " ".join(phrase.split())


class Requests:
    """Makes whole requests out of a grammar's phrases."""

    def __init__(self, grammar: Grammar, phrases: dict[str, dict[str, Phrases]], chance: random.Random) -> None:
        self.grammar, self.phrases, self.chance = grammar, phrases, chance

    def make(self, per_slug: int) -> Iterable[tuple[str, str, str]]:
        """Triples of subject, body and slug."""
        for slug in SLUGS:
            yield from ((*self._one(slug), slug) for _ in range(per_slug))
        for _ in range(per_slug // 12):
            yield self._vague(), self._neutral(2), "general"

    def _one(self, slug: str) -> tuple[str, str]:
        short, detail = self.phrases[slug]["short"], self.phrases[slug]["detail"]
        subject = self._say(short) + self.chance.choice(("", "", "?", "", "", " ?", ".", "!"))
        shape = self.chance.random()
        if shape < 0.5:
            return self._mistype(subject), ""
        if shape < 0.6:
            return subject, self._neutral(2)
        if shape < 0.72:
            return self._vague(), f"{subject}. {self._say(detail)} {self._neutral(1)}"
        lines = [self._say(detail) for _ in range(self.chance.choice((1, 1, 2, 3, 4)))]
        lines += [self._say(self.grammar.neutral) for _ in range(self.chance.choice((0, 1, 1, 2, 4)))]
        if self.chance.random() < 0.4:
            lines.append(self._say(short))
        self.chance.shuffle(lines)
        if self.chance.random() < 0.25:
            subject = self._vague()
        return self._mistype(subject), "\n".join(lines)

    def _say(self, phrases: Phrases) -> str:
        return self.grammar.say(self.chance.choice(phrases), self.chance)

    def _vague(self) -> str:
        return self.grammar.say(VAGUE, self.chance)

    def _neutral(self, count: int) -> str:
        return " ".join(self._say(self.grammar.neutral) for _ in range(count))

    def _mistype(self, text: str) -> str:
        """Now and then two letters change places or one is lost, as it happens to people in a hurry."""
        if self.chance.random() > 0.15 or len(text) < 8:
            return text
        at = self.chance.randrange(1, len(text) - 2)
        swapped = text[at + 1] + text[at] if self.chance.random() < 0.5 else text[at + 1]
        return text[:at] + swapped + text[at + 2 :]


class Regression:
    """Multinomial logistic regression by AdaGrad on sparse examples, in plain Python."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.weights: list[list[float]] = []
        self.counts: list[int] = []

    def example(self, subject: str, body: str, slug: str, forget: random.Random | None = None) -> Example:
        sums: dict[int, float] = {self._at("bias"): 1.0}
        for unit in extract(subject, body):
            if forget and forget.random() < DROPPED:
                continue
            for key, share in unit.keys:
                at = self._at(key)
                sums[at] = sums.get(at, 0.0) + unit.value * share
        for at in sums:
            self.counts[at] += 1
        return list(sums.items()), SLUGS.index(slug)

    def fit(self, examples: list[Example], chance: random.Random) -> None:
        self._forget_rare(examples)
        squares = [[1e-3] * len(SLUGS) for _ in self.weights]
        for _ in range(EPOCHS):
            chance.shuffle(examples)
            for features, label in examples:
                self._step(features, label, squares)

    def _forget_rare(self, examples: list[Example]) -> None:
        for features, _ in examples:
            features[:] = [(at, value) for at, value in features if self.counts[at] >= LEAST_COUNT]

    def scores(self, features: list[tuple[int, float]]) -> list[float]:
        sums = [0.0] * len(SLUGS)
        for at, value in features:
            row = self.weights[at]
            for c in range(len(SLUGS)):
                sums[c] += row[c] * value
        return sums

    def _step(self, features: list[tuple[int, float]], label: int, squares: list[list[float]]) -> None:
        wanted = [SMOOTHING / len(SLUGS)] * len(SLUGS)
        wanted[label] += 1 - SMOOTHING
        errors = [p - w for p, w in zip(softmax(self.scores(features)), wanted, strict=True)]
        for at, value in features:
            row, square = self.weights[at], squares[at]
            for c, error in enumerate(errors):
                gradient = error * value
                square[c] += gradient * gradient
                row[c] -= LEARNING_RATE * gradient / math.sqrt(square[c])

    def _at(self, key: str) -> int:
        at = self.index.setdefault(key, len(self.index))
        if at == len(self.weights):
            self.weights.append([0.0] * len(SLUGS))
            self.counts.append(0)
        return at


def softmax(scores: list[float]) -> list[float]:
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    total = sum(powers)
    return [p / total for p in powers]


def temperature(model: Regression, unseen: list[Example]) -> float:
    """By what to divide scores so that the probabilities of `unseen` come true."""
    scored = [(model.scores(features), label) for features, label in unseen]

    def loss(divisor: float) -> float:
        return -sum(math.log(softmax([s / divisor for s in scores])[label] + 1e-12) for scores, label in scored)

    return min((step / 20 for step in range(6, 120)), key=loss)


def train(phrases: dict[str, dict[str, Phrases]], grammar: Grammar, seed: int, per_slug: int) -> Regression:
    chance, forget = random.Random(seed), random.Random(seed)
    model = Regression()
    examples = [model.example(*request, forget) for request in Requests(grammar, phrases, chance).make(per_slug)]
    model.fit(examples, chance)
    return model


def split(phrases: dict[str, dict[str, Phrases]], keep: int) -> tuple[dict[str, dict[str, Phrases]], ...]:
    """Four fifths of the phrases, and the fifth that `keep` names."""

    def part(lines: Phrases, wanted: bool) -> Phrases:
        return [phrase for at, phrase in enumerate(lines) if (at % 5 == keep) is wanted]

    return tuple(
        {slug: {name: part(lines, wanted) for name, lines in parts.items()} for slug, parts in phrases.items()}
        for wanted in (False, True)
    )


def write(models: list[Regression], divisor: float) -> int:
    """Store what weighs enough to matter, averaged, centred and in hundredths; returns how many features that are."""
    kept = {}
    for key in dict.fromkeys(key for model in models for key in model.index):
        rows = [model.weights[model.index[key]] for model in models if key in model.index]
        sums = [sum(column) / len(models) for column in zip(*rows, strict=True)]
        mean = sum(sums) / len(SLUGS)
        row = [round((w - mean) / divisor * SCALE) for w in sums]
        if key == "bias" or max(map(abs, row)) >= LEAST_WEIGHT * SCALE:
            kept[key] = row
    document = {"digest": seed_digest(), "slugs": SLUGS, "scale": SCALE, "weights": kept}
    WEIGHTS.write_bytes(orjson.dumps(document).replace(b"],", b"],\n") + b"\n")
    return len(kept)


def main() -> None:
    grammar = Grammar(SEED)
    known, kept_out = split(grammar.phrases, keep=3)
    with ProcessPoolExecutor() as pool:
        trained = [pool.submit(train, grammar.phrases, grammar, seed, PER_SLUG) for seed in TRAININGS]
        model = train(known, grammar, seed=1, per_slug=PER_SLUG // 2)
        models = [future.result() for future in trained]
    unseen = [model.example(*request) for request in Requests(grammar, kept_out, random.Random(2)).make(200)]
    divisor = temperature(model, unseen) * CAUTION
    right = sum(max(range(len(SLUGS)), key=model.scores(f).__getitem__) == label for f, label in unseen)
    print(f"unseen phrasings: {right / len(unseen):.1%} right, temperature {divisor:.2f}")
    count = write(models, divisor)
    print(f"{count} features, {WEIGHTS.stat().st_size // 1024} KiB")


def _lines(path: Path) -> Phrases:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def _sections(path: Path) -> dict[str, Phrases]:
    sections: dict[str, Phrases] = {}
    current: Phrases = []
    for line in _lines(path):
        if line in ("[short]", "[detail]"):
            current = sections.setdefault(line.strip("[]"), [])
        else:
            current += line.split(" | ")
    return sections


def _slots(path: Path) -> Iterable[tuple[str, Phrases]]:
    for line in _lines(path):
        name, _, options = line.partition(" = ")
        yield name, [option.strip() for option in options.split("|")]


if __name__ == "__main__":
    sys.exit(main())
