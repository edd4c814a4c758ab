"""A customer's API keys.

GET, POST /support/api-keys               by prefix; a new one, shown this once
POST      /support/api-keys/{id}/revoke
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import api_keys, wire
from deskhand.accounts.actor import Role, Scope
from deskhand.accounts.model import NewApiKey
from deskhand.doors.web.forms import act, fields, once, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.portal.trial import Trial
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.clock import DAY, now, rfc3339
from deskhand.kit.errors import NotFound
from deskhand.kit.idempotency import Answer
from deskhand.kit.ids import parse_id

_PLACE = "/support/api-keys"
_SCOPES = (Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.PREFERENCES)
_DAYS = ("30", "90", "365")


async def keys(request: Request) -> Response:
    if request.method != "POST":
        return await _page(request, Trial(), _SCOPES)
    scopes = [str(scope) for scope in (await fields(request)).getlist("scopes")]
    more: dict[str, Any] = {"scopes": scopes or None}
    if (days := (await texts(request)).get("days", "")) in _DAYS:
        more["expires_at"] = rfc3339(now() + int(days) * DAY)
    trial = Trial(*await read_form(request, NewApiKey, **more))
    if not scopes:
        # The act takes none for all, which is not what empty boxes say.
        trial.refuse("scopes", say(visit(request).language, "Please tick at least one."))

    def work(tx: Connection) -> Answer:
        return Answer(200, {}, api_keys.create(tx, actor(request), trial.new)[1])

    made = ""
    if not trial.errors:
        with trial.hearing(request):
            limit = ("keys", services(request).settings.limit_keys)
            made = (await once(request, work, limit=limit, secret=True)).body
    return await _page(request, trial, scopes, made, days)


async def revoke(request: Request) -> Response:
    who, key_id = actor(request), parse_id(request.path_params["id"])
    if key_id is None:
        raise NotFound

    def work(tx: Connection) -> str:
        api_keys.revoke(tx, who, key_id)
        return _PLACE

    return await act(request, work, flash="Revoked: the key opens nothing any more.")


async def _page(request: Request, trial: Trial, scopes: Any, made: str = "", days: str = "90") -> Response:
    rows = await services(request).store.read(api_keys.list_for, actor(request))
    if made:
        trial.given, trial.headers = {}, {"Cache-Control": "no-store"}
    shown = {"keys": [wire.api_key(row) for row in rows], "scopes": scopes, "made": made, "days": days}
    return trial.render(request, "portal/api_keys.html", choices=_SCOPES, **shown)


routes = [
    Route(_PLACE, page(keys, Role.CUSTOMER), methods=["GET", "POST"]),
    Route(f"{_PLACE}/{{id}}/revoke", page(revoke, Role.CUSTOMER), methods=["POST"]),
]
