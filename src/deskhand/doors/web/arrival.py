"""Arriving from the host product: `?token=…` in a page's address becomes a session, and the address a clean one."""

from starlette.requests import Request
from starlette.responses import Response

from deskhand.doors import signing_in
from deskhand.doors.web.rendering import go, render
from deskhand.doors.web.shell import Page, by_link
from deskhand.doors.web.visit import client_of, remember, services
from deskhand.kit.errors import NotFound, Unauthenticated

START = "/support"


def arriving(handler: Page) -> Page:
    """`handler`, at whose address people may arrive with a token."""

    async def answered(request: Request) -> Response:
        # Nothing but a GET uses it up: whoever asks by HEAD only looks where a link leads.
        given = request.method == "GET" and "token" in request.query_params
        return await (_arrive if given else handler)(request)

    return answered


async def _arrived(request: Request) -> Response:
    token = request.query_params["token"]
    try:
        arrived = await signing_in.arrive(services(request), token, client_of(request))
    except (NotFound, Unauthenticated):  # one answer, whatever is wrong with it
        return render(request, "portal/arrival.html", 401)
    here = request.url.remove_query_params("token")
    there = f"{here.path}?{here.query}" if here.query else here.path
    # A link says itself where it leads; a host's own token may stand at any page's address.
    response = go(request, arrived.return_to if there == START else there)
    remember(request, response, arrived.jwt)
    return response


_arrive = by_link(_arrived)
