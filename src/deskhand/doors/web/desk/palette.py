"""The palette: one field for tickets, people, articles and commands.

GET  /desk/palette   what fits; to htmx the list alone
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import queries as people
from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.rendering import render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.kb import queries as kb
from deskhand.kit.text import plain_line
from deskhand.tickets import queries, resolve
from deskhand.tickets.model import Ticket

_TICKETS, _PEOPLE, _ARTICLES = 6, 4, 4


async def palette(request: Request) -> Response:
    desk, who = services(request), actor(request)
    typed = plain_line(request.query_params.get("q", ""), 200)
    found = await desk.store.read_slow(_found, who, typed)
    if wants_fragment(request):
        return render(request, "desk/palette_list.html", fragment="found", **found)
    return render(request, "desk/palette.html", **await framed(request), **found)


def nothing_typed() -> dict[str, Any]:
    """What the palette shows before anything is typed: commands alone."""
    return {"typed": "", "tickets": [], "people": [], "articles": []}


def _found(tx: Connection, actor: Actor, typed: str) -> dict[str, Any]:
    if not typed:
        return nothing_typed()
    return {
        "typed": typed,
        "tickets": _tickets(tx, actor, typed),
        "people": people.find_users(tx, actor, typed, limit=_PEOPLE),
        "articles": kb.list_all(tx, actor, kb.Filter(q=typed, per_page=_ARTICLES)).rows,
    }


def _tickets(tx: Connection, actor: Actor, typed: str) -> list[Ticket]:
    asked = resolve.understand(tx, actor, typed).filter
    page = queries.list_desk(tx, actor, replace(asked, per_page=_TICKETS))
    return [row.ticket for row in page.rows]


routes = [Route("/desk/palette", page(palette, Role.AGENT), methods=["GET"])]
