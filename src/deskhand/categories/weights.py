"""What the seed model knows: weights of features for the shipped categories, trained from the phrases under seed/ by
scripts/train_categories.py."""

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain
from operator import mul
from pathlib import Path
from typing import NamedTuple

import orjson

from deskhand.categories.features import Kind, Unit, extract, keys

WEIGHTS = Path(__file__).parent / "seed" / "weights.json"

Scores = dict[str, float]
Row = tuple[float, ...]
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


def rows(units: Iterable[Unit]) -> list[Row]:
    """What the seed makes of each unit, apart from its value: by category, or nothing where it knows none of the
    features. Scores and reasons are both made of these, for looking features up is what takes long."""
    places = seed().places
    # Of pairs of words there are too many to keep, and hardly any is known.
    return [
        _UNKNOWN if kind is Kind.PAIR and f"b:{called}" not in places else _row(kind, called)
        for _, kind, called, _ in units
    ]


# As many words as most requests are made of: taking one apart costs twenty times as much as looking it up.
@lru_cache(4096)
def _row(kind: Kind, called: str) -> Row:
    slugs, _, places, weights = seed()
    known = [(at, share) for key, share in keys(kind, called) if (at := places.get(key)) is not None]
    columns = range(len(slugs) if known else 0)
    return tuple([sum([weights[at + column] * share for at, share in known]) for column in columns])


def scores(units: Sequence[Unit], rows: Sequence[Row]) -> Scores:
    slugs, scale, places, weights = seed()
    bias = places["bias"]
    known = [(unit.value, *row) for unit, row in zip(units, rows, strict=True) if row]
    values, *columns = zip(*known, strict=True) if known else [()] * (len(slugs) + 1)
    return {
        slug: (weights[bias + at] + sum(map(mul, values, column))) / scale
        for at, (slug, column) in enumerate(zip(slugs, columns, strict=True))
    }


def stored_digest() -> str:
    """Of what the weights were trained from."""
    return orjson.loads(WEIGHTS.read_bytes())["digest"]


def seed_digest() -> str:
    """Of the phrases, and of how texts are read; where it is not the stored one, the weights must be trained anew."""
    digest = hashlib.sha256()
    for path in sorted(WEIGHTS.parent.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            units = extract(line, line[::-1])
            digest.update(repr((line, [(unit.text, unit.keys, unit.value) for unit in units])).encode())
    return digest.hexdigest()
