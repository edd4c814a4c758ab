"""The knowledge base.

GET    /kb/search                     articles that answer a question
GET    /kb/{slug}                     one of them; where it was once, a redirect
POST   /kb/{slug}/helpful             did it help
GET    /staff/kb/articles             drafts too
POST   /staff/kb/articles             write one
GET    /staff/kb/articles/{article_id}
PATCH  /staff/kb/articles/{article_id}   edit, publish, unpublish, move; If-Match
DELETE /staff/kb/articles/{article_id}
GET    /staff/kb/articles/{article_id}/votes
GET    /staff/kb/articles/{article_id}/revisions
POST   /staff/kb/articles/{article_id}/revisions/{number}/restore
"""

import re
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy import Connection
from starlette.background import BackgroundTask

from deskhand.doors import misses, voters
from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import SUPPORT, for_everyone, for_staff
from deskhand.kb import access, ops, queries, votes, wire
from deskhand.kb.model import ArticleChange, NewArticle, NewVote, StatusIn
from deskhand.kb.queries import Filter
from deskhand.kit.errors import NotFound
from deskhand.kit.text import block

public = for_everyone("Knowledge base", f"{SUPPORT}/kb")
staff = for_staff("knowledge base", "/kb/articles")

# As long and as odd as people type: search reads its beginning, and finds nothing in what has no words.
Question = Annotated[str, AfterValidator(block), Query(description="What to find. Blank: what helped most readers.")]
Limit = Annotated[int, Query(ge=1, le=50, description="How many articles.")]
Settled = Annotated[
    bool, Query(description="`q` is what was meant, not the beginning of it: if nothing is found, staff are told.")
]
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@public.get("/search", response_model=wire.FoundArticles)
async def search_articles(request: Request, q: Question = "", limit: Limit = 10, settled: Settled = False) -> Response:
    """Articles that answer `q`, best first, whether typed right or not. Without `q`, those that helped most readers."""
    desk = services(request)

    page = await desk.store.read(queries.recall, q, limit=limit)
    page = page or await desk.store.read_slow(queries.search, q, limit=limit)
    body = {"articles": [wire.found(row) for row in page.rows], "total": page.total, "query": q}
    response = answers.found(request, body)
    if settled and not body["total"]:
        response.background = BackgroundTask(misses.keep, desk, q, answers.actor_of(request).client)
    return response


@public.get(
    "/{slug}", response_model=wire.ArticleOut, responses={301: {"description": "The article has another slug now."}}
)
async def get_article(request: Request, slug: str) -> Response:
    """A published article. A slug that it had before redirects to the present one."""

    def query(tx: Connection) -> Any:
        row = access.get_published(tx, slug)
        return wire.article(row, queries.related(tx, row))

    article = await services(request).store.read_slow(query)
    if article["slug"] == slug:
        return answers.found(request, article)
    place = request.url_for("get_article", slug=article["slug"]).path
    # Not for ever: another article may take the slug over.
    return Response(status_code=301, headers={"Location": place, "Cache-Control": "no-cache"})


@public.post("/{slug}/helpful", response_model=wire.CountsOut, responses=answers.refusals(429))
async def vote(request: Request, slug: str, new: NewVote) -> Response:
    """Say whether the article helped, and why. One vote a person, or a browser without login; the last word counts."""
    actor, settings = answers.actor_of(request), services(request).settings
    given = request.cookies.get(voters.COOKIE, "")
    browser = voters.browser_of(given)

    def work(tx: Connection) -> Any:
        return wire.counts(votes.vote(tx, actor, slug, new, browser=browser))

    limit = None if actor.user_id else ("votes", settings.limit_votes)
    response = await answers.act(request, work, limit=limit, limit_key=f"ip:{actor.client.network}")
    if actor.user_id is None and browser != given:
        voters.remember(response, settings, browser)
    return response


