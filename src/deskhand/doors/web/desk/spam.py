"""What the contact form held back.

GET   /desk/spam                     newest first
POST  /desk/spam/{spam_id}/release   it was none: make a ticket of it
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.tickets import contact, staff_wire

PER_PAGE = 25
_LAST = 10_000


async def spam(request: Request) -> Response:
    values = await framed(request, _read, page_of(request))
    return render(request, "desk/spam.html", here="spam", **values)


async def release(request: Request) -> Response:
    settings, who, spam_id = services(request).settings, actor(request), parse_id(request.path_params["spam_id"])
    if spam_id is None:
        raise NotFound

    def work(tx: Connection) -> str:
        return f"/desk/tickets/{contact.release(tx, settings, who, spam_id).readable_id}"

    return await act(request, work, flash="It is a ticket now, and the visitor has been told of it.")


def page_of(request: Request) -> int:
    """The page that the address names; the first where it names none."""
    given = request.query_params.get("page", "")
    return min(max(int(given), 1), _LAST) if given.isdecimal() else 1


def _read(tx: Connection, who: Actor, number: int) -> dict[str, Any]:
    rows, total = contact.list_spam(tx, who, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    return {"spam": [staff_wire.spam(row) for row in rows], "total": total, "page": number, "per_page": PER_PAGE}


routes = [
    Route("/desk/spam", page(spam, Role.AGENT), methods=["GET"]),
    Route("/desk/spam/{spam_id}/release", page(release, Role.AGENT), methods=["POST"]),
]
