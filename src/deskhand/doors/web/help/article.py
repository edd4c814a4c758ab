"""One article of the help centre.

GET  /help/{slug}       the article; where it was once, a redirect
POST /help/{slug}       did it help, and what was missing
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from deskhand.doors import etags, voters
from deskhand.doors.web import assets
from deskhand.doors.web.forms import act, read_form, texts
from deskhand.doors.web.rendering import FLASH_COOKIE, render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kb import access, queries, votes, wire
from deskhand.kb.model import NewVote
from deskhand.kit.markdown import to_text, toc

_DESCRIBED = 160  # characters, of an article without a summary


async def article(request: Request) -> Response:
    slug = request.path_params["slug"]
    if request.method == "POST":
        return await _vote(request, slug)
    found = await services(request).store.read_slow(_article, slug)
    if found["slug"] != slug:
        # Not for ever: another article may take the slug over.
        return RedirectResponse(f"/help/{found['slug']}", 301, {"Cache-Control": "no-cache"})
    tag = _tag(request, found)
    if etags.matches(request.headers.get("if-none-match", ""), tag) and FLASH_COOKIE not in request.cookies:
        return Response(status_code=304, headers={"ETag": tag})
    said = request.query_params.get("helped", "")
    return render(request, "help/article.html", headers={"ETag": tag}, said=said, **_shown(request, found))


async def _vote(request: Request, slug: str) -> Response:
    desk, who = services(request), actor(request)
    helpful = (await texts(request)).get("helpful") == "true"
    new, given, errors = await read_form(request, NewVote, optional=("comment",), helpful=helpful)
    if new is None:
        shown = _shown(request, await desk.store.read_slow(_article, slug))
        more = {"said": "no", "errors": errors, "given": given, "fragment": _fragment(request)}
        return render(request, "help/article.html", 422, **more, **shown)
    cookie = request.cookies.get(voters.COOKIE, "")
    browser = voters.browser_of(cookie)

    def work(tx: Connection) -> str:
        votes.vote(tx, who, slug, new, browser=browser)
        return f"/help/{slug}?helped={_said(new)}#helped"

    response = await act(request, work, limit=None if who.user_id else ("votes", desk.settings.limit_votes))
    if part := _fragment(request):
        response = render(request, "help/article.html", fragment=part, said=_said(new), article={"slug": slug})
    if who.user_id is None and browser != cookie:
        voters.remember(response, desk.settings, browser)
    return response


def _fragment(request: Request) -> str | None:
    return "helped" if wants_fragment(request) else None


def _said(new: NewVote) -> str:
    return "yes" if new.helpful else "told" if new.comment else "no"


def _article(tx: Connection, slug: str) -> wire.ArticleOut:
    row = access.get_published(tx, slug)
    return wire.article(row, queries.related(tx, row))


def _shown(request: Request, found: wire.ArticleOut) -> dict[str, Any]:
    return {
        "article": found,
        "contents": [heading for heading in toc(found["body"]) if heading.level <= 3],
        "described": found["summary"] or " ".join(to_text(found["body"]).split())[:_DESCRIBED],
        "base_url": services(request).settings.base_url,
    }


def _tag(request: Request, found: wire.ArticleOut) -> str:
    """Of everything that the page shows: article, reader, ways of looking, brand, assets."""
    seen = visit(request)
    reader = (seen.actor.name, seen.actor.email, seen.actor.role, seen.csrf)
    shown = (found, reader, seen.language, seen.zone, seen.theme, seen.brand, assets.version(), request.url.query)
    return etags.tag_of(repr(shown).encode("utf-8", "replace"))


routes = [Route("/help/{slug}", page(article), methods=["GET", "POST"])]