@staff.get("", response_model=wire.StaffArticles)
async def list_articles(
    request: Request,
    status: Annotated[StatusIn | None, Query(description="`draft` or `published`.")] = None,
    category: params.Category = None,
    q: params.Text = None,
    page: params.Page = 1,
    per_page: params.PerPage = 20,
) -> Response:
    """All articles, drafts too, last changed first. `q` finds parts of words, titles that have them first."""
    asked = Filter(status=status, category=category, q=q, page=page, per_page=per_page)
    found = await services(request).store.read_slow(queries.list_all, answers.actor_of(request), asked)
    body = {
        "articles": [wire.listed(row) for row in found.rows],
        "total": found.total,
        "page": page,
        "per_page": per_page,
    }
    response = answers.found(request, body)
    response.headers.update(answers.links(request, page, per_page, found.total))
    return response


@staff.post("", status_code=201, response_model=wire.StaffArticle, responses=answers.refusals(409))
async def create_article(request: Request, new: NewArticle) -> Response:
    """Write an article. Without `slug` one is made from the title."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return wire.staff_article(ops.create(tx, actor, new))

    return await answers.act(request, work, status=201)


@staff.get("/{article_id}", response_model=wire.StaffArticle)
async def get_any_article(request: Request, article_id: str) -> Response:
    """An article, draft or published."""
    row = await services(request).store.read(access.get, answers.actor_of(request), article_id)
    article = wire.staff_article(row)
    return answers.found(request, article, etag=answers.versioned_etag(row.version, article))


@staff.patch("/{article_id}", response_model=wire.StaffArticle, responses=answers.refusals(409, 412))
async def change_article(
    request: Request, article_id: str, change: ArticleChange, if_match: params.IfMatch = None
) -> Response:
    """Edit, publish or unpublish. With `If-Match`, only if nobody changed the article since it was read."""
    actor, expected = answers.actor_of(request), answers.expected_version(if_match)

    def work(tx: Connection) -> Any:
        article = ops.change(tx, actor, access.lock(tx, actor, article_id), change, expected_version=expected)
        return wire.staff_article(article)

    return await answers.act(request, work)


@staff.delete("/{article_id}", status_code=204, response_class=Response)
async def delete_article(request: Request, article_id: str) -> Response:
    """Delete the article with its revisions and votes. To only hide it, make it a draft."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: ops.remove(tx, actor, access.lock(tx, actor, article_id)))


@staff.get("/{article_id}/votes", response_model=wire.VotesOut)
async def list_votes(
    request: Request,
    article_id: str,
    commented: Annotated[bool, Query(description="Only those that say something.")] = False,
    page: params.Page = 1,
    per_page: params.PerPage = 20,
) -> Response:
    """Who found the article helpful or not, and what they said, the latest first."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        article = access.get(tx, actor, article_id)
        rows, total = votes.list_votes(tx, actor, article, commented=commented, page=page, per_page=per_page)
        return {"votes": [wire.vote(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@staff.get("/{article_id}/revisions", response_model=wire.RevisionsOut)
async def list_revisions(
    request: Request, article_id: str, page: params.Page = 1, per_page: params.PerPage = 20
) -> Response:
    """What the article said, from the first revision on."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        article = access.get(tx, actor, article_id)
        rows, total = queries.list_revisions(tx, article.id, page=page, per_page=per_page)
        return {
            "revisions": [wire.revision(row) for row in rows],
            "total": total,
            "page": page,
            "per_page": per_page,
        }

    return await answers.read_slow(request, query)


@staff.post("/{article_id}/revisions/{number}/restore", response_model=wire.StaffArticle)
async def restore_revision(request: Request, article_id: str, number: str) -> Response:
    """Let the article say again what it said then. That is a new revision; address, category and status stay."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        if not _NUMBER.fullmatch(number):
            raise NotFound
        return wire.staff_article(ops.restore(tx, actor, access.lock(tx, actor, article_id), int(number)))

    return await answers.act(request, work)
