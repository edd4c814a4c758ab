"""What the help centre is browsed by: published articles by their category, those that helped most readers first."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from deskhand.categories import queries as categories
from deskhand.kb.access import LISTED, published
from deskhand.kb.model import Article
from deskhand.kb.tables import articles

OTHER = "-"  # stands for no category, where a slug is asked for; no category has this one

_a = articles.c
_BEST_FIRST = ((_a.helpful_count - _a.not_helpful_count).desc(), _a.title, _a.id)
_PLACES = (
    select(
        _a.id,
        func.row_number().over(partition_by=_a.category_slug, order_by=_BEST_FIRST).label("place"),
    )
    .where(published)
    .subquery()
)
_FRONT = (
    LISTED.join(_PLACES, _PLACES.c.id == _a.id).where(_PLACES.c.place <= bindparam("most")).order_by(_PLACES.c.place)
)
# As another window over the same rows it would double the time.
_TOTALS = select(_a.category_slug, func.count()).where(published).group_by(_a.category_slug)
_IN_CATEGORY, _IN_NONE = _a.category_slug == bindparam("category"), _a.category_slug.is_(None)
_SHELVES = {
    which: (
        LISTED.where(published, where).order_by(*_BEST_FIRST).limit(bindparam("limit")).offset(bindparam("offset")),
        select(func.count()).select_from(articles).where(published, where),
    )
    for which, where in ((True, _IN_CATEGORY), (False, _IN_NONE))
}
_ADDRESSES = select(_a.slug, _a.updated_at).where(published).order_by(_a.slug).limit(50_000)


class Shelf(NamedTuple):
    """A category (or OTHER) with `total` published articles, and some of them."""

    slug: str
    name: str
    description: str
    articles: list[Article]
    total: int


class Address(NamedTuple):
    slug: str
    updated_at: int


def front(tx: Connection, *, most: int) -> list[Shelf]:
    """Every category that has published articles, in the admins' order, each with at most `most` of them. A retired one
    keeps its place, for its articles are still of use; those in none come last."""
    found: dict[str, list[Article]] = {}
    for row in tx.execute(_FRONT, {"most": most}):
        found.setdefault(row.category_slug or OTHER, []).append(Article._make(row))
    totals = {slug or OTHER: total for slug, total in tx.execute(_TOTALS)}
    known = [(row["slug"], row["name"], row["description"]) for row in categories.list_all(tx)]
    return [
        Shelf(slug, name, description, found[slug], totals[slug])
        for slug, name, description in [*known, (OTHER, "", "")]
        if slug in found and slug in totals
    ]


def shelf(tx: Connection, slug: str, *, page: int, per_page: int) -> Shelf:
    """One page of a category's articles. Raises NotFound where there is no such category."""
    category = {"name": "", "description": ""} if slug == OTHER else categories.get(tx, slug)
    listed, counted = _SHELVES[slug != OTHER]
    rows = tx.execute(listed, {"category": slug, "limit": per_page, "offset": (page - 1) * per_page})
    total = tx.execute(counted, {"category": slug}).scalar_one()
    return Shelf(slug, category["name"], category["description"], [Article._make(row) for row in rows], total)


def addresses(tx: Connection) -> Iterable[Address]:
    """Of every published article, as many as one sitemap holds."""
    return [Address._make(row) for row in tx.execute(_ADDRESSES)]
