"""What a word that means nothing here was probably meant to be."""

import math
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from deskhand.kb.search_index import Index
from deskhand.kit.words import unspaced

_NEAR, _CORRECTIONS = 30, 4
_TYPO_MIN, _SLIP_MIN, _PART_MIN = 4, 6, 3
# A slip of one letter is nearly sure. Each further one, a wrong first letter, and another letter in a short word
# ("apple" is not "apply") may as well make it another word.
_SURE, _FURTHER, _FIRST_LETTER, _SHORT, _OTHER_LETTER = 0.95, 0.2, 0.2, 6, 0.3


def corrections(index: Index, word: str) -> list[tuple[str, float]]:
    """The likeliest forms that `word` may be meant for, with how sure that is, 0 to 1."""
    return _near(index, word, _mistakes(word))


def slips(index: Index, word: str) -> list[tuple[str, float]]:
    """The likeliest forms that a longer `word` is one letter away from."""
    return _near(index, word, 1) if len(word) >= _SLIP_MIN else []


def split(index: Index, typed: Sequence[str]) -> list[str]:
    """The words, those taken apart that no article has while it has their parts: `apikey`."""
    tokens: list[str] = []
    for word in typed:
        tokens.extend([word] if index.known(word) or len(word) < 2 * _PART_MIN else _parts(index, word))
    return tokens


def _parts(index: Index, word: str) -> list[str]:
    cuts = range(_PART_MIN, len(word) - _PART_MIN + 1)
    both = [(word[:cut], word[cut:]) for cut in cuts if index.known(word[:cut]) and index.known(word[cut:])]
    if not both or _near(index, word, 1):
        return [word]
    return list(max(both, key=lambda pair: min(map(index.known, pair))))


def _mistakes(word: str) -> int:
    """How many letters may be wrong."""
    return 0 if len(word) < _TYPO_MIN or unspaced(word) else 1 if len(word) < 6 else 2 if len(word) < 11 else 3


def _near(index: Index, word: str, mistakes: int) -> list[tuple[str, float]]:
    """Forms at most so many letters off."""
    if not mistakes:
        return []
    near: list[tuple[str, int, int]] = []
    for length in range(len(word) - mistakes, len(word) + mistakes + 1):
        choices = index.of_length(length)
        near += process.extract(word, choices, scorer=OSA.distance, score_cutoff=mistakes, limit=_NEAR)  # pyrefly: ignore
    # Few mistakes first; the first letter is seldom wrong; common words are meant more often than rare ones.
    costs = sorted(
        (distance + 0.6 * (surface[0] != word[0]) - 0.1 * math.log(max(1, index.known(surface))), surface, distance)
        for surface, distance, _ in near
        if len(surface) > 2
        and not surface.isdigit()
        and (distance == 1 or distance + (surface[0] != word[0]) <= mistakes)
    )
    return [
        (surface, _sure(word, surface, distance) / (1 + cost - costs[0][0]))
        for cost, surface, distance in costs[:_CORRECTIONS]
    ]


def _sure(word: str, surface: str, distance: int) -> float:
    other = len(word) == len(surface) < _SHORT and sorted(word) != sorted(surface)
    return _SURE - _FURTHER * (distance - 1) - _FIRST_LETTER * (surface[0] != word[0]) - _OTHER_LETTER * other
