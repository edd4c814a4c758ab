"""What stands around every page of the desk: the rail with its views and their counts.

GET  /desk/rail   the rail's views anew, while a page is open
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.tickets import counts


def frame(tx: Connection, actor: Actor) -> dict[str, Any]:
    """Values that `desk/layout.html` needs: `counts` by view, the saved `views`, and `rail_seen`, which changes as
    they do.
    """
    counted = counts.rail(tx, actor)._asdict()
    return {"counts": counted, "views": [], "rail_seen": "-".join(map(str, counted.values()))}


async def rail(request: Request) -> Response:
    """Nothing where nothing has changed: what is swapped in loses the focus."""
    values = await services(request).store.read(frame, actor(request))
    if request.query_params.get("seen") == values["rail_seen"]:
        return Response(status_code=204)
    here = request.query_params.get("here", "")[:40]
    return render(request, "desk/layout.html", fragment="rail", here=here, **values)


routes = [Route("/desk/rail", page(rail, Role.AGENT), methods=["GET"])]
