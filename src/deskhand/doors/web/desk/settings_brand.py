"""How the desk presents itself.

GET, POST /desk/settings/brand         name, colour, address
POST      /desk/settings/brand/logo    a picture, or none
"""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Role
from deskhand.brand import logos, ops
from deskhand.brand.model import BrandChange
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, fields, messages, read_form
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.errors import Invalid, TooLarge

_PLACE = "/desk/settings/brand"
_CHUNK = 64 * 1024


async def show(request: Request) -> Response:
    if request.method != "POST":
        return await _page(request)
    who, settings = actor(request), services(request).settings
    change, given, errors = await read_form(request, BrandChange)
    if change is None:
        return await _page(request, 422, errors=errors, given=given)

    def work(tx: Connection) -> str:
        ops.change(tx, who, settings, change)
        return _PLACE

    return await act(request, work, flash="Saved.")


async def logo(request: Request) -> Response:
    """A file is shown from now on; without one the name stands alone."""
    who, settings = actor(request), services(request).settings
    file = (await fields(request)).get("file")
    taken = None
    if isinstance(file, UploadFile) and file.filename:
        try:
            taken = await logos.take(_chunks(file))
        except Invalid as refusal:
            return await _page(request, 422, errors=messages(request, refusal))
        except TooLarge as refusal:
            return await _page(request, 413, errors={"file": say(visit(request).language, refusal.detail)})

    def work(tx: Connection) -> str:
        if taken:
            ops.set_logo(tx, who, settings, taken)
        else:
            ops.remove_logo(tx, who, settings)
        return _PLACE

    return await act(request, work, flash="Saved.")


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


async def _page(request: Request, code: int = 200, **more: Any) -> Response:
    values = await framed(request)
    return render(request, "desk/settings_brand.html", code, **values | more)


routes = [
    Route(_PLACE, page(show, Role.ADMIN), methods=["GET", "POST"]),
    Route(f"{_PLACE}/logo", page(logo, Role.ADMIN), methods=["POST"]),
]
