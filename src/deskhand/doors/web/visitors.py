"""Pages behind the links in mails to people without an account.

GET, POST /t/{token}                      a ticket: read and answer
GET       /t/{token}/attachments/{id}     a file of it
GET, POST /unsubscribe/{token}            hear no more of a ticket (RFC 8058: the mail program posts by itself)
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskhand.accounts.actor import SYSTEM, Actor, Client
from deskhand.attachments import access as files
from deskhand.attachments import queries as attachments
from deskhand.attachments import serving
from deskhand.attachments import wire as attachment_wire
from deskhand.doors.web.forms import messages, read_form
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import go, render
from deskhand.doors.web.shell import by_link
from deskhand.doors.web.visit import client_of, services, visit
from deskhand.kit import limits
from deskhand.kit.errors import Invalid, TooMany
from deskhand.notifications import preferences, urls
from deskhand.tickets import access, contact, ops, queries, wire
from deskhand.tickets.model import NewReply


async def thread(request: Request) -> Response:
    desk, actor = services(request), await _opened(request)
    if request.method != "POST":
        return render(request, "help/thread.html", **await desk.store.read(_thread, actor, _prefix(request)))
    new, given, errors = await read_form(request, NewReply)
    status, headers = 422, {}
    if new is not None:
        try:
            await desk.store.write(_reply, actor, new, desk.settings.limit_replies)
            return go(request, f"{_prefix(request)}#end")
        except Invalid as refusal:
            errors = messages(request, refusal)
        except TooMany as refusal:
            errors, status, headers = {"body": refusal.detail}, refusal.status, refusal.headers
    shown = await desk.store.read(_thread, actor, _prefix(request))
    response = render(request, "help/thread.html", status, errors=errors, given=given, **shown)
    response.headers.update(headers)
    return response


async def attachment(request: Request) -> Response:
    desk, actor = services(request), await _opened(request)
    file = await desk.store.read(
        files.get,
        id=request.path_params["attachment_id"],
        user_id=None,
        is_staff=False,
        may_read_ticket=lambda ticket_id: ticket_id == actor.ticket_id,
    )
    header = request.headers.get
    served = serving.serve(file, range_=header("range"), if_none_match=header("if-none-match"))
    if served.span is None:
        return Response(status_code=served.status, headers=served.headers)
    return StreamingResponse(await desk.storage.get_stream(served.key, served.span), served.status, served.headers)


async def unsubscribe(request: Request) -> Response:
    desk = services(request)
    user_id, ticket_id = desk.signer.read(request.path_params["token"], urls.SILENCE)
    # Neither GET nor HEAD changes anything: mail scanners follow every link.
    if request.method != "POST":
        return render(request, "account/unsubscribe.html", on_ticket=ticket_id is not None)
    await desk.store.write(preferences.silence, user_id, ticket_id)
    language = visit(request).language
    return render(
        request,
        "account/done.html",
        title=say(language, "Done"),
        detail=say(language, "You will get no more of these mails."),
        place="",
    )


async def _opened(request: Request) -> Actor:
    """Whoever holds the link reads the address it was sent to."""
    desk = services(request)
    (ticket_id,) = desk.signer.read(request.path_params["token"], urls.TICKET)
    client = client_of(request)
    actor = await desk.store.read(contact.come_back, ticket_id, client)
    return actor or await desk.store.write(_verified, ticket_id, client)


def _verified(tx: Connection, ticket_id: str, client: Client) -> Actor:
    """A ticket that was muted stays so, though whoever muted it may be a stand-in that goes now."""
    before = access.get(tx, SYSTEM, ticket_id).requester_id
    muted = preferences.is_muted(tx, before, ticket_id)
    actor = contact.open_link(tx, ticket_id, client)
    if muted:
        preferences.silence(tx, actor.require_user(), ticket_id)
    return actor


def _reply(tx: Connection, actor: Actor, new: NewReply, rate: limits.Rate | None) -> None:
    limits.spend(tx, "replies", f"user:{actor.user_id}", rate)
    ops.reply(tx, actor, access.lock(tx, actor, actor.ticket_id or ""), new)


def _thread(tx: Connection, actor: Actor, prefix: str) -> dict[str, Any]:
    ticket = access.get(tx, actor, actor.ticket_id or "")
    found = queries.thread(tx, ticket.id, notes=False)
    bound = attachments.by_messages(tx, [message.id for message in found])
    shown = [wire.message(message, bound) for message in found]
    for message in shown:
        # The API's addresses want a login, which whoever comes by a link has not.
        message["body_html"] = message["body_html"].replace(attachment_wire.URL, f"{prefix}/attachments/")
    return {"ticket": wire.ticket(ticket), "messages": shown}


def _prefix(request: Request) -> str:
    return f"/t/{request.path_params['token']}"


routes = [
    Route("/t/{token}", by_link(thread), methods=["GET", "POST"]),
    Route("/t/{token}/attachments/{attachment_id}", by_link(attachment), methods=["GET"]),
    Route("/unsubscribe/{token}", by_link(unsubscribe), methods=["GET", "POST"]),
]
