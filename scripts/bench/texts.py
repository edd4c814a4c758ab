"""What the people of a benchmark write: a pool of texts whose words are as unevenly frequent as in real mail.

The first ranks are real English, the long tail is made of syllables; word n comes up about n times as rarely as word 1.
A text may hold `TOKEN`, in whose place each message has an id of its own, such as people paste from their logs.
"""

import random
from itertools import accumulate
from typing import NamedTuple

TOKEN = "req00000000000"  # letters and digits only: no stemmer and no renderer changes it
COMMON = "error"  # in every seventh message or so
USUAL = ("webhook", "invoice", "timeout", "export")

_FREQUENT = """
the to a i is and it in of we you my this for on with not that are when our have from but error be can your as an after
request page if was get since api at does there key please still no only data by or content data account crawl job how
invoice plan javascript empty would time out now which what all same webhook works again limit one other than more help
email number two more url response rate returns result use change credits try into also without error product usage team
schema code status export body see set need should has month new every first price billing any like even because then
correct customer timeout field list project could login password proxy site browser charge card payment upgrade screen
format selector wait minutes hours yesterday today morning support answer question thanks hello regards dashboard server
"""
_SYLLABLES = (
    "ba be bi bo ca ce co da de di do fa fi ga ge go ha he la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa"
)
_WORDS = 20_000
_STEEPNESS = 1.05


class Text(NamedTuple):
    subject: str
    body: str


def pool(size: int, seed: int = 7) -> list[Text]:
    """`size` different texts, the same ones each time."""
    chance = random.Random(seed)
    vocabulary = _vocabulary(chance)
    return [Text(_subject(chance, vocabulary), _body(chance, vocabulary)) for _ in range(size)]


def article(chance: random.Random, vocabulary: "Vocabulary", number: int) -> tuple[str, str, str]:
    """(title, summary, body) of a help page of some 300 words."""
    title = f"{_subject(chance, vocabulary)} {vocabulary.rare(chance, number)}"
    parts = [f"## {_subject(chance, vocabulary)}\n\n{_body(chance, vocabulary)}" for _ in range(4)]
    return title, _sentence(chance, vocabulary), "\n\n".join(parts).replace(TOKEN, "the request")


class Vocabulary(NamedTuple):
    words: list[str]
    cumulative: list[float]

    def some(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self.words, cum_weights=self.cumulative, k=count)

    def rare(self, chance: random.Random, number: int) -> str:
        """A word of the tail that few texts have."""
        return self.words[_WORDS // 2 + number % (_WORDS // 2)]


def vocabulary(seed: int = 7) -> Vocabulary:
    return _vocabulary(random.Random(seed))


def _vocabulary(chance: random.Random) -> Vocabulary:
    words: list[str] = list(dict.fromkeys(_FREQUENT.split()))
    syllables, seen = _SYLLABLES.split(), set(words)
    while len(words) < _WORDS:
        made = "".join(chance.choices(syllables, k=chance.randint(2, 4)))
        if made not in seen:
            seen.add(made)
            words.append(made)
    weights = (1 / rank**_STEEPNESS for rank in range(3, _WORDS + 3))
    return Vocabulary(words, list(accumulate(weights)))


def _subject(chance: random.Random, vocabulary: Vocabulary) -> str:
    return " ".join(vocabulary.some(chance, chance.randint(4, 9))).capitalize()


def _sentence(chance: random.Random, vocabulary: Vocabulary) -> str:
    words = vocabulary.some(chance, chance.randint(6, 18))
    if chance.random() < 0.15:
        words[chance.randrange(len(words))] = f"`{words[0]}={chance.randint(1, 99)}`"
    return " ".join(words).capitalize() + chance.choice([".", ".", ".", "?", "!"])


def _body(chance: random.Random, vocabulary: Vocabulary) -> str:
    parts = [
        " ".join(_sentence(chance, vocabulary) for _ in range(chance.randint(1, 4)))
        for _ in range(chance.randint(1, 3))
    ]
    if chance.random() < 0.15:
        parts.append("\n".join(f"- {_sentence(chance, vocabulary)}" for _ in range(3)))
    if chance.random() < 0.1:
        code = "\n".join(f"{word} = {chance.randint(1, 999)}" for word in vocabulary.some(chance, 4))
        parts.append(f"```python\n{code}\n```")
    if chance.random() < 0.05:
        parts.append(f"See https://status.example.com/{chance.randint(1, 999)} for **details**.")
    if chance.random() < 0.5:
        parts.append(f"The request was {TOKEN}.")
    return "\n\n".join(parts)
