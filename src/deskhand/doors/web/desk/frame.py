"""What stands around every page of the desk: the rail with its views and their counts, and what is on its way.

GET  /desk/rail   the rail's views anew, while a page is open
"""

from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk import notices
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.tickets import counts, held
from deskhand.views import queries as views


def frame(tx: Connection, actor: Actor) -> dict[str, Any]:
    """Values that `desk/layout.html` needs, for every page of the desk: those of its rail, and `pending_acts`."""
    return _rail(tx, actor) | {"pending_acts": notices.of(tx, held.by_author(tx, actor))}


async def rail(request: Request) -> Response:
    """Nothing where nothing has changed: what is swapped in loses the focus."""
    values = await services(request).store.read(_rail, actor(request))
    if request.query_params.get("seen") == values["rail_seen"]:
        return Response(status_code=204)
    here = request.query_params.get("here", "")[:40]
    return render(request, "desk/layout.html", fragment="rail", here=here, **values)


def _rail(tx: Connection, actor: Actor) -> dict[str, Any]:
    """`counts` by view, the saved `views`, and `rail_seen`, which changes as they do."""
    found, saved = counts.rail(tx, actor), views.counted(tx, actor)
    seen = [*found, *(f"{one.view.updated_at}.{one.count}" for one in saved)]
    return {
        "counts": found._asdict(),
        "views": [{**one.view._asdict(), "count": one.count} for one in saved],
        "rail_seen": sha256("-".join(map(str, seen)).encode()).hexdigest()[:16],
    }


routes = [Route("/desk/rail", page(rail, Role.AGENT), methods=["GET"])]
