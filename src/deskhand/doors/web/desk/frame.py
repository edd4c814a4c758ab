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
from deskhand.tickets import contact, queries
from deskhand.tickets.model import Status
from deskhand.tickets.queries import Filter

_OPEN = (Status.OPEN,)


def frame(tx: Connection, actor: Actor) -> dict[str, Any]:
    """Values that `desk/layout.html` needs: `counts` by view, the saved `views`, and `rail_seen`, which changes as
    they do.
    """
    asked = {
        "mine": Filter(status=_OPEN, assignee=actor.user_id, per_page=1),
        "unassigned": Filter(status=_OPEN, assignee="none", per_page=1),
        "open": Filter(status=_OPEN, per_page=1),
        "pending": Filter(status=(Status.PENDING,), per_page=1),
    }
    counts = {view: queries.list_desk(tx, actor, filter_).total for view, filter_ in asked.items()}
    counts |= {"resolved": 0, "spam": contact.list_spam(tx, actor, limit=1, offset=0)[1]}
    return {"counts": counts, "views": [], "rail_seen": "-".join(map(str, counts.values()))}


async def rail(request: Request) -> Response:
    """Nothing where nothing has changed: what is swapped in loses the focus."""
    values = await services(request).store.read(frame, actor(request))
    if request.query_params.get("seen") == values["rail_seen"]:
        return Response(status_code=204)
    here = request.query_params.get("here", "")[:40]
    return render(request, "desk/layout.html", fragment="rail", here=here, **values)


routes = [Route("/desk/rail", page(rail, Role.AGENT), methods=["GET"])]
