"""Saved views of the queue.

GET, POST /desk/settings/views             one's own and the team's; save one (`query` may come with the address)
POST      /desk/settings/views/{view_id}   change or delete it
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, messages, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, visit
from deskhand.kit.errors import Conflict, Invalid
from deskhand.views import access, ops, queries
from deskhand.views.model import NewView, ViewChange

_PLACE = "/desk/settings/views"


async def show(request: Request) -> Response:
    if request.method != "POST":
        query = request.query_params.get("query", "")[:500]
        return await _page(request, given={"query": query} if query else {})
    who, sent = actor(request), await texts(request)
    new, given, errors = await read_form(request, NewView, optional=("sort", "position"), shared="shared" in sent)
    if new is not None:
        try:
            return await act(request, lambda tx: f"/desk?view={ops.create(tx, who, new).id}", flash="Saved.")
        except Invalid as refusal:
            errors = messages(request, refusal)
        except Conflict as refusal:
            errors = {"name": say(visit(request).language, refusal.detail)}
    return await _page(request, 422, errors=errors, given=given)


async def change(request: Request) -> Response:
    who, sent, view_id = actor(request), await texts(request), request.path_params["view_id"]
    if "delete" in sent:

        def remove(tx: Connection) -> str:
            ops.remove(tx, who, access.lock(tx, who, view_id))
            return _PLACE

        return await act(request, remove, flash="The view is gone. Its tickets are where they were.")
    wanted, given, errors = await read_form(
        request, ViewChange, optional=("position",), shared="shared" in sent, sort=sent.get("sort") or None
    )
    if wanted is not None:

        def work(tx: Connection) -> str:
            ops.change(tx, who, access.lock(tx, who, view_id), wanted)
            return _PLACE

        try:
            return await act(request, work, flash="Saved.")
        except Invalid as refusal:
            errors = messages(request, refusal)
        except Conflict as refusal:
            errors = {"name": say(visit(request).language, refusal.detail)}
    return await _page(request, 422, changing=view_id, change_errors=errors, changed=given)


async def _page(request: Request, code: int = 200, **more: Any) -> Response:
    values = await framed(request, _read)
    shown: dict[str, Any] = {"changing": "", "change_errors": {}, "changed": {}, **values, **more}
    return render(request, "desk/settings_views.html", code, **shown)


def _read(tx: Connection, who: Actor) -> dict[str, Any]:
    return {"saved": queries.list_for(tx, who)}


routes = [
    Route(_PLACE, page(show, Role.AGENT), methods=["GET", "POST"]),
    Route(f"{_PLACE}/{{view_id}}", page(change, Role.AGENT), methods=["POST"]),
]
