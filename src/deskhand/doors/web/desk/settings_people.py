"""The team.

GET, POST /desk/settings/staff              who is in it; invite somebody
POST      /desk/settings/staff/{user_id}    role, access
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import people, queries, wire
from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.model import NewUser, UserChange
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, visit
from deskhand.kit.errors import Conflict, Invalid

_MOST = 200
_PLACE = "/desk/settings/staff"


async def show(request: Request) -> Response:
    if request.method != "POST":
        return await _page(request)
    who = actor(request)
    new, given, errors = await read_form(request, NewUser)
    if new is not None:

        def work(tx: Connection) -> str:
            people.invite(tx, who, new)
            return _PLACE

        try:
            return await act(request, work, flash="The invitation is on its way.")
        except people.EmailTaken as refusal:
            errors = {"email": say(visit(request).language, refusal.title)}
    return await _page(request, 422, errors=errors, given=given)


async def change(request: Request) -> Response:
    who, sent, user_id = actor(request), await texts(request), request.path_params["user_id"]
    given: dict[str, Any] = {"role": sent["role"]} if "role" in sent else {}
    if sent.get("disabled") in {"yes", "no"}:
        given["disabled"] = sent["disabled"] == "yes"
    try:
        wanted = UserChange.model_validate(given)
    except ValueError:
        raise Invalid("There is no such role.") from None

    def work(tx: Connection) -> str:
        people.change(tx, who, user_id, wanted)
        return _PLACE

    try:
        return await act(request, work, flash="Saved.")
    except Conflict as refusal:
        return await _page(request, refusal.status, problem=say(visit(request).language, refusal.detail))


async def _page(request: Request, code: int = 200, **more: Any) -> Response:
    values = await framed(request, _read)
    shown: dict[str, Any] = {"problem": "", **values, **more}
    return render(request, "desk/settings_staff.html", code, **shown)


def _read(tx: Connection, who: Actor) -> dict[str, Any]:
    found = [
        wire.user(row)
        for role in (Role.ADMIN, Role.AGENT)
        for row in queries.list_users(tx, who, role=role, q=None, limit=_MOST, offset=0)[0]
    ]
    return {"staff": found}


routes = [
    Route(_PLACE, page(show, Role.ADMIN), methods=["GET", "POST"]),
    Route(f"{_PLACE}/{{user_id}}", page(change, Role.ADMIN), methods=["POST"]),
]
