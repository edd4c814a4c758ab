"""Pages behind the links in mails to people without an account.

GET, POST /t/{token}                      a ticket: read and answer
GET       /t/{token}/attachments/{id}     a file of it; below that /thumbnail, a small picture
GET, POST /unsubscribe/{token}            hear no more of a ticket (RFC 8058: the mail program posts by itself)
"""

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskhand.accounts.actor import SYSTEM, Actor, Client
from deskhand.attachments import access as files
from deskhand.attachments import serving
from deskhand.attachments.model import Attachment
from deskhand.attachments.serving import Served
from deskhand.doors import shapes
from deskhand.doors.web.forms import act, messages, read_message
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import by_link
from deskhand.doors.web.visit import client_of, services, visit
from deskhand.kit.errors import Invalid, NotFound, TooMany
from deskhand.notifications import preferences, urls
from deskhand.tickets import access, contact, ops
from deskhand.tickets.model import NewReply


async def thread(request: Request) -> Response:
    desk, actor = services(request), await _opened(request)
    errors, given, status, headers = {}, {}, 200, {}
    if request.method == "POST":
        try:
            new, given, errors = await read_message(request, NewReply, actor)
            if new is not None:
                return await _reply(request, actor, new)
            status = 422
        except Invalid as refusal:
            errors, status = messages(request, refusal), refusal.status
        except TooMany as refusal:
            errors, status, headers = {"body": refusal.detail}, refusal.status, refusal.headers
    ticket = await desk.store.read(shapes.own_thread, actor, actor.ticket_id or "")
    shown = {"ticket": ticket, "place": f"{_prefix(request)}/attachments/"}
    return render(request, "help/thread.html", status, headers=headers, errors=errors, given=given, **shown)


async def _reply(request: Request, actor: Actor, new: NewReply) -> Response:
    def work(tx: Connection) -> str:
        ops.reply(tx, actor, access.lock(tx, actor, actor.ticket_id or ""), new)
        return f"{_prefix(request)}#end"

    limit = ("replies", services(request).settings.limit_replies)
    return await act(request, work, limit=limit, who=actor)


async def attachment(request: Request) -> Response:
    header = request.headers.get
    file = await _file(request)
    return await _stream(request, serving.serve(file, range_=header("range"), if_none_match=header("if-none-match")))


async def thumbnail(request: Request) -> Response:
    file = await _file(request)
    served = serving.serve_thumbnail(file, if_none_match=request.headers.get("if-none-match"))
    if served is None:
        raise NotFound
    return await _stream(request, served)


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


async def _file(request: Request) -> Attachment:
    actor = await _opened(request)
    return await services(request).store.read(
        files.get,
        id=request.path_params["attachment_id"],
        user_id=None,
        is_staff=False,
        may_read_ticket=lambda ticket_id: ticket_id == actor.ticket_id,
    )


async def _stream(request: Request, served: Served) -> Response:
    if served.span is None:
        return Response(status_code=served.status, headers=served.headers)
    chunks = await services(request).storage.get_stream(served.key, served.span)
    return StreamingResponse(chunks, served.status, served.headers)


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


def _prefix(request: Request) -> str:
    return f"/t/{request.path_params['token']}"


routes = [
    Route("/t/{token}", by_link(thread), methods=["GET", "POST"]),
    Route("/t/{token}/attachments/{attachment_id}", by_link(attachment), methods=["GET"]),
    Route("/t/{token}/attachments/{attachment_id}/thumbnail", by_link(thumbnail), methods=["GET"]),
    Route("/unsubscribe/{token}", by_link(unsubscribe), methods=["GET", "POST"]),
]
