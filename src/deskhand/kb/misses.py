"""Searches that found nothing: what readers missed, told to those who could write it.

People type secrets into search boxes, so what looks like one is not kept, and of nobody is kept that they searched.
"""

import re
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from deskhand.accounts.actor import Actor
from deskhand.kb.tables import search_misses
from deskhand.kit.clock import DAY, now
from deskhand.kit.errors import NotFound
from deskhand.kit.schema import insert
from deskhand.kit.words import fold

LONGEST = 100  # characters
KEPT, KEPT_FOR = 1000, 90 * DAY


class Miss(NamedTuple):
    """`query` as it was typed last, and how often, whatever its case, accents and punctuation."""

    query: str
    count: int
    first_at: int
    last_at: int


_m = search_misses.c
_WORD = re.compile(r"[^\W_]+")
# E-mail addresses; numbers of phones, cards and accounts, however they are grouped; keys and tokens.
_SECRET = re.compile(r"\S@\S|\d(?:[ ./-]?\d){6}|(?=\S*\d)(?=\S*[^\W\d_])\S{20,}")

_FIRST = insert(search_misses)
_PUT = _FIRST.on_conflict_do_update(
    index_elements=["folded"],
    set_={"count": _m.count + 1, "query": _FIRST.excluded.query, "last_at": _FIRST.excluded.last_at},
)
_MOST_ASKED = (_m.count.desc(), _m.last_at.desc(), _m.folded)
_LIST = (
    select(*(_m[name] for name in Miss._fields))
    .order_by(*_MOST_ASKED)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT = select(func.count()).select_from(search_misses)
_DISMISS = delete(search_misses).where(_m.folded == bindparam("asked"))
_EXPIRE = delete(search_misses).where(_m.last_at < bindparam("since"))
_CUT = delete(search_misses).where(_m.folded.not_in(select(_m.folded).order_by(*_MOST_ASKED).limit(KEPT)))


def record(tx: Connection, query: str) -> bool:
    """Count one more search for `query` in vain; False for what is not to be kept."""
    shown, folded = _shown(query), _folded(query)
    if not is_kept(query):
        return False
    moment = now()
    tx.execute(_PUT, {"folded": folded, "query": shown, "count": 1, "first_at": moment, "last_at": moment})
    return True


def is_kept(query: str) -> bool:
    """Whether `record` would keep it: has words, fits, and looks like no address, number or key."""
    shown = _shown(query)
    return len(shown) <= LONGEST and shown.isprintable() and bool(_folded(query)) and not _SECRET.search(shown)


def list_misses(tx: Connection, actor: Actor, *, page: int, per_page: int) -> tuple[list[Miss], int]:
    """The most asked first, of these the latest; and how many there are."""
    actor.require_staff()
    rows = tx.execute(_LIST, {"limit": per_page, "offset": (page - 1) * per_page})
    return [Miss._make(row) for row in rows], tx.execute(_COUNT).scalar_one()


def dismiss(tx: Connection, actor: Actor, query: str) -> None:
    """Forget it, until somebody searches for it again. Raises NotFound."""
    actor.require_staff()
    if tx.execute(_DISMISS, {"asked": _folded(query)}).rowcount == 0:
        raise NotFound


def sweep(tx: Connection) -> int:
    """Delete what nobody asked for in 90 days, and all but the 1,000 most asked; returns how many."""
    expired = tx.execute(_EXPIRE, {"since": now() - KEPT_FOR}).rowcount
    return expired + tx.execute(_CUT).rowcount


def _shown(query: str) -> str:
    return " ".join(query[: 4 * LONGEST].split())


def _folded(query: str) -> str:
    return " ".join(fold(word) for word in _WORD.findall(query[: 4 * LONGEST]))[:LONGEST].strip()
