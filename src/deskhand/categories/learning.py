"""The classifier at work: what the team's corrections taught it, the same on every process from one moment to the next.

Lessons are rows. Each process keeps the model it built from them and looks, in the transaction that asks, whether the
one row that changes with every lesson is still the one it knows. The model is a function of the lessons in their order
alone, so that all processes answer alike whichever way they came by them.
"""

import threading
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select

from deskhand.categories import queries
from deskhand.categories.classify import Guess, Lesson, Model, Reading
from deskhand.categories.features import BODY_CHARS
from deskhand.categories.tables import category_lessons
from deskhand.kit import stamps
from deskhand.kit.clock import now
from deskhand.kit.ids import new_id

MAX_LESSONS = 1000
# Old lessons go by the hundred: without its oldest lesson a model has to be built anew.
SPARE_LESSONS = 100

_STAMP = "categories"
_l = category_lessons.c
_NEWEST_FIRST = select(_l.id).order_by(_l.id.desc())
_IDS = _NEWEST_FIRST.limit(MAX_LESSONS + SPARE_LESSONS)
_SURPLUS = _NEWEST_FIRST.limit(1).offset(MAX_LESSONS + SPARE_LESSONS)
_FORGET_OLD = delete(category_lessons).where(_l.id <= _NEWEST_FIRST.limit(1).offset(MAX_LESSONS).scalar_subquery())
_FORGET = delete(category_lessons).where(_l.ticket_id == bindparam("ticket"))
_SOME = select(_l.id, _l.slug, _l.text).where(_l.id.in_(bindparam("ids", expanding=True)))


class _Known(NamedTuple):
    stamp: str | None
    model: Model
    categories: tuple[tuple[str, str, str], ...]  # slug, name, description of those not retired
    lessons: dict[str, Lesson]  # by id, oldest first


_NOTHING = _Known(None, Model.seed(), (), {})
_known: dict[str, _Known] = {}  # by database
_lock = threading.Lock()


def suggest(tx: Connection, reading: Reading) -> Guess:
    """The category, among those not retired, that fits best; `general` when none is probable enough."""
    known = _current(tx)
    return known.model.judge(reading, [slug for slug, _, _ in known.categories])


def learn(tx: Connection, ticket_id: str, subject: str, body: str, slug: str) -> None:
    """The team says that this ticket belongs to `slug`: its last word counts."""
    tx.execute(_FORGET, {"ticket": ticket_id})
    text = f"{subject}\n{body[:BODY_CHARS]}"
    row = {"id": new_id(), "ticket_id": ticket_id, "slug": slug, "text": text, "created_at": now()}
    tx.execute(category_lessons.insert(), row)
    if tx.execute(_SURPLUS).first():
        tx.execute(_FORGET_OLD)
    changed(tx)


def changed(tx: Connection) -> None:
    """Categories or lessons are not what they were: every process reads them again."""
    stamps.renew(tx, _STAMP)


def _current(tx: Connection) -> _Known:
    where, stamp = str(tx.engine.url), stamps.get(tx, _STAMP)
    known = _known.get(where)
    if known is None or known.stamp != stamp:
        known = _read(tx, stamp, known or _NOTHING)
        with _lock:
            _known[where] = known
    return known


def _read(tx: Connection, stamp: str | None, before: _Known) -> _Known:
    """What the database says now; only lessons that are news are read and digested."""
    categories = tuple((row["slug"], row["name"], row["description"]) for row in queries.list_active(tx))
    ids = sorted(tx.execute(_IDS).scalars())
    news = [lesson_id for lesson_id in ids if lesson_id not in before.lessons]
    lessons = before.lessons | _lessons(tx, news)
    model = before.model
    if categories != before.categories or ids != [*before.lessons, *news]:
        model, news = Model.seed().with_categories(categories), ids
    model = model.with_lessons(lessons[lesson_id] for lesson_id in news)
    return _Known(stamp, model, categories, {lesson_id: lessons[lesson_id] for lesson_id in ids})


def _lessons(tx: Connection, ids: list[str]) -> dict[str, Lesson]:
    found = tx.execute(_SOME, {"ids": ids}) if ids else ()
    return {row.id: _lesson(row.text, row.slug) for row in found}


def _lesson(text: str, slug: str) -> Lesson:
    subject, _, body = text.partition("\n")
    return Lesson.of(subject, body, slug)
