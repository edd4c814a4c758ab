"""Files.

POST   /attachments                    multipart, one part named `file`
GET    /attachments/{id}               for its uploader until it is bound, then for those who may read its ticket
GET    /attachments/{id}/thumbnail     of an image
"""

from collections.abc import Callable
from hashlib import sha256

import orjson
from fastapi import Request, Response
from sqlalchemy import Connection
from starlette.responses import StreamingResponse

from deskhand.accounts.actor import Actor, Role, Scope
from deskhand.attachments import access, ops, serving, wire
from deskhand.attachments.model import Attachment
from deskhand.attachments.serving import Served
from deskhand.doors import uploads
from deskhand.doors.api import answers
from deskhand.doors.api.auth import services
from deskhand.doors.api.multipart import FORM, file_part
from deskhand.doors.api.routers import SUPPORT, for_everyone, for_signed_in
from deskhand.doors.services import Services
from deskhand.kb import queries as kb
from deskhand.kit import idempotency
from deskhand.kit.errors import NotFound, Unauthenticated
from deskhand.kit.idempotency import Answer
from deskhand.tickets import access as ticket_access

uploading = for_signed_in("Attachments", SUPPORT, Scope.TICKETS_READ, Scope.TICKETS_WRITE)
downloads = for_everyone("Attachments")


@uploading.post(
    "/attachments",
    status_code=201,
    response_model=wire.Attachment,
    openapi_extra={"requestBody": FORM},
    responses=answers.refusals(413, 415, 429),
)
async def upload(request: Request) -> Response:
    """Upload a file of at most 25 MiB; put `markdown` of the answer into a message within a day to attach it."""
    desk, actor = services(request), answers.actor_of(request)
    key = answers.key_of(request)
    async with uploads.counted(desk, actor) as budget:
        part = await file_part(request)
        row = await ops.upload(
            desk.store, desk.storage, uploader_id=actor.require_user(), filename=part.filename, chunks=part.chunks
        )
        answer = await _settled(desk, uploads.key(actor), key, row)
    if answer.headers:  # a repeat does not count
        await uploads.refund(desk, actor)
    elif budget:
        answer = answer._replace(headers=budget.headers)
    return answers.response(answer.body.encode(), answer.status, answer.headers)


@downloads.get("/attachments/{attachment_id}", response_class=Response, responses=answers.FILE)
async def download(request: Request, attachment_id: str) -> Response:
    """The file. What a browser could run comes as a download that runs nothing."""
    header = request.headers.get
    file = await _file(request, attachment_id)
    served = serving.serve(
        file, range_=header("range"), if_range=header("if-range"), if_none_match=header("if-none-match")
    )
    return await _stream(request, served)


@downloads.get("/attachments/{attachment_id}/thumbnail", response_class=Response, responses=answers.FILE)
async def thumbnail(request: Request, attachment_id: str) -> Response:
    """A small picture of an image; 404 for other files."""
    file = await _file(request, attachment_id)
    served = serving.serve_thumbnail(file, if_none_match=request.headers.get("if-none-match"))
    if served is None:
        raise NotFound("There is no small picture of this file.")
    return await _stream(request, served)


async def _file(request: Request, attachment_id: str) -> Attachment:
    return await services(request).store.read(_readable, answers.actor_of(request), attachment_id)


def _readable(tx: Connection, actor: Actor, attachment_id: str) -> Attachment:
    """Raises NotFound for what the actor may not read, and Unauthenticated where signing in might help."""
    everyone = kb.attachment_is_public(tx, attachment_id)
    actor = actor if everyone else _within_scopes(actor)
    try:
        return access.get(
            tx,
            id=attachment_id,
            user_id=actor.user_id,
            is_staff=actor.is_staff,
            may_read_ticket=_may_read(tx, actor),
            public=everyone,
        )
    except NotFound:
        if actor.role is Role.VISITOR:
            raise Unauthenticated from None
        raise


def _within_scopes(actor: Actor) -> Actor:
    """An API key opens what it may read otherwise: with `staff:read` the team's files, else its owner's own."""
    if actor.scopes is None or (actor.is_staff and Scope.STAFF_READ in actor.scopes):
        return actor
    actor.require(Scope.TICKETS_READ)
    return actor.as_customer()


def _may_read(tx: Connection, actor: Actor) -> Callable[[str], bool]:
    def may(ticket_id: str) -> bool:
        try:
            ticket_access.get(tx, actor, ticket_id)
        except NotFound:
            return False
        return True

    return may


async def _settled(desk: Services, caller: str, key: str | None, row: Attachment) -> Answer:
    """The answer to this upload. One that repeats another, or misuses its key, is taken back."""
    answer = Answer(201, {}, orjson.dumps(wire.attachment(row)).decode())
    if key is None:
        return answer
    first = None
    try:
        first = await desk.store.write(_first_answer, caller, key, row, answer)
    finally:
        if first is not answer:
            await ops.discard(desk.store, desk.storage, row)
    return first


def _first_answer(tx: Connection, caller: str, key: str, row: Attachment, answer: Answer) -> Answer:
    """This upload's answer, or that of the one which came first with the same key."""
    fingerprint = sha256(f"upload {row.filename} {row.sha256}".encode()).hexdigest()
    first = idempotency.replay(tx, caller, key, fingerprint)
    if first is not None:
        return Answer(first.status, {"Idempotent-Replay": "true"}, first.body)
    idempotency.keep(tx, caller, key, answer)
    return answer


async def _stream(request: Request, served: Served) -> Response:
    if served.span is None:
        return Response(status_code=served.status, headers=served.headers)
    chunks = await services(request).storage.get_stream(served.key, served.span)
    return StreamingResponse(chunks, served.status, served.headers)
