"""The acts upon articles. Each is one function, called by every door, inside a transaction that the door opened."""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, update

from deskhand.accounts.actor import Actor
from deskhand.categories import queries as categories
from deskhand.kb import access, files, queries, search, slugs
from deskhand.kb.model import Article, ArticleChange, NewArticle, Status
from deskhand.kb.tables import article_revisions, articles
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import Invalid, Stale
from deskhand.kit.ids import new_id
from deskhand.kit.markdown import render

_INSERT_REVISION = article_revisions.insert()
_FOLD = update(articles).where(articles.c.id == bindparam("article")).values(folded=bindparam("words"))
# What a revision keeps. Where an article stands, and whether it is public, are no part of what it says.
_CONTENT = ("title", "summary", "body")


def create(tx: Connection, actor: Actor, new: NewArticle) -> Article:
    """Write an article, which is its first revision; readers see it if its status is published.

    Raises SlugTaken, and Invalid for an unknown category or files that it cannot show.
    """
    actor.require_staff()
    _check_category(tx, new.category_slug)
    moment = now()
    row = new.model_dump(exclude={"slug"}) | {
        "id": new_id(),
        "body_html": render(new.body, headings=True),
        "author_id": actor.user_id,
        "helpful_count": 0,
        "not_helpful_count": 0,
        "version": 1,
        "published_at": moment if new.status == Status.PUBLISHED else None,
        "created_at": moment,
        "updated_at": moment,
    }
    slugs.insert_article(tx, row, new.slug)
    article = access.get(tx, actor, row["id"])
    _add_revision(tx, actor, article)
    files.link(tx, actor, article.id, article.body)
    _make_findable(tx, None, article)
    _record(tx, actor, article, "article.created")
    if article.is_published:
        _record(tx, actor, article, "article.published")
    return article


def change(
    tx: Connection, actor: Actor, article: Article, change: ArticleChange, *, expected_version: int | None = None
) -> Article:
    """Change what `change` names. A change of title, summary or body adds a revision; one to nothing else does nothing.

    `article` comes from `access.lock`. Raises Stale for an old version, SlugTaken, and Invalid as `create` does.
    """
    actor.require_staff()
    if expected_version is not None and expected_version != article.version:
        raise Stale("Somebody changed this article meanwhile. Please read it again.")
    given = change.model_dump(exclude_unset=True)
    values = {name: value for name, value in given.items() if getattr(article, name) != value}
    if not values:
        return article
    _check_category(tx, values.get("category_slug"))
    return _write(tx, actor, article, values)


def restore(tx: Connection, actor: Actor, article: Article, number: int) -> Article:
    """Let the article say again what it said in that revision, as a new revision. Raises NotFound where there is none.

    `article` comes from `access.lock`. Its address, category and status stay.
    """
    actor.require_staff()
    revision = queries.get_revision(tx, article.id, number)
    return _write(tx, actor, article, {name: getattr(revision, name) for name in _CONTENT}, restored=number)


def remove(tx: Connection, actor: Actor, article: Article) -> None:
    """Delete the article with its revisions, votes and redirects. `article` comes from `access.lock`."""
    actor.require_staff()
    search.remove(tx, article.id)
    tx.execute(delete(articles).where(articles.c.id == article.id))
    _record(tx, actor, article, "article.deleted")


def _write(tx: Connection, actor: Actor, before: Article, values: dict[str, Any], **told: Any) -> Article:
    """Write the columns in `values`, and all that follows from them."""
    moment = now()
    columns = values | {"version": before.version + 1, "updated_at": moment}
    if "slug" in values:
        slugs.move(tx, before, columns.pop("slug"))
    if "body" in values:
        columns["body_html"] = render(values["body"], headings=True)
    if values.get("status") == Status.PUBLISHED:
        columns["published_at"] = moment
    tx.execute(update(articles).where(articles.c.id == before.id).values(columns))
    article = access.get(tx, actor, before.id)
    if not values.keys().isdisjoint(_CONTENT):
        told["revision"] = _add_revision(tx, actor, article)
    if "body" in values:
        files.link(tx, actor, article.id, article.body)
    _make_findable(tx, before, article)
    _tell(tx, actor, before, article, values, told)
    return article


def _add_revision(tx: Connection, actor: Actor, article: Article) -> int:
    """Keep what the article says now. Nobody else can number a revision meanwhile: the article is locked, or new."""
    author_id, _, author_name = actor.author
    number = queries.latest_revision(tx, article.id) + 1
    revision = {
        "article_id": article.id,
        "number": number,
        "author_id": author_id,
        "author_name": author_name,
        "created_at": article.updated_at,
    }
    tx.execute(_INSERT_REVISION, revision | {name: getattr(article, name) for name in _CONTENT})
    return number


def _make_findable(tx: Connection, before: Article | None, article: Article) -> None:
    """Let staff's search and, while it is published, everyone's know the article as it is now."""
    seen = {name: getattr(article, name) for name in ("title", "summary", "body", "slug")}
    moved = before is None or any(getattr(before, name) != text for name, text in seen.items())
    was_published = before is not None and before.is_published
    if moved:
        tx.execute(_FOLD, {"article": article.id, "words": queries.folded(**seen)})
    if article.is_published and (moved or not was_published):
        search.index(tx, article.id, **seen)
    elif was_published and not article.is_published:
        search.remove(tx, article.id)


def _tell(
    tx: Connection, actor: Actor, before: Article, after: Article, values: dict[str, Any], told: dict[str, Any]
) -> None:
    if values.keys() - {"status"}:
        # Old and new of what is short; what a body said is in the revisions.
        short = [name for name in values if name not in {"body", "status"}]
        pairs = {name: [getattr(before, name), getattr(after, name)] for name in short}
        changes = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        _record(tx, actor, after, "article.changed", changes=changes, **told)
    if before.status != after.status:
        _record(tx, actor, after, "article.published" if after.is_published else "article.unpublished")


def _check_category(tx: Connection, slug: str | None) -> None:
    found = categories.find(tx, slug) if slug else None
    if slug and (found is None or found["retired_at"] is not None):
        raise Invalid.field("category_slug", "unknown_category", "There is no such category.")


def _record(tx: Connection, actor: Actor, article: Article, name: str, **data: Any) -> None:
    payload = {"slug": article.slug, "title": article.title, "status": article.status, "changes": {}} | data
    events.record(tx, name, article.id, actor=actor.author, data=payload, staff_only=True)
