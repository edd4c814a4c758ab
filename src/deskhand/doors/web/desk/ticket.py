"""One ticket's workspace.

GET  /desk/tickets/{ref}                    thread, composer, and what is known of the customer
GET  /desk/tickets/{ref}/pulse              204 while nothing is new, else the page: who is here, what has come
POST /desk/tickets/{ref}/change             status, priority, category, assignee, subject, tags
POST /desk/tickets/{ref}/reply              held for ten seconds, then sent
POST /desk/tickets/{ref}/note
POST /desk/tickets/{ref}/compose            the composer anew: with a preview, or filled by a macro
POST /desk/tickets/{ref}/undo/{held_id}     take back what is on its way
POST /desk/tickets/{ref}/send/{held_id}     do not wait
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.services import Services
from deskhand.doors.web import threads
from deskhand.doors.web.desk import ticket_view
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, messages, read_message, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import go, render, wants_fragment, write
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.errors import Invalid, Stale
from deskhand.kit.markdown import render as render_markdown
from deskhand.macros import access as macro_access
from deskhand.macros import fill as macro_fill
from deskhand.macros import ops as macros
from deskhand.macros.model import Macro
from deskhand.tickets import access, glances, held, ops, presence
from deskhand.tickets.model import NewNote, NewStaffReply, StaffTicketChange, Ticket

_TEMPLATE = "desk/ticket.html"


async def show(request: Request) -> Response:
    return await _page(request)


async def pulse(request: Request) -> Response:
    """Asked every few seconds by an open page. `seen` is what it shows, `writing` whether something is being typed."""
    desk, who, ref = services(request), actor(request), _ref(request)
    seen = await desk.store.read(_seen, who, ref)
    await desk.store.write(presence.touch, who, seen["id"], writing=request.query_params.get("writing") == "1")
    if request.query_params.get("seen") == seen["mark"]:
        return Response(status_code=204)
    return await _page(request)


async def change(request: Request) -> Response:
    """One thing at a time, and only if nobody changed it since the page was read."""
    who, ref, sent = actor(request), _ref(request), await texts(request)
    given: dict[str, Any] = {name: value for name, value in sent.items() if name in StaffTicketChange.model_fields}
    if "tags" in given:
        given["tags"] = [tag.strip() for tag in given["tags"].split(",") if tag.strip()]
    if given.get("assignee_id") == "":
        given["assignee_id"] = None
    try:
        new = StaffTicketChange.model_validate(given)
    except ValueError:
        return await _page(request, 422, problem="This value cannot be set.")
    version = sent.get("version", "")
    expected = int(version) if version.isdecimal() and len(version) < 10 else None

    def work(tx: Connection) -> str:
        ops.change(tx, who, access.lock(tx, who, ref), new, expected_version=expected)
        return _place(ref)

    try:
        return await act(request, work)
    except Stale:
        return await _page(request, 412, stale=given)
    except Invalid as refusal:
        return await _page(request, 422, problem=refusal.detail)


async def reply(request: Request) -> Response:
    """Keep it for ten seconds, in which it can be taken back. What came in meanwhile is shown before."""
    desk, who, ref, sent = services(request), actor(request), _ref(request), await texts(request)
    new, given, errors = await read_message(request, NewStaffReply, who)
    thread = await desk.store.read(_seen, who, ref)
    if new is not None and sent.get("seen_messages", thread["messages"]) != thread["messages"]:
        return await _page(request, 409, given=given | {"macro": sent.get("macro", "")}, news=True)
    if new is not None:

        def work(tx: Connection) -> str:
            ticket = access.lock(tx, who, ref)
            held.hold_reply(tx, who, ticket, new, _armed(tx, desk, who, ticket, sent.get("macro", "")))
            return f"{_place(ref)}#latest"

        try:
            return await act(request, work)
        except Invalid as refusal:
            errors = messages(request, refusal)
    return await _page(request, 422, errors=errors, given=given)


async def note(request: Request) -> Response:
    who, ref = actor(request), _ref(request)
    new, given, errors = await read_message(request, NewNote, who)
    if new is not None:

        def work(tx: Connection) -> str:
            ops.add_note(tx, who, access.lock(tx, who, ref), new)
            return f"{_place(ref)}#latest"

        try:
            return await act(request, work)
        except Invalid as refusal:
            errors = messages(request, refusal)
    return await _page(request, 422, note_errors=errors, note=given)


async def compose(request: Request) -> Response:
    """The composer again: nothing is sent."""
    desk, who, sent = services(request), actor(request), await texts(request)
    given = {name: sent.get(name, "") for name in ("body", "status", "macro")}
    more: dict[str, Any] = {}
    if macro_id := sent.get("use"):
        ticket, macro = await desk.store.read(_with_macro, who, _ref(request), macro_id)
        if not macro.body.strip():
            return await _apply(request, macro_id)
        filled = await desk.store.read(macro_fill.fill, desk.settings, who, ticket, macro)
        given["body"] = "\n\n".join(filter(None, [given["body"].rstrip(), filled.text]))
        given |= {"macro": macro_id, "status": macro.actions.get("status") or given["status"]}
    if "preview" in sent:
        more = {"preview": render_markdown(given["body"])}
    if wants_fragment(request):
        values = await desk.store.read(_composer, who, _ref(request))
        return render(request, _TEMPLATE, fragment="reply_form", **values, **_EMPTY | more | {"given": given})
    return await _page(request, given=given, **more)


async def _apply(request: Request, macro_id: str) -> Response:
    """A macro without words is done at once."""
    desk, who, ref = services(request), actor(request), _ref(request)

    def work(tx: Connection) -> str:
        macros.apply(tx, desk.settings, who, access.lock(tx, who, ref), macro_access.get(tx, who, macro_id))
        return _place(ref)

    response = await act(request, work)
    if wants_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": response.headers["location"]})
    return response


async def undo(request: Request) -> Response:
    """Back into the composer with it."""
    desk, who = services(request), actor(request)
    back = await desk.store.write(held.take_back, who, request.path_params["held_id"])
    if back.kind != "reply":
        return go(request, _place(_ref(request)), flash="Undone.")
    given = {"body": back.given["body"], "status": back.given["status"]}
    return await _page(request, given=given, taken_back=True)


async def send(request: Request) -> Response:
    await services(request).store.write(held.send_now, actor(request), request.path_params["held_id"])
    return go(request, _place(_ref(request)))


_EMPTY: dict[str, Any] = {
    "problem": "",
    "stale": None,
    "news": False,
    "taken_back": False,
    "preview": "",
    "note": {},
    "note_errors": {},
}


async def _page(request: Request, code: int = 200, **more: Any) -> Response:
    seen = visit(request)
    values = await framed(request, _read, _ref(request), seen.language, seen.zone)
    if values["thread"] is None:
        values["thread"] = write(request, _TEMPLATE, "thread", values)
        threads.keep(values["thread_key"], values["thread"])
    if problem := more.get("problem"):
        more["problem"] = say(seen.language, problem)
    # A form that htmx sent is answered like a page: it takes from it what it needs, also from a refusal.
    return render(request, _TEMPLATE, code, **values, **_EMPTY | more)


def _read(tx: Connection, who: Any, ref: str, language: str, zone: str) -> dict[str, Any]:
    found = ticket_view.read(tx, who, ref, language, zone)
    return found | {"mark": _mark(found["ticket"], found["on_its_way"], found["others"])}


def _composer(tx: Connection, who: Any, ref: str) -> dict[str, Any]:
    return {"ticket": {"readable_id": access.get(tx, who, ref).readable_id}}


def _with_macro(tx: Connection, who: Actor, ref: str, macro_id: str) -> tuple[Ticket, Macro]:
    return access.get(tx, who, ref), macro_access.get(tx, who, macro_id)


def _armed(tx: Connection, desk: Services, who: Actor, ticket: Ticket, macro_id: str) -> StaffTicketChange | None:
    """What the macro that filled the composer does beside its words, which may have been changed since."""
    if not macro_id:
        return None
    return macro_fill.fill(tx, desk.settings, who, ticket, macro_access.get(tx, who, macro_id)).change


def _seen(tx: Connection, who: Any, ref: str) -> dict[str, Any]:
    """What an open page compares itself with."""
    ticket = access.get(tx, who, ref)
    others = presence.others(tx, who, ticket.id)
    mark = _mark({"version": ticket.version}, held.of_ticket(tx, ticket.id), others)
    return {"id": ticket.id, "mark": mark, "messages": str(glances.latest_of_others(tx, who, ticket.id))}


def _mark(ticket: Any, on_its_way: Any, others: Any) -> str:
    here = ",".join(f"{other.user_id[-6:]}{'w' if other.writing else ''}" for other in others)
    return f"{ticket['version']}.{len(on_its_way)}.{here}"


def _ref(request: Request) -> str:
    return request.path_params["ref"]


def _place(ref: str) -> str:
    return f"/desk/tickets/{ref}"


routes = [
    Route("/desk/tickets/{ref}", page(show, Role.AGENT), methods=["GET"]),
    Route("/desk/tickets/{ref}/pulse", page(pulse, Role.AGENT), methods=["GET"]),
    Route("/desk/tickets/{ref}/change", page(change, Role.AGENT), methods=["POST"]),
    Route("/desk/tickets/{ref}/reply", page(reply, Role.AGENT), methods=["POST"]),
    Route("/desk/tickets/{ref}/note", page(note, Role.AGENT), methods=["POST"]),
    Route("/desk/tickets/{ref}/compose", page(compose, Role.AGENT), methods=["POST"]),
    Route("/desk/tickets/{ref}/undo/{held_id}", page(undo, Role.AGENT), methods=["POST"]),
    Route("/desk/tickets/{ref}/send/{held_id}", page(send, Role.AGENT), methods=["POST"]),
]
