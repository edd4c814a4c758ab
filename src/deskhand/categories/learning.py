"""The classifier at work: what the team's corrections taught it, the same on every process from one moment to the next.

Lessons are rows. Each process keeps the model it built from them and looks, in the transaction that asks, whether the
one row that changes with every lesson is still the one it knows.
"""

import threading
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select

from deskhand.categories import queries
from deskhand.categories.classify import Guess, Lesson, Model
from deskhand.categories.tables import category_lessons
from deskhand.kit import stamps
from deskhand.kit.clock import now
from deskhand.kit.ids import new_id

MAX_LESSONS = 2000
MAX_TEXT = 4000  # characters of a request that a lesson keeps

_STAMP = "categories"
_l = category_lessons.c
_LATEST = select(_l.slug, _l.text).order_by(_l.id.desc()).limit(MAX_LESSONS)
_FORGET = delete(category_lessons).where(_l.ticket_id == bindparam("ticket"))
_OLD = delete(category_lessons).where(
    _l.id.in_(select(_l.id).order_by(_l.id.desc()).limit(MAX_LESSONS).offset(MAX_LESSONS))
)


class _Known(NamedTuple):
    stamp: str | None
    model: Model
    active: tuple[str, ...]


_known: dict[str, _Known] = {}
_lock = threading.Lock()


def suggest(tx: Connection, subject: str, body: str) -> Guess:
    """The category, among those not retired, that fits best; `general` when none is probable enough."""
    known = _current(tx)
    return known.model.guess(subject, body, known.active)


def learn(tx: Connection, ticket_id: str, subject: str, body: str, slug: str) -> None:
    """The team says that this ticket belongs to `slug`: its last word counts."""
    tx.execute(_FORGET, {"ticket": ticket_id})
    text = f"{subject}\n{body[:MAX_TEXT]}"
    row = {"id": new_id(), "ticket_id": ticket_id, "slug": slug, "text": text, "created_at": now()}
    tx.execute(category_lessons.insert(), row)
    tx.execute(_OLD)
    changed(tx)


def changed(tx: Connection) -> None:
    """Categories or lessons are not what they were: every process reads them again."""
    stamps.renew(tx, _STAMP)


def _current(tx: Connection) -> _Known:
    where, stamp = str(tx.engine.url), stamps.get(tx, _STAMP)
    known = _known.get(where)
    if known is None or known.stamp != stamp:
        known = _read(tx, stamp)
        with _lock:
            _known[where] = known
    return known


def _read(tx: Connection, stamp: str | None) -> _Known:
    rows = queries.list_active(tx)
    described = [(row["slug"], row["name"], row["description"]) for row in rows]
    lessons = [Lesson.of(*text.partition("\n")[::2], slug) for slug, text in reversed(tx.execute(_LATEST).all())]
    model = Model.seed().with_categories(described).with_lessons(lessons)
    return _Known(stamp, model, tuple(row["slug"] for row in rows))
