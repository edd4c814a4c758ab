"""Macros: in the composer, and where they are written.

GET       /desk/macros/menu                      the composer's list; `ticket`
GET, POST /desk/settings/macros                  one's own and the team's; write one
POST      /desk/settings/macros/{macro_id}       change or delete it
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.queries import team
from deskhand.categories import queries as categories
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, messages, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.errors import Conflict, Invalid
from deskhand.macros import access, ops, queries
from deskhand.macros.model import MacroChange, NewMacro

_PLACE = "/desk/settings/macros"
_ACTIONS = ("status", "priority", "category_slug", "assignee")


async def menu(request: Request) -> Response:
    found, _ = await services(request).store.read(queries.list_for, actor(request))
    ticket = request.query_params.get("ticket", "")[:40]
    return render(request, "desk/macro_menu.html", macros=found, ticket=ticket)


async def show(request: Request) -> Response:
    if request.method != "POST":
        return await _page(request)
    who, sent = actor(request), await texts(request)
    new, given, errors = await read_form(request, NewMacro, optional=("position",), **_more(sent))
    if new is not None:
        errors = {}
        try:
            return await act(request, lambda tx: _made(tx, who, new), flash="Saved.")
        except (Invalid, Conflict) as refusal:
            errors = _beside(request, refusal)
    return await _page(request, 422, errors=_flat(errors), given=sent | given)


async def change(request: Request) -> Response:
    who, sent, macro_id = actor(request), await texts(request), request.path_params["macro_id"]
    if "delete" in sent:

        def remove(tx: Connection) -> str:
            ops.remove(tx, who, access.lock(tx, who, macro_id))
            return _PLACE

        return await act(request, remove, flash="The macro is gone.")
    wanted, given, errors = await read_form(request, MacroChange, optional=("position",), **_more(sent))
    if wanted is not None:

        def work(tx: Connection) -> str:
            ops.change(tx, who, access.lock(tx, who, macro_id), wanted)
            return _PLACE

        try:
            return await act(request, work, flash="Saved.")
        except (Invalid, Conflict) as refusal:
            errors = _beside(request, refusal)
    return await _page(request, 422, changing=macro_id, change_errors=_flat(errors), changed=sent | given)


def _made(tx: Connection, who: Actor, new: NewMacro) -> str:
    ops.create(tx, who, new)
    return _PLACE


def _more(sent: dict[str, str]) -> dict[str, Any]:
    """What the form says in fields of its own: the actions, of which those left alone are blank."""
    actions: dict[str, Any] = {name: sent[name] for name in _ACTIONS if sent.get(name)}
    if tags := [tag.strip() for tag in sent.get("add_tags", "").split(",") if tag.strip()]:
        actions["add_tags"] = tags
    return {"actions": actions, "shared": "shared" in sent}


def _flat(errors: dict[str, str]) -> dict[str, str]:
    """`actions.add_tags.0` stands beside `add_tags`."""
    return {name.removeprefix("actions.").split(".")[0]: text for name, text in errors.items()}


def _beside(request: Request, refusal: Invalid | Conflict) -> dict[str, str]:
    if isinstance(refusal, Invalid):
        return messages(request, refusal)
    return {"name": say(visit(request).language, refusal.detail)}


async def _page(request: Request, code: int = 200, **more: Any) -> Response:
    values = await framed(request, _read)
    empty: dict[str, Any] = {"changing": "", "change_errors": {}, "changed": {}}
    return render(request, "desk/settings_macros.html", code, **empty | values | more)


def _read(tx: Connection, who: Actor) -> dict[str, Any]:
    found, _ = queries.list_for(tx, who)
    return {"macros": found, "team": team(tx), "categories": categories.list_active(tx)}


routes = [
    Route("/desk/macros/menu", page(menu, Role.AGENT), methods=["GET"]),
    Route(_PLACE, page(show, Role.AGENT), methods=["GET", "POST"]),
    Route(f"{_PLACE}/{{macro_id}}", page(change, Role.AGENT), methods=["POST"]),
]
