"""The help centre: what there is, by category and by search.

GET /help                        search, what helped most readers, categories with their first articles
GET /help/search?q=              articles that answer it; of htmx's asking the list under the field
GET /help/categories/{slug}      all articles of a category; `-` holds those in none
"""

from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.doors import misses
from deskhand.doors.web.rendering import render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.kb import queries, shelves, wire
from deskhand.kb.queries import Found, FoundPage
from deskhand.kit.errors import NotFound

_ON_FRONT, _POPULAR, _PER_PAGE = 5, 6, 50
_AT_FIRST, _AT_MOST = 20, 50  # results
_IN_LIST, _SUGGESTED = 5, 4
_MARK = Markup("<mark>{}</mark>")


async def home(request: Request) -> Response:
    desk = services(request)
    return render(request, "help/home.html", base_url=desk.settings.base_url, **await desk.store.read_slow(_front))


async def search(request: Request) -> Response:
    """`subject` asks as well, for forms that suggest articles while one is typed; `all` for as many as there may be.
    `settled` says of a fragment's asking that nothing more was typed: what is asked for in vain is told to staff."""
    desk, asked = services(request), request.query_params.get
    q = " ".join((asked("q") or asked("subject") or "").replace("\0", " ").split())[:1000]
    if wants_fragment(request):
        block, limit = ("suggestions", _SUGGESTED) if "subject" in request.query_params else ("hits", _IN_LIST)
    else:
        block, limit = None, _AT_MOST if "all" in request.query_params else _AT_FIRST
    shown: dict[str, Any] = {"q": q, "found": [], "total": 0, "popular": []}
    if q or block is None:
        again = await desk.store.read(_found_again, q, limit)
        shown |= again or await desk.store.read_slow(_found, q, limit)
    if block:
        response = render(request, "help/hits.html", fragment=block, **shown)
    else:
        more = len(shown["found"]) < min(shown["total"], _AT_MOST)
        response = render(request, "help/results.html", more=more, **shown)
    if q and not shown["total"] and (block is None or "settled" in request.query_params):
        response.background = BackgroundTask(misses.keep, desk, q, actor(request).client)
    return response


async def category(request: Request) -> Response:
    number = request.query_params.get("page", "1")
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:6]) < 10_000):
        raise NotFound
    asked = {"page": int(number), "per_page": _PER_PAGE}
    desk = services(request)
    shelf = await desk.store.read_slow(shelves.shelf, request.path_params["slug"], **asked)
    return render(request, "help/category.html", shelf=shelf, base_url=desk.settings.base_url, **asked)


def _front(tx: Connection) -> dict[str, Any]:
    popular = queries.search(tx, "", limit=_POPULAR)
    return {"shelves": shelves.front(tx, most=_ON_FRONT), "popular": [row.article for row in popular.rows]}


def _found(tx: Connection, q: str, limit: int) -> dict[str, Any]:
    page = queries.search(tx, q, limit=limit)
    popular = queries.search(tx, "", limit=_SUGGESTED).rows if q and not page.rows else []
    return _page(page) | {"popular": [row.article for row in popular]}


def _found_again(tx: Connection, q: str, limit: int) -> dict[str, Any] | None:
    """As `_found` where the answer is at hand and no comfort is needed: that takes no thread."""
    page = queries.recall(tx, q, limit=limit)
    return _page(page) if page and page.rows else None


def _page(page: FoundPage) -> dict[str, Any]:
    return {"found": [_shown(row) for row in page.rows], "total": page.total}


def _shown(row: Found) -> dict[str, Any]:
    """The wire's shape, with `extract`: what of the text answers, the words that match in it marked."""
    text, end, parts = row.snippet.text, 0, []
    for start, stop in row.snippet.spans:
        parts += [text[end:start], _MARK.format(text[start:stop])]
        end = stop
    extract = Markup("").join([*parts, text[end:]]) if text else row.article.summary
    return {**wire.found(row), "extract": extract}


routes = [
    Route("/help", page(home), methods=["GET"]),
    Route("/help/search", page(search), methods=["GET"]),
    Route("/help/categories/{slug}", page(category), methods=["GET"]),
]
