"""The only way to an article: readers see what is published, staff see everything."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, literal, select

from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.categories.tables import categories
from deskhand.kb.model import Article, Status
from deskhand.kb.tables import article_slugs, articles
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id

_a = articles.c
_NAMES = (categories.c.name.label("category"), users.c.name.label("author_name"))
_OWN = Article._fields[: -len(_NAMES)]


def _select(*, bodies: bool) -> Select[*tuple[Any, ...]]:
    """Rows that make an `Article`; without `bodies` those columns are not even read."""
    columns = (_a[name] if bodies or not name.startswith("body") else literal("").label(name) for name in _OWN)
    joined = articles.outerjoin(categories, categories.c.slug == _a.category_slug)
    return select(*columns, *_NAMES).select_from(joined.outerjoin(users, users.c.id == _a.author_id))


ARTICLES = _select(bodies=True)
LISTED = _select(bodies=False)
published = _a.status == Status.PUBLISHED

_ONE = ARTICLES.where(_a.id == bindparam("id"))
_LOCKED = _ONE.with_for_update(of=articles)
_BY_SLUG = ARTICLES.where(_a.slug == bindparam("slug"), published)
_BY_OLD_SLUG = ARTICLES.join(article_slugs, article_slugs.c.article_id == _a.id).where(
    article_slugs.c.slug == bindparam("slug"), published
)


class NoSuchArticle(NotFound):
    """For one that is not published too, except for staff."""

    title = "There is no such article"


def get(tx: Connection, actor: Actor, article_id: str) -> Article:
    """Any article, for staff. Raises NotFound."""
    return _fetch(tx, actor, article_id, _ONE)


def lock(tx: Connection, actor: Actor, article_id: str) -> Article:
    """As `get`, for acts: nobody else changes the article until the transaction ends."""
    return _fetch(tx, actor, article_id, _LOCKED)


def get_published(tx: Connection, slug: str) -> Article:
    """The published article that has this slug, or else the one that had it. Raises NotFound."""
    # What has the slug comes first: another article may have left it just now.
    for statement in (_BY_SLUG, _BY_OLD_SLUG):
        if row := tx.execute(statement, {"slug": slug}).one_or_none():
            return Article._make(row)
    raise NoSuchArticle


def _fetch(tx: Connection, actor: Actor, article_id: str, statement: Select[*tuple[Any, ...]]) -> Article:
    actor.require_staff()
    canonical = parse_id(article_id)
    row = tx.execute(statement, {"id": canonical}).one_or_none() if canonical else None
    if row is None:
        raise NoSuchArticle
    return Article._make(row)
