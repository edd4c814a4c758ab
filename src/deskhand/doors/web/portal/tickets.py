"""A customer's tickets.

GET   /support   filtered, searched, paged
"""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.categories import queries as categories
from deskhand.categories import wire as category_wire
from deskhand.doors import shapes
from deskhand.doors.web.arrival import START, arriving
from deskhand.doors.web.rendering import render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.kb import queries as kb
from deskhand.kb import wire as kb_wire
from deskhand.kit.text import plain_line
from deskhand.tickets import counts
from deskhand.tickets.filters import Filter
from deskhand.tickets.model import Status

# What a customer tells apart: what somebody still has to do something about, and what is done.
SHOWN: dict[str, tuple[Status, ...]] = {
    "open": (Status.OPEN, Status.PENDING),
    "resolved": (Status.RESOLVED, Status.CLOSED),
    "all": (),
}
_PER_PAGE = 20
_ARTICLES = 4


async def tickets(request: Request) -> Response:
    """Whatever else the address says is left out of account: a link may be old, or cut off."""
    given = request.query_params.get
    status = given("status", "")
    asked = {
        "status": status if status in SHOWN else "open",
        "category": plain_line(given("category", ""), 120),
        "q": plain_line(given("q", ""), 500),
    }
    store = services(request).store
    shown = await (store.read_slow if asked["q"] else store.read)(_shown, actor(request), asked, _number(given("page")))
    fragment = "tickets" if wants_fragment(request) else None
    urls = {name: _url(asked | {"status": name}) for name in SHOWN}
    more = {"urls": urls, "more": f"{_url(asked)}{'&' if '?' in _url(asked) else '?'}page="}
    return render(request, "portal/tickets.html", fragment=fragment, asked=asked, **more, **shown)


def _shown(tx: Connection, who: Actor, asked: dict[str, str], page: int) -> dict[str, Any]:
    known = [category_wire.category(row) for row in categories.list_active(tx)]
    category = tuple(row["slug"] for row in known if row["slug"] == asked["category"])
    sort = None if asked["q"] else "-updated_at"
    filtered = Filter(SHOWN[asked["status"]], category, q=asked["q"] or None, sort=sort, page=page, per_page=_PER_PAGE)
    found = counts.own(tx, who)
    return {
        **shapes.own_page(tx, who, filtered),
        "counts": {name: sum(found.get(one, 0) for one in of or Status) for name, of in SHOWN.items()},
        "categories": known,
        # Whoever has no tickets yet may find that somebody has answered already.
        "articles": [] if found else [kb_wire.found(row) for row in kb.search(tx, "", limit=_ARTICLES).rows],
    }


def _url(asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value and (name, value) != ("status", "open")})
    return f"/support?{query}" if query else "/support"


def _number(text: str | None) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 1


routes = [Route(START, arriving(page(tickets, Role.CUSTOMER)), methods=["GET"])]
