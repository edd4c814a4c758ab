"""The queue.

GET  /desk   tickets by view
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Role
from deskhand.doors.web.desk.frame import frame
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services


async def queue(request: Request) -> Response:
    values = await services(request).store.read(frame, actor(request))
    return render(request, "desk/queue.html", here=request.query_params.get("view", "unassigned"), **values)


routes = [Route("/desk", page(queue, Role.AGENT), methods=["GET"])]
