"""The shapes of articles, written once for readers and once for staff."""

from collections.abc import Iterable

from typing_extensions import TypedDict

from deskhand.kb.misses import Miss
from deskhand.kb.model import Article, Revision
from deskhand.kb.queries import Found
from deskhand.kb.snippets import Snippet
from deskhand.kb.votes import Counts, Vote
from deskhand.kit.clock import rfc3339, rfc3339_or_none


class SnippetOut(TypedDict):
    """The part of the text that holds most of what was asked for; `spans` are [start, end] of the words that match."""

    text: str
    spans: list[tuple[int, int]]


class FoundArticle(TypedDict):
    id: str
    slug: str
    title: str
    summary: str
    category: str | None
    category_slug: str | None
    helpful_count: int
    not_helpful_count: int
    snippet: SnippetOut


class FoundArticles(TypedDict):
    articles: list[FoundArticle]
    total: int
    query: str


class RelatedArticle(TypedDict):
    id: str
    slug: str
    title: str
    summary: str


class ArticleOut(TypedDict):
    """A published article. `category` is its category's name."""

    id: str
    slug: str
    title: str
    summary: str
    body: str
    body_html: str
    category: str | None
    category_slug: str | None
    helpful_count: int
    not_helpful_count: int
    published_at: str | None
    updated_at: str
    related: list[RelatedArticle]


class CountsOut(TypedDict):
    helpful_count: int
    not_helpful_count: int


class MissOut(TypedDict):
    """A search that found nothing: `query` as it was typed last."""

    query: str
    count: int
    first_at: str
    last_at: str


class MissesOut(TypedDict):
    misses: list[MissOut]
    total: int
    page: int
    per_page: int


class ArticleAuthor(TypedDict):
    id: str | None
    name: str


class VoteOut(TypedDict):
    """`voter` is null for who was not signed in."""

    helpful: bool
    comment: str | None
    voter: ArticleAuthor | None
    created_at: str
    updated_at: str


class VotesOut(TypedDict):
    votes: list[VoteOut]
    total: int
    page: int
    per_page: int


class ListedArticle(TypedDict):
    """An article in staff's list. `author` is who began it; `published_at` stays when it no longer is."""

    id: str
    slug: str
    title: str
    summary: str
    status: str
    category: str | None
    category_slug: str | None
    author: ArticleAuthor | None
    helpful_count: int
    not_helpful_count: int
    version: int
    created_at: str
    updated_at: str
    published_at: str | None


class StaffArticle(ListedArticle):
    body: str
    body_html: str


class StaffArticles(TypedDict):
    articles: list[ListedArticle]
    total: int
    page: int
    per_page: int


class RevisionOut(TypedDict):
    number: int
    title: str
    summary: str
    body: str
    author: ArticleAuthor
    created_at: str


class RevisionsOut(TypedDict):
    revisions: list[RevisionOut]
    total: int
    page: int
    per_page: int


def found(row: Found) -> FoundArticle:
    return {
        **_named(row.article),
        "category": row.article.category,
        "category_slug": row.article.category_slug,
        **counts(Counts(row.article.helpful_count, row.article.not_helpful_count)),
        "snippet": _snippet(row.snippet),
    }


def article(row: Article, related: Iterable[Article]) -> ArticleOut:
    return {
        **_named(row),
        "body": row.body,
        "body_html": row.body_html,
        "category": row.category,
        "category_slug": row.category_slug,
        **counts(Counts(row.helpful_count, row.not_helpful_count)),
        "published_at": rfc3339_or_none(row.published_at),
        "updated_at": rfc3339(row.updated_at),
        "related": [_named(other) for other in related],
    }


def counts(now: Counts) -> CountsOut:
    return {"helpful_count": now.helpful, "not_helpful_count": now.not_helpful}


def miss(row: Miss) -> MissOut:
    return {
        "query": row.query,
        "count": row.count,
        "first_at": rfc3339(row.first_at),
        "last_at": rfc3339(row.last_at),
    }


def vote(row: Vote) -> VoteOut:
    return {
        "helpful": row.helpful,
        "comment": row.comment,
        "voter": {"id": row.voter_id, "name": row.voter_name} if row.voter_name is not None else None,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def listed(row: Article) -> ListedArticle:
    return {
        **_named(row),
        "status": row.status,
        "category": row.category,
        "category_slug": row.category_slug,
        "author": {"id": row.author_id, "name": row.author_name} if row.author_name is not None else None,
        **counts(Counts(row.helpful_count, row.not_helpful_count)),
        "version": row.version,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
        "published_at": rfc3339_or_none(row.published_at),
    }


def staff_article(row: Article) -> StaffArticle:
    return {**listed(row), "body": row.body, "body_html": row.body_html}


def revision(row: Revision) -> RevisionOut:
    return {
        "number": row.number,
        "title": row.title,
        "summary": row.summary,
        "body": row.body,
        "author": {"id": row.author_id, "name": row.author_name},
        "created_at": rfc3339(row.created_at),
    }


def _named(row: Article) -> RelatedArticle:
    return {"id": row.id, "slug": row.slug, "title": row.title, "summary": row.summary}


def _snippet(snippet: Snippet) -> SnippetOut:
    return {"text": snippet.text, "spans": snippet.spans}
