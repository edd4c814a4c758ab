"""How well requests are categorised: accuracy, F1 per category, mix-ups, whether stated certainty comes true.

    python scripts/quality_categories.py FILE.jsonl …

Each line of a file: {"subject", "body", "label"}, and optionally "lang" or "source" to break the figures down by.
"""

import statistics
import sys
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from deskhand.categories.classify import Guess, Model

SLUGS = ("technical-issue", "billing", "feature-request", "account", "general")
BUCKETS = (0.0, 0.35, 0.6, 0.75, 0.9, 1.01)


class Answer(NamedTuple):
    label: str
    group: str
    guess: Guess
    ms: float


class Row(NamedTuple):
    """One line of the table: a measure's name, its value, and how many requests it speaks of."""

    name: str
    value: float
    count: int


def measure(path: str | Path) -> list[Row]:
    """The table for the labelled requests in the file at `path`: shares from 0 to 1, processor time in milliseconds."""
    return table(answers(path))


def answers(path: str | Path) -> list[Answer]:
    model = Model.seed()
    model.guess("warm", "up", SLUGS)
    return [_answer(model, orjson.loads(line)) for line in Path(path).read_bytes().splitlines() if line]


def table(given: list[Answer]) -> list[Row]:
    rows = [_accuracy("accuracy", given)]
    rows += [_f1(slug, given) for slug in SLUGS]
    by_group = defaultdict(list)
    for answer in given:
        by_group[answer.group].append(answer)
    if len(by_group) > 1:
        rows += [_accuracy(f"accuracy {group}", part) for group, part in sorted(by_group.items())]
    for low, high in pairwise(BUCKETS):
        part = [a for a in given if low <= a.guess.probability < high]
        if part:
            rows.append(_accuracy(f"accuracy where it says {low:.2f} to {min(high, 1):.2f}", part))
    rows.append(Row("calibration error", _calibration_error(given), len(given)))
    times = sorted(a.ms for a in given)
    rows.append(Row("median ms", statistics.median(times), len(times)))
    rows.append(Row("p99 ms", times[int(len(times) * 0.99)], len(times)))
    return rows


def confusions(given: list[Answer]) -> list[tuple[str, str, int]]:
    """(label, guessed instead, how often), the most frequent first."""
    wrong = Counter((a.label, a.guess.slug) for a in given if a.label != a.guess.slug)
    return [(label, slug, count) for (label, slug), count in wrong.most_common()]


def _answer(model: Model, row: dict[str, Any]) -> Answer:
    started = time.thread_time()
    guess = model.guess(row["subject"], row["body"], SLUGS)
    ms = (time.thread_time() - started) * 1000
    return Answer(row["label"], row.get("lang") or row.get("source") or "", guess, ms)


def _accuracy(name: str, part: list[Answer]) -> Row:
    return Row(name, sum(a.label == a.guess.slug for a in part) / len(part), len(part))


def _f1(slug: str, given: list[Answer]) -> Row:
    both = sum(a.label == slug == a.guess.slug for a in given)
    either = sum(a.label == slug for a in given) + sum(a.guess.slug == slug for a in given)
    return Row(f"F1 {slug}", 2 * both / either if either else 0.0, sum(a.label == slug for a in given))


def _calibration_error(given: list[Answer]) -> float:
    """The mean distance between stated certainty and share of right answers, over the buckets."""
    total = 0.0
    for low, high in pairwise(BUCKETS):
        part = [a for a in given if low <= a.guess.probability < high]
        total += abs(sum(a.guess.probability - (a.label == a.guess.slug) for a in part))
    return total / len(given)


def main(paths: list[str]) -> None:
    for path in paths:
        given = answers(path)
        print(f"\n{Path(path).name}")
        for name, value, count in table(given):
            print(f"  {name:40} {value:7.3f}  of {count}")
        for label, slug, count in confusions(given):
            print(f"  {label:>16} taken for {slug:16} {count}")


if __name__ == "__main__":
    main(sys.argv[1:])
