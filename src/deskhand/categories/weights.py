"""What the seed model knows: weights of features for the shipped categories, trained from the phrases under seed/ by
scripts/train_categories.py."""

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import orjson

from deskhand.categories.features import COMMON_WORDS, Unit, extract

WEIGHTS = Path(__file__).parent / "seed" / "weights.json"

Scores = dict[str, float]
Row = Sequence[float]
_UNKNOWN: Row = ()


class Seed(NamedTuple):
    """`places` says where in `weights` a feature's row begins; a tuple for each would take four times the memory."""

    slugs: tuple[str, ...]
    scale: float
    places: dict[str, int]
    weights: "array[int]"


@cache
def seed() -> Seed:
    """Of the file, read feature by feature, one a line: the whole document at once would take 20 MB for a moment."""
    places, weights = dict[str, int](), array("h")
    with WEIGHTS.open("rb") as lines:
        head, _, first = (lines.readline() + lines.readline()).partition(b'"weights":{')
        for line in chain((first,), lines):
            ((key, row),) = orjson.loads(b"{" + line.rstrip(b",}\n") + b"}").items()
            places[key] = len(weights)
            weights.extend(row)
    stored = orjson.loads(head.rstrip(b",\n") + b"}")
    return Seed(tuple(stored["slugs"]), stored["scale"], places, weights)


def shares(units: Iterable[Unit]) -> list[Row]:
    """What the seed makes of each unit, apart from its value: by category, or nothing where it knows none of the
    features. Scores and reasons are both made of these, for looking features up is what takes long."""
    places = seed().places
    # Of pairs of words there are too many to keep, and hardly any is known.
    return [_share(unit.keys) if len(unit.keys) > 1 or unit.keys[0][0] in places else _UNKNOWN for unit in units]


@lru_cache(COMMON_WORDS)
def _share(keys: tuple[tuple[str, float], ...]) -> Row:
    slugs, _, places, weights = seed()
    width, sums = len(slugs), list[float]()
    for key, share in keys:
        if (at := places.get(key)) is not None:
            row = [weight * share for weight in weights[at : at + width]]
            sums = [one + other for one, other in zip(sums, row, strict=True)] if sums else row
    return sums or _UNKNOWN


def scores(units: Iterable[Unit], rows: Iterable[Row]) -> Scores:
    slugs, scale, places, weights = seed()
    bias = places["bias"]
    sums = [float(weight) for weight in weights[bias : bias + len(slugs)]]
    for unit, row in zip(units, rows, strict=True):
        for column, weight in enumerate(row):
            sums[column] += weight * unit.value
    return {slug: total / scale for slug, total in zip(slugs, sums, strict=True)}


def stored_digest() -> str:
    """Of what the weights were trained from."""
    return orjson.loads(WEIGHTS.read_bytes())["digest"]


def seed_digest() -> str:
    """Of the phrases, and of how texts are read; where it is not the stored one, the weights must be trained anew."""
    digest = hashlib.sha256()
    for path in sorted(WEIGHTS.parent.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            digest.update(repr((line, extract(line, line[::-1]))).encode())
    return digest.hexdigest()
