"""Lists of articles, their revisions, and what of them everyone may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, case, exists, func, select

from deskhand.accounts.actor import Actor
from deskhand.kb import search as finder
from deskhand.kb.access import LISTED, NoSuchArticle, published
from deskhand.kb.model import Article, Revision, Status
from deskhand.kb.snippets import Snippet
from deskhand.kb.tables import article_attachments, article_revisions, articles
from deskhand.kit.ids import parse_id
from deskhand.kit.statements import Statement
from deskhand.kit.words import words

RELATED = 5
_WORDS_MAX = 10  # of a query by staff

_a, _r, _f = articles.c, article_revisions.c, article_attachments.c
_BY_IDS = Statement(LISTED.where(_a.id.in_(bindparam("ids", expanding=True)), published))
# As a help centre greets: with what helped most readers, then with what is new.
_POPULAR = (
    select(_a.id)
    .where(published)
    .order_by((_a.helpful_count - _a.not_helpful_count).desc(), _a.published_at.desc(), _a.id)
    .limit(bindparam("limit"))
)
_PUBLISHED = select(func.count()).select_from(articles).where(published)
_REVISIONS = select(*(_r[name] for name in Revision._fields)).where(_r.article_id == bindparam("article"))
_REVISION = _REVISIONS.where(_r.number == bindparam("number"))
_LATEST = select(func.max(_r.number)).where(_r.article_id == bindparam("article"))
_IS_PUBLIC = select(
    exists().where(_f.attachment_id == bindparam("attachment"), _f.shown, _a.id == _f.article_id, published)
)


class Found(NamedTuple):
    article: Article
    snippet: Snippet


class FoundPage(NamedTuple):
    rows: list[Found]
    total: int


class Page(NamedTuple):
    rows: list[Article]
    total: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What staff's list is asked for; None means any."""

    status: Status | None = None
    category: str | None = None
    q: str | None = None
    page: int = 1
    per_page: int = 20


def search(tx: Connection, query: str, *, limit: int) -> FoundPage:
    """The published articles that answer `query` best; for a blank one those that helped most readers."""
    if not query.strip():
        popular = _by_ids(tx, list(tx.execute(_POPULAR, {"limit": limit}).scalars()))
        return FoundPage([Found(row, Snippet("", [])) for row in popular], tx.execute(_PUBLISHED).scalar_one())
    return _page(tx, finder.search(tx, query, limit=limit))


def recall(tx: Connection, query: str, *, limit: int) -> FoundPage | None:
    """As `search`, where the answer is at hand: others have asked the same, and nothing was published since. Quick."""
    found = finder.recall(tx, query, limit=limit) if query.strip() else None
    return None if found is None else _page(tx, found)


def _page(tx: Connection, found: finder.Found) -> FoundPage:
    hits, total = found
    known = {article.id: article for article in _by_ids(tx, [hit.article_id for hit in hits])}
    rows = [Found(known[hit.article_id], Snippet(hit.snippet, hit.spans)) for hit in hits if hit.article_id in known]
    return FoundPage(rows, total)


def related(tx: Connection, article: Article) -> list[Article]:
    """The published articles that are most like a published one, best first."""
    return _by_ids(tx, finder.related(tx, article.id, limit=RELATED))


def list_all(tx: Connection, actor: Actor, asked: Filter) -> Page:
    """Drafts and published ones, last changed first; with `q` those come first that have its words in the title."""
    actor.require_staff()
    where, order = _conditions(asked)
    total = tx.execute(select(func.count()).select_from(articles).where(*where)).scalar_one()
    statement = LISTED.where(*where).order_by(*order, _a.updated_at.desc(), _a.id.desc())
    page = statement.limit(asked.per_page).offset((asked.page - 1) * asked.per_page)
    return Page([Article._make(row) for row in tx.execute(page)], total)


def list_revisions(tx: Connection, article_id: str, *, page: int, per_page: int) -> tuple[list[Revision], int]:
    """From the first on, so that what a page holds never changes; and how many there are."""
    statement = _REVISIONS.order_by(_r.number).limit(per_page).offset((page - 1) * per_page)
    rows = [Revision._make(row) for row in tx.execute(statement, {"article": article_id})]
    return rows, latest_revision(tx, article_id)


def get_revision(tx: Connection, article_id: str, number: int) -> Revision:
    """Raises NotFound."""
    row = tx.execute(_REVISION, {"article": article_id, "number": number}).one_or_none()
    if row is None:
        raise NoSuchArticle("This article has no such revision.")
    return Revision._make(row)


def latest_revision(tx: Connection, article_id: str) -> int:
    """Its number, which is also how many there are."""
    return tx.execute(_LATEST, {"article": article_id}).scalar_one() or 0


def attachment_is_public(tx: Connection, attachment_id: str) -> bool:
    """Whether a published article shows this file, so that everyone may have it. False for what is no id at all."""
    canonical = parse_id(attachment_id)
    return canonical is not None and tx.execute(_IS_PUBLIC, {"attachment": canonical}).scalar_one()


def folded(*, title: str, slug: str, summary: str, body: str) -> str:
    """What `list_all` searches: the words of the title on the first line, all others on the second."""
    return "\n".join(" ".join(word.text for word in words(text)) for text in (title, f"{slug} {summary} {body}"))


def _by_ids(tx: Connection, ids: Sequence[str]) -> list[Article]:
    """Those of them that are published, in the order of `ids`."""
    found = [Article._make(row) for row in _BY_IDS.rows(tx, {"ids": ids})] if ids else []
    known = {article.id: article for article in found}
    return [known[id_] for id_ in ids if id_ in known]


def _conditions(asked: Filter) -> tuple[list[ColumnElement[bool]], list[Any]]:
    # Folded words are letters and digits, so that none is a wildcard.
    parts = [word.text for word in islice(words(asked.q or "", asked=True), _WORDS_MAX)]
    where: list[ColumnElement[bool]] = [_a.folded.like(f"%{part}%") for part in parts]
    if asked.status:
        where.append(_a.status == asked.status)
    if asked.category:
        where.append(_a.category_slug == asked.category)
    in_title: list[ColumnElement[int]] = [case((_a.folded.like(f"%{part}%\n%"), 1), else_=0) for part in parts]
    return where, [reduce(add, in_title).desc()] if in_title else []
