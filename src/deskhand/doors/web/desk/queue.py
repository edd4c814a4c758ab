"""The queue.

GET   /desk           tickets by view and query
GET   /desk/news      how many have come since, and rows that have changed meanwhile
POST  /desk/density   narrow rows, or wide ones with more to read
"""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import queries as people
from deskhand.accounts.actor import Actor, Role
from deskhand.categories import queries as categories
from deskhand.doors import shapes
from deskhand.doors.web.desk import asking, lists
from deskhand.doors.web.desk.asking import Asked, Understood
from deskhand.doors.web.desk.frame import frame
from deskhand.doors.web.forms import texts
from deskhand.doors.web.rendering import go, local, render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, prefer, services, visit
from deskhand.kit.clock import now
from deskhand.tickets import counts, queries
from deskhand.tickets.ask import Part, Question
from deskhand.tickets.model import SORTS

DENSITY_COOKIE = "deskhand_density"
_SEEN = re.compile(r"([A-Z][A-Z0-9]{0,9}-[0-9]{1,12})\.([0-9]{1,9})", re.ASCII)
_MOST_SEEN = 300  # rows of a list scrolled very far; those above them are out of sight


async def queue(request: Request) -> Response:
    return await show(request, asking.asked(request, visit(request).zone))


async def show(request: Request, asked: Asked, status: int = 200, **more: Any) -> Response:
    """The list; to htmx, which asks for what follows below, its rows alone."""
    if wants_fragment(request) and status == 200:
        values = await _read(request, _rows, asked)
        return render(request, "desk/queue.html", fragment="rows", **values)
    values = await _read(request, _page, asked) | {"problem": "", "picked": ()} | more
    wide = request.cookies.get(DENSITY_COOKIE) == "wide"
    return render(request, "desk/queue.html", status, wide=wide, **values)


async def news(request: Request) -> Response:
    """Asked every few seconds by an open list; it says when it was read, and what it shows."""
    given = request.query_params
    asked = asking.asked(request, visit(request).zone)
    since, had = (int(text) if text.isdecimal() else 0 for text in (given.get("since", ""), given.get("had", "")))
    seen = {found[1]: int(found[2]) for text in given.getlist("v") if (found := _SEEN.fullmatch(text))}
    values = await _read(request, _news, asked, since, dict(list(seen.items())[-_MOST_SEEN:]))
    if values["fresh"] == had and not values["changed"]:
        return Response(status_code=204)
    return render(request, "desk/queue.html", fragment="news", picked=given.getlist("tickets"), **values)


async def density(request: Request) -> Response:
    sent = await texts(request)
    response = go(request, local(sent.get("next", ""), "/desk"))
    prefer(request, response, DENSITY_COOKIE, "wide" if sent.get("density") == "wide" else "narrow")
    return response


async def _read(request: Request, fn: Any, asked: Asked, *more: Any) -> dict[str, Any]:
    store = services(request).store
    return await (store.read_slow if asked.typed else store.read)(fn, actor(request), asked, *more)


def _page(tx: Connection, actor: Actor, asked: Asked) -> dict[str, Any]:
    understood = asking.understand(tx, actor, asked)
    question, known = understood.question, categories.list_all(tx)
    return {
        **frame(tx, actor, asked.zone),
        **_listed(tx, actor, asked, understood),
        "here": asked.view,
        "came_from": asked.url(),
        "name": understood.saved.name if understood.saved else "",
        "whole": understood.whole,
        "chips": _chips(asked, question),
        "misread": question.misread,
        "choices": _choices(asked, question, [row["slug"] for row in known if row["retired_at"] is None]),
        "sorts": [(sort, asked.url(question.put("sort", sort))) for sort in SORTS],
        "category_names": {row["slug"]: row["name"] for row in known},
        "categories": [row for row in known if row["retired_at"] is None],
        "team": people.team(tx),
        "since": now(),
        "fresh": 0,
        "changed": [],
    }


def _rows(tx: Connection, actor: Actor, asked: Asked) -> dict[str, Any]:
    return {**_listed(tx, actor, asked, asking.understand(tx, actor, asked)), "picked": ()}


def _listed(tx: Connection, actor: Actor, asked: Asked, understood: Understood) -> dict[str, Any]:
    filter_ = replace(understood.filter, per_page=asking.PER_PAGE, page=asked.page, cursor=asked.cursor)
    found = shapes.desk_page(tx, actor, filter_)
    return {
        "asked": asked,
        "tickets": lists.rows(tx, found["tickets"]),
        "total": found["total"],
        "more": _more(asked, found["next_cursor"], found["total"]),
        "sort": filter_.sort or SORTS[0],
        "ranked": filter_.q is not None and filter_.sort is None,
        "mixed": len(filter_.status) != 1,
    }


def _more(asked: Asked, cursor: str | None, total: int) -> str:
    """Where the list goes on; empty at its end."""
    if cursor:
        return asked.url(cursor=cursor)
    return asked.url(page=asked.page + 1) if not asked.cursor and asked.page * asking.PER_PAGE < total else ""


def _news(tx: Connection, actor: Actor, asked: Asked, since: int, seen: dict[str, int]) -> dict[str, Any]:
    filter_ = asking.understand(tx, actor, asked).filter
    newer = replace(filter_, since=max(since, filter_.since or 0))
    (fresh,) = counts.count(tx, actor, [newer]) if since else (0,)
    return {
        "asked": asked,
        "since": since,
        "fresh": fresh or 0,
        "changed": lists.rows(tx, shapes.desk_rows(tx, queries.changed(tx, actor, seen))),
        "mixed": len(filter_.status) != 1,
        "sort": filter_.sort or SORTS[0],
    }


def _chips(asked: Asked, question: Question) -> list[tuple[Part, str]]:
    """Each filter that was typed, and the address of the list without it."""
    shown = [(number, part) for number, part in enumerate(question.parts) if part.key not in ("", "sort")]
    return [(part, asked.url(question.without(number))) for number, part in shown]


def _choices(asked: Asked, question: Question, slugs: list[str]) -> dict[str, list[tuple[str, str, bool]]]:
    """(value, address, whether it is chosen) of filters that need no typing, by key."""
    offered = {
        "status": ["open", "pending", "resolved", "closed"],
        "priority": ["urgent", "high", "medium", "low"],
        "category": slugs,
        "is": ["unverified"],
    }
    chosen = {key: question.values(key) for key in offered}

    def way(key: str, value: str) -> str:
        return asked.url(question.put(key, *(() if value in chosen[key] else (value,))))

    return {key: [(one, way(key, one), one in chosen[key]) for one in values] for key, values in offered.items()}


routes = [
    Route("/desk", page(queue, Role.AGENT), methods=["GET"]),
    Route("/desk/news", page(news, Role.AGENT), methods=["GET"]),
    Route("/desk/density", page(density, Role.AGENT), methods=["POST"]),
]
