"""Filing a ticket on a customer's behalf.

GET, POST  /desk/tickets/new   the form; `?for=` names the customer's e-mail
GET        /desk/people        people whose name or address begins so, to choose from while it is typed
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import queries as people
from deskhand.accounts.actor import Actor, Role
from deskhand.categories import queries as categories
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, messages, read_message, texts
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.kit.errors import Invalid
from deskhand.kit.text import plain_line
from deskhand.tickets import create
from deskhand.tickets.model import NewStaffTicket

_OPTIONAL = ("category_slug", "priority", "assignee_id")
_SUGGESTED = 8


async def new(request: Request) -> Response:
    settings, who = services(request).settings, actor(request)
    if request.method != "POST":
        return await _form(request, given={"email": plain_line(request.query_params.get("for", ""), 254)})
    sent = await texts(request)
    wanted, given, errors = await read_message(request, NewStaffTicket, who, optional=_OPTIONAL, **_people(sent))
    if wanted is not None:

        def work(tx: Connection) -> str:
            return f"/desk/tickets/{create.create_for(tx, settings, who, wanted).readable_id}"

        try:
            return await act(request, work, flash="The ticket is filed.")
        except Invalid as refusal:
            errors = messages(request, refusal)
    given |= {name: sent.get(name, "") for name in ("email", "name", "tags")}
    # `requester.email`, `tags.3`: each stands in one field of the form.
    named = {name.removeprefix("requester.").partition(".")[0]: text for name, text in errors.items()}
    return await _form(request, 422, given=given, errors=named)


async def suggest(request: Request) -> Response:
    typed = plain_line(request.query_params.get("email", ""), 120)
    found = await services(request).store.read(_suggested, actor(request), typed)
    return render(request, "desk/new_ticket.html", fragment="people", people=found)


def _people(sent: dict[str, str]) -> dict[str, Any]:
    """What the flat form says of whom the ticket is about, and of its tags."""
    requester = {"email": sent.get("email", "")} | ({"name": sent["name"]} if sent.get("name", "").strip() else {})
    return {"requester": requester, "tags": [tag.strip() for tag in sent.get("tags", "").split(",") if tag.strip()]}


async def _form(request: Request, status: int = 200, **more: Any) -> Response:
    values = await framed(request, _choices)
    return render(request, "desk/new_ticket.html", status, **values, **more)


def _choices(tx: Connection, _who: Actor) -> dict[str, Any]:
    return {"categories": categories.list_active(tx), "team": people.team(tx), "people": []}


def _suggested(tx: Connection, who: Actor, typed: str) -> list[Any]:
    found = people.find_users(tx, who, typed, limit=_SUGGESTED) if typed else []
    return [person for person in found if person["email"]]


routes = [
    Route("/desk/tickets/new", page(new, Role.AGENT), methods=["GET", "POST"]),
    Route("/desk/people", page(suggest, Role.AGENT), methods=["GET"]),
]
