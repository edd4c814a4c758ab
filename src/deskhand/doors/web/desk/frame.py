"""What stands around every page of the desk: the rail with its views and their counts, and what is on its way.

GET  /desk/rail   the rail's views anew, while a page is open
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk import notices
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import services, visit
from deskhand.tickets import counts, held
from deskhand.views import queries as views


async def framed(
    request: Request, fn: Callable[..., dict[str, Any]] | None = None, *args: Any, slow: bool = False
) -> dict[str, Any]:
    """What `fn(tx, actor, *args)` finds for a page of the desk, with its `frame`, read at one moment."""
    seen, store = visit(request), services(request).store

    def work(tx: Connection) -> dict[str, Any]:
        return frame(tx, seen.actor, seen.zone) | (fn(tx, seen.actor, *args) if fn else {})

    return await (store.read_slow if slow else store.read)(work)


def frame(tx: Connection, actor: Actor, zone: str) -> dict[str, Any]:
    """Values that `desk/layout.html` needs, for every page of the desk: those of its rail, and `pending_acts`."""
    return _rail(tx, actor, zone) | {"pending_acts": notices.of(tx, held.by_author(tx, actor))}


async def rail(request: Request) -> Response:
    """Nothing where nothing has changed: what is swapped in loses the focus."""
    seen = visit(request)
    values = await services(request).store.read(_rail, seen.actor, seen.zone)
    if request.query_params.get("seen") == values["rail_seen"]:
        return Response(status_code=204)
    here = request.query_params.get("here", "")[:40]
    return render(request, "desk/layout.html", fragment="rail", here=here, **values)


def _rail(tx: Connection, actor: Actor, zone: str) -> dict[str, Any]:
    """`counts` by view, the saved `views`, and `rail_seen`, which changes as they do. Days are those of `zone`."""
    found, saved = counts.rail(tx, actor), views.counted(tx, actor, zone=ZoneInfo(zone))
    seen = [*found, *(f"{one.view.updated_at}.{one.count}" for one in saved)]
    return {
        "counts": found._asdict(),
        "views": [{**one.view._asdict(), "count": one.count} for one in saved],
        "rail_seen": sha256("-".join(map(str, seen)).encode()).hexdigest()[:16],
    }


routes = [Route("/desk/rail", page(rail, Role.AGENT), methods=["GET"])]
