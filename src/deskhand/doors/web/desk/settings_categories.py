"""What tickets are about.

GET, POST /desk/settings/categories               in their order; add one
POST      /desk/settings/categories/{slug}        rename, describe, retire, bring back, move
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.categories import ops, queries
from deskhand.categories.model import CategoryChange, NewCategory
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, visit
from deskhand.kit.errors import Conflict

_PLACE = "/desk/settings/categories"


async def show(request: Request) -> Response:
    if request.method != "POST":
        return await _page(request)
    who = actor(request)
    new, given, errors = await read_form(request, NewCategory, optional=("position",))
    if new is not None:

        def work(tx: Connection) -> str:
            ops.create(tx, who, new)
            return _PLACE

        try:
            return await act(request, work, flash="Added.")
        except ops.SlugTaken as refusal:
            errors = {"slug": say(visit(request).language, refusal.title)}
    return await _page(request, 422, errors=errors, given=given)


async def change(request: Request) -> Response:
    who, slug, sent = actor(request), request.path_params["slug"], await texts(request)
    if sent.get("move") in {"up", "down"}:
        return await act(request, lambda tx: _move(tx, who, slug, -1 if sent["move"] == "up" else 1))
    more: dict[str, Any] = {"retired": sent["retired"] == "yes"} if sent.get("retired") in {"yes", "no"} else {}
    wanted, _, errors = await read_form(request, CategoryChange, optional=("position", "retired"), **more)
    if wanted is None:
        return await _page(request, 422, changing=slug, change_errors=errors)

    def work(tx: Connection) -> str:
        ops.change(tx, who, slug, wanted)
        return _PLACE

    try:
        return await act(request, work, flash="Saved.")
    except Conflict as refusal:
        return await _page(request, refusal.status, problem=say(visit(request).language, refusal.detail))


def _move(tx: Connection, who: Actor, slug: str, by: int) -> str:
    """Change places with the neighbour; whoever's number that leaves wrong gets a new one."""
    order = [row["slug"] for row in queries.list_all(tx)]
    at = order.index(queries.get(tx, slug)["slug"])
    other = min(max(at + by, 0), len(order) - 1)
    order[at], order[other] = order[other], order[at]
    before = {row["slug"]: row["position"] for row in queries.list_all(tx)}
    for position, name in enumerate(order):
        if before[name] != position:
            ops.change(tx, who, name, CategoryChange(position=position))
    return _PLACE


async def _page(request: Request, code: int = 200, **more: Any) -> Response:
    values = await framed(request, _read)
    empty: dict[str, Any] = {"problem": "", "changing": "", "change_errors": {}}
    return render(request, "desk/settings_categories.html", code, **{**empty, **values, **more})


def _read(tx: Connection, _who: Actor) -> dict[str, Any]:
    return {"categories": [dict(row) for row in queries.list_all(tx)]}


routes = [
    Route(_PLACE, page(show, Role.ADMIN), methods=["GET", "POST"]),
    Route(f"{_PLACE}/{{slug}}", page(change, Role.ADMIN), methods=["POST"]),
]
