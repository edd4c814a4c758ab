"""Finding people by how any word of their name, or their e-mail address, begins; each word is a row to look up by.

`alice`, `mor` and `Alice Moreau` find Alice Moreau; so do `alice@ac`, and `acme`, which is a word of her address.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, literal, select, union_all

from deskhand.accounts.tables import user_words
from deskhand.kit.text import normal_email
from deskhand.kit.words import words

MAX_TERMS = 4  # of what is asked for; further words narrow nothing
_MAX_WORDS = 64  # of a person
_WIDTH = 64
_END = "\U0010ffff"  # sorts behind whatever a word goes on with

_w = user_words.c
_OF = select(_w.word).where(_w.user_id == bindparam("of"))
_KEEP = user_words.insert()
_FORGET = delete(user_words).where(_w.user_id == bindparam("of"), _w.word.in_(bindparam("old", expanding=True)))


def words_of(name: str, email: str | None) -> set[str]:
    """The words by which a person is found: those of the name and of the address, and the whole address."""
    found = [word.text for word in words(name)][:_MAX_WORDS]
    if email:
        found += [*(word.text for word in words(email)), normal_email(email)[:_WIDTH]]
    return set(found)


def terms(text: str) -> tuple[str, ...]:
    """What the words of a person must begin with, each of them; empty where `text` has no word."""
    found: list[str] = []
    for chunk in text.split():
        if "@" in chunk.lstrip("@"):
            found.append(normal_email(chunk)[:_WIDTH])
        else:
            found += [word.text for word in words(chunk, asked=True)]
    return tuple(dict.fromkeys(found))[:MAX_TERMS]


def holds(known: Iterable[str], wanted: Sequence[str]) -> bool:
    """Whether each of the terms begins one of the words."""
    there = list(known)
    return all(any(word.startswith(term) for word in there) for term in wanted)


def keep(tx: Connection, user_id: str, name: str, email: str | None) -> None:
    """Let the person be found by these, and by nothing from before."""
    before, wanted = set(tx.execute(_OF, {"of": user_id}).scalars()), words_of(name, email)
    if old := before - wanted:
        tx.execute(_FORGET, {"of": user_id, "old": sorted(old)})
    if new := wanted - before:
        tx.execute(_KEEP, [{"word": word, "user_id": user_id} for word in sorted(new)])


def find(tx: Connection, asked: Sequence[str], limit: int) -> dict[str, list[str]]:
    """For each text the ids of at most `limit` people whom it finds, in one statement whatever the number of texts."""
    # The longest term has the fewest words, so it leads and the others are looked up for whom it finds.
    wanted = {text: sorted(terms(text), key=len, reverse=True) for text in dict.fromkeys(asked)}
    wanted = {text: list_ for text, list_ in wanted.items() if list_}
    found: dict[str, list[str]] = {text: [] for text in asked}
    if wanted:
        values: dict[str, Any] = {"limit": limit}
        for number, list_ in enumerate(wanted.values()):
            for at, term in enumerate(list_):
                values |= {f"from_{number}_{at}": term, f"to_{number}_{at}": term + _END}
        texts = list(wanted)
        people: Iterable[Any] = tx.execute(_find(tuple(map(len, wanted.values()))), values)
        for number, user_id in people:
            found[texts[number]].append(user_id)
    return found


@lru_cache(256)
def _find(counts: tuple[int, ...]) -> Any:
    """One part for each text, which has so many terms."""
    return union_all(*(_one(number, count) for number, count in enumerate(counts)))


def _one(number: int, count: int) -> Any:
    first = user_words.alias()
    statement = select(first.c.user_id).distinct().where(_begins(first, number, 0))
    for at in range(1, count):
        other = user_words.alias()
        same = select(1).where(other.c.user_id == first.c.user_id, _begins(other, number, at))
        statement = statement.where(same.exists())
    # A LIMIT within a UNION needs a table of its own around it.
    people = statement.limit(bindparam("limit")).subquery()
    return select(literal(number).label("number"), people.c.user_id)


def _begins(alias: Any, number: int, at: int) -> ColumnElement[bool]:
    word = alias.c.word
    return (word >= bindparam(f"from_{number}_{at}")) & (word < bindparam(f"to_{number}_{at}"))
