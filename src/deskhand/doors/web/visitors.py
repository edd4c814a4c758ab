"""Pages behind the links in mails to people without an account.

GET, POST /t/{token}                      a ticket: as its customer's page, with all that can be done there
POST      /t/{token}/attachments          a file for the answer that is being written
GET       /t/{token}/attachments/{id}     a file of the ticket; below that /thumbnail, a small picture
GET, POST /unsubscribe/{token}            hear no more of a ticket (RFC 8058: the mail program posts by itself)
"""

from typing import Any

import orjson
from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskhand.accounts.actor import SYSTEM, Actor, Client
from deskhand.attachments import access as files
from deskhand.attachments import ops, serving, wire
from deskhand.attachments.model import Attachment
from deskhand.attachments.serving import Served
from deskhand.doors import uploads
from deskhand.doors.web.forms import chunks_of, fields
from deskhand.doors.web.languages import say
from deskhand.doors.web.portal import new
from deskhand.doors.web.portal import thread as ticket
from deskhand.doors.web.portal.way import Way, way
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import Page, by_link
from deskhand.doors.web.visit import client_of, services, visit
from deskhand.kit.errors import NotFound, Refusal
from deskhand.notifications import preferences, urls
from deskhand.tickets import access, contact


async def upload(request: Request) -> Response:
    """One file, for the page's script: answers JSON, as the API does."""
    desk, who = services(request), way(request).who
    file = (await fields(request)).get("file")
    if not isinstance(file, UploadFile):
        return _json(422, {"detail": say(visit(request).language, "The form has no file in `file`.")})
    arriving, name = chunks_of(file), file.filename or ""
    try:
        async with uploads.counted(desk, who):
            uploader = who.require_user()
            row = await ops.upload(desk.store, desk.storage, uploader_id=uploader, filename=name, chunks=arriving)
    except Refusal as refusal:
        return _json(refusal.status, {"detail": say(visit(request).language, refusal.detail)}, refusal.headers)
    return _json(201, wire.attachment(row))


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


def _json(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


async def _file(request: Request) -> Attachment:
    who = way(request).who
    return await services(request).store.read(
        files.get,
        id=request.path_params["attachment_id"],
        user_id=None,
        is_staff=False,
        may_read_ticket=lambda ticket_id: ticket_id == who.ticket_id,
    )


async def _stream(request: Request, served: Served) -> Response:
    if served.span is None:
        return Response(status_code=served.status, headers=served.headers)
    chunks = await services(request).storage.get_stream(served.key, served.span)
    return StreamingResponse(chunks, served.status, served.headers)


def opened(handler: Page) -> Page:
    """`handler` for the holder of a ticket's link, who reads the address it was sent to."""

    async def answered(request: Request) -> Response:
        desk, token, client = services(request), request.path_params["token"], client_of(request)
        (ticket_id,) = desk.signer.read(token, urls.TICKET)
        who = await desk.store.read(contact.come_back, ticket_id, client)
        who = who or await desk.store.write(_verified, ticket_id, client)
        request.state.way = Way(who, ticket_id, f"/t/{token}")
        return await handler(request)

    return by_link(answered)


def _verified(tx: Connection, ticket_id: str, client: Client) -> Actor:
    """A ticket that was muted stays so, though whoever muted it may be a stand-in that goes now."""
    before = access.get(tx, SYSTEM, ticket_id).requester_id
    muted = preferences.is_muted(tx, before, ticket_id)
    actor = contact.open_link(tx, ticket_id, client)
    if muted:
        preferences.silence(tx, actor.require_user(), ticket_id)
    return actor


routes = [
    Route("/t/{token}", opened(ticket.thread), methods=["GET", "POST"]),
    Route("/t/{token}/news", opened(ticket.news), methods=["GET"]),
    *(
        Route(f"/t/{{token}}/{act.__name__}", opened(act), methods=["POST"])
        for act in (ticket.close, ticket.reopen, ticket.rate, ticket.mute, new.preview)
    ),
    Route("/t/{token}/attachments", opened(upload), methods=["POST"]),
    Route("/t/{token}/attachments/{attachment_id}", opened(attachment), methods=["GET"]),
    Route("/t/{token}/attachments/{attachment_id}/thumbnail", opened(thumbnail), methods=["GET"]),
    Route("/unsubscribe/{token}", by_link(unsubscribe), methods=["GET", "POST"]),
]
