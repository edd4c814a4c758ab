"""The knowledge base from inside.

GET       /desk/kb                                all articles by category, drafts too; `q`, `status`
GET, POST /desk/kb/new                            write one
GET, POST /desk/kb/{article_id}                   edit, publish, take back
POST      /desk/kb/preview                        what a text will look like
POST      /desk/kb/{article_id}/delete
"""

from itertools import groupby
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.categories import queries as categories
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, messages, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kb import access, ops, queries, wire
from deskhand.kb.model import ArticleChange, NewArticle, Status
from deskhand.kb.queries import Filter
from deskhand.kb.slugs import SlugTaken
from deskhand.kit.errors import Invalid, Stale
from deskhand.kit.markdown import render as render_markdown

_MOST = 100
_EDITOR = "desk/kb_editor.html"
_MESSAGES = {None: "Saved.", Status.DRAFT: "Kept as a draft.", Status.PUBLISHED: "Published."}
_BLANK = {
    "id": "",
    "title": "",
    "slug": "",
    "summary": "",
    "body": "",
    "category_slug": "",
    "status": "draft",
    "version": 0,
}


async def show(request: Request) -> Response:
    given = request.query_params.get
    page_ = given("page", "1")
    asked = Filter(
        status=Status(given("status", "")) if given("status", "") in set(Status) else None,
        q=(given("q") or "").strip()[:200].replace("\x00", "") or None,
        page=int(page_) if page_.isdecimal() and 0 < len(page_) < 7 and int(page_) else 1,
        per_page=_MOST,
    )
    values = await framed(request, _list, asked, slow=True)
    return render(request, "desk/kb.html", asked=asked, **values)


async def new(request: Request) -> Response:
    if request.method != "POST":
        title = request.query_params.get("title", "")[:255]
        return await _editor(request, _BLANK | {"title": title})
    who, status = actor(request), await _wanted_status(request) or Status.DRAFT
    made, given, errors = await read_form(
        request, NewArticle, optional=("slug", "category_slug", "status"), status=status
    )
    if made is not None:

        def work(tx: Connection) -> str:
            return f"/desk/kb/{ops.create(tx, who, made).id}"

        try:
            return await act(request, work, flash=_MESSAGES[status])
        except (Invalid, SlugTaken) as refusal:
            errors = _beside(request, refusal)
    return await _editor(request, _BLANK, 422, given=given, errors=errors)


async def edit(request: Request) -> Response:
    desk, who, article_id = services(request), actor(request), request.path_params["article_id"]
    article = wire.staff_article(await desk.store.read(access.get, who, article_id))
    if request.method != "POST":
        return await _editor(request, article)
    status, sent = await _wanted_status(request), await texts(request)
    more: dict[str, Any] = {"status": status} if status else {}
    if not sent.get("category_slug"):
        more["category_slug"] = None
    change, given, errors = await read_form(request, ArticleChange, optional=("slug", "status"), **more)
    version = sent.get("version", "")
    expected = int(version) if version.isdecimal() and len(version) < 10 else None
    if change is not None:

        def work(tx: Connection) -> str:
            ops.change(tx, who, access.lock(tx, who, article_id), change, expected_version=expected)
            return f"/desk/kb/{article_id}"

        try:
            return await act(request, work, flash=_MESSAGES[status])
        except Stale:
            return await _editor(request, article, 412, given=given, stale=True)
        except (Invalid, SlugTaken) as refusal:
            errors = _beside(request, refusal)
    return await _editor(request, article, 422, given=given, errors=errors)


async def preview(request: Request) -> Response:
    body = (await texts(request)).get("body", "")
    return render(request, _EDITOR, fragment="preview", preview=render_markdown(body, headings=True))


async def delete(request: Request) -> Response:
    who, article_id = actor(request), request.path_params["article_id"]

    def work(tx: Connection) -> str:
        ops.remove(tx, who, access.lock(tx, who, article_id))
        return "/desk/kb"

    return await act(request, work, flash="The article is gone.")


async def _editor(request: Request, article: Any, code: int = 200, **more: Any) -> Response:
    values = await framed(request, _around)
    body = more.get("given", {}).get("body", article["body"])
    shown: dict[str, Any] = {"stale": False, "preview": render_markdown(body, headings=True), "article": article} | more
    return render(request, _EDITOR, code, **values | shown)


async def _wanted_status(request: Request) -> Status | None:
    """By the button that was pressed: save as it is, publish, or take back."""
    named = (await texts(request)).get("status", "")
    return Status(named) if named in set(Status) else None


def _beside(request: Request, refusal: Invalid | SlugTaken) -> dict[str, str]:
    if isinstance(refusal, Invalid):
        return messages(request, refusal)
    return {"slug": say(visit(request).language, refusal.title)}


def _around(tx: Connection, _who: Actor) -> dict[str, Any]:
    return {"categories": categories.list_active(tx)}


def _list(tx: Connection, who: Actor, asked: Filter) -> dict[str, Any]:
    found = queries.list_all(tx, who, asked)
    rows = [wire.listed(row) for row in found.rows]
    ordered = rows if asked.q else sorted(rows, key=lambda row: (row["category"] is None, row["category"] or ""))
    shelves = [(name, list(group)) for name, group in groupby(ordered, key=lambda row: row["category"])]
    return _around(tx, who) | {"shelves": [(None, rows)] if asked.q else shelves, "total": found.total}


routes = [
    Route("/desk/kb", page(show, Role.AGENT), methods=["GET"]),
    Route("/desk/kb/new", page(new, Role.AGENT), methods=["GET", "POST"]),
    Route("/desk/kb/preview", page(preview, Role.AGENT), methods=["POST"]),
    Route("/desk/kb/{article_id}", page(edit, Role.AGENT), methods=["GET", "POST"]),
    Route("/desk/kb/{article_id}/delete", page(delete, Role.AGENT), methods=["POST"]),
]
