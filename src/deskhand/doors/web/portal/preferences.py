"""What a customer wants to be told by mail.

GET, POST /support/preferences
"""

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Role
from deskhand.doors.web.forms import act, texts
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.notifications import preferences

_PLACE = "/support/preferences"


async def wanted(request: Request) -> Response:
    who = actor(request)
    if request.method != "POST":
        switches = await services(request).store.read(preferences.get, who.require_user())
        return render(request, "portal/preferences.html", switches=switches)
    sent = await texts(request)
    # A browser sends the boxes that are ticked and no others.
    change = preferences.PreferenceChange.model_validate({name: name in sent for name in preferences.DEFAULTS})

    def work(tx: Connection) -> str:
        preferences.change(tx, who, change)
        return _PLACE

    return await act(request, work, flash="Your choices are saved.")


routes = [Route(_PLACE, page(wanted, Role.CUSTOMER), methods=["GET", "POST"])]
