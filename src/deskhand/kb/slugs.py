"""The addresses of articles. That each is one article's alone is a constraint's promise, and no look-up's."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from deskhand.kb.model import RESERVED, Article
from deskhand.kb.tables import article_slugs, articles
from deskhand.kit.errors import Conflict
from deskhand.kit.schema import insert
from deskhand.kit.text import SLUG_MAX, slugify

_a, _s = articles.c, article_slugs.c
_INSERT = insert(articles).on_conflict_do_nothing(index_elements=["slug"])
_RENAME = update(articles).where(_a.id == bindparam("article")).values(slug=bindparam("wanted"))
_TAKE_OVER = delete(article_slugs).where(_s.slug == bindparam("wanted"))
_insert = insert(article_slugs)
_LEAVE = _insert.on_conflict_do_update(index_elements=["slug"], set_={"article_id": _insert.excluded.article_id})
_TAKEN = [
    select(column).where(or_(column == bindparam("base"), column.like(bindparam("numbered"))))
    for column in (_a.slug, _s.slug)
]


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "Another article has this slug"


def insert_article(tx: Connection, row: Mapping[str, Any], wanted: str | None) -> str:
    """Insert `row` under the wanted slug, or under a free one made from its title; returns it.

    Raises SlugTaken for a wanted one that another article has. One that another has left it takes over.
    """
    for slug in [wanted] if wanted else _candidates(tx, slugify(row["title"])):
        if tx.execute(_INSERT, {**row, "slug": slug}).rowcount:
            tx.execute(_TAKE_OVER, {"wanted": slug})
            return slug
    raise SlugTaken


def move(tx: Connection, article: Article, wanted: str) -> None:
    """Give the article another slug; the one it leaves leads to it from now on, if it ever was public.

    Raises SlugTaken, after which the transaction is good for nothing but rolling back.
    """
    try:
        tx.execute(_RENAME, {"article": article.id, "wanted": wanted})
    except IntegrityError:
        raise SlugTaken from None
    tx.execute(_TAKE_OVER, {"wanted": wanted})
    if article.published_at is not None:
        tx.execute(_LEAVE, {"slug": article.slug, "article_id": article.id})


def _candidates(tx: Connection, base: str) -> Iterator[str]:
    """`base`, `base-2`, `base-3` … without those that are known to be taken, be it by a redirect."""
    asked = {"base": base, "numbered": f"{base}-%"}
    taken = {RESERVED, *(slug for statement in _TAKEN for slug in tx.execute(statement, asked).scalars())}
    for number in count(1):
        suffix = f"-{number}" if number > 1 else ""
        slug = base[: SLUG_MAX - len(suffix)].rstrip("-") + suffix
        if slug not in taken:
            yield slug
