"""Changing many tickets at once, and ten seconds to think better of it.

POST  /desk/bulk                   a change of the tickets that were picked
GET   /desk/held/{held_id}         the notice that says what will happen, or has happened
POST  /desk/held/{held_id}/undo    take it back, or clear away what failed
POST  /desk/held/{held_id}/again   try again what failed
"""

from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.findings import field_errors
from deskhand.doors.web.desk import notices, queue
from deskhand.doors.web.desk.asking import Asked
from deskhand.doors.web.forms import act, fields, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import go, local, render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.errors import Invalid, NotFound
from deskhand.kit.text import plain_line
from deskhand.tickets import held
from deskhand.tickets.ask import MAX_QUERY
from deskhand.tickets.model import BulkChange

_ONE_OF = ("status", "priority", "category_slug")
_TAGS = ("add_tags", "remove_tags")


async def change(request: Request) -> Response:
    who, sent = actor(request), await texts(request)
    picked = [ref for ref in (await fields(request)).getlist("tickets") if isinstance(ref, str)]
    asked = _list_of(request, sent)

    def work(tx: Connection) -> str:
        made = held.hold_change(tx, who, picked, _change(sent))
        return _notice(made.id) + "?made=1" if wants_fragment(request) else asked.url()

    try:
        return await act(request, work)
    except (Invalid, NotFound) as refusal:
        if wants_fragment(request):
            raise
        problem = say(visit(request).language, refusal.detail)
        return await queue.show(request, asked, refusal.status, problem=problem, picked=picked)


async def notice(request: Request) -> Response:
    """What is on its way, once more until it has happened; that it has, or that it was taken back."""
    held_id = request.path_params["held_id"]
    if not wants_fragment(request):
        return go(request, "/desk")
    pending = await services(request).store.read(_pending, actor(request))
    mine = next((it for it in pending if it["id"] == held_id), None)
    undone, made = (name in request.query_params for name in ("undone", "made"))
    headers = {"HX-Trigger": "picked"} if made else {}
    values = {"it": mine, "undone": undone, "made": made}
    return render(request, "desk/notices.html", fragment="notice", headers=headers, **values)


async def undo(request: Request) -> Response:
    return await _decide(request, held.take_back, "?undone=1", flash="It was taken back: nothing has changed.")


async def again(request: Request) -> Response:
    return await _decide(request, held.send_now, "")


async def _decide(request: Request, decide: Any, more: str, *, flash: str = "") -> Response:
    held_id, back = request.path_params["held_id"], local((await texts(request)).get("next", ""), "/desk")

    def work(tx: Connection) -> str:
        decide(tx, actor(request), held_id)
        return _notice(held_id) + more if wants_fragment(request) else back

    return await act(request, work, flash="" if wants_fragment(request) else flash)


def _list_of(request: Request, sent: dict[str, str]) -> Asked:
    """The list that the form stands below."""
    typed = plain_line(sent.get("q", ""), MAX_QUERY)
    return Asked(sent.get("view", "")[:40] or "unassigned", typed, visit(request).zone)


def _change(sent: dict[str, str]) -> BulkChange:
    """What the form says. Raises Invalid."""
    given: dict[str, Any] = {name: sent[name] for name in _ONE_OF if sent.get(name)}
    given |= {name: _tags(sent[name]) for name in _TAGS if sent.get(name, "").strip(" ,")}
    if assignee := sent.get("assignee_id"):
        given["assignee_id"] = None if assignee == "none" else assignee
    try:
        return BulkChange.model_validate(given)
    except ValidationError as problem:
        raise Invalid(field_errors(problem.errors())[0].message) from problem


def _tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _notice(held_id: str) -> str:
    return f"/desk/held/{held_id}"


def _pending(tx: Connection, who: Actor) -> list[dict[str, Any]]:
    return notices.of(tx, held.by_author(tx, who))


routes = [
    Route("/desk/bulk", page(change, Role.AGENT), methods=["POST"]),
    Route("/desk/held/{held_id}", page(notice, Role.AGENT), methods=["GET"]),
    Route("/desk/held/{held_id}/undo", page(undo, Role.AGENT), methods=["POST"]),
    Route("/desk/held/{held_id}/again", page(again, Role.AGENT), methods=["POST"]),
]
