"""Forms: read as the act's own input type, done once however often they are sent."""

from collections.abc import AsyncIterator, Callable, Iterable
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from deskhand.accounts.actor import Actor
from deskhand.attachments import ops as attachments
from deskhand.attachments import wire
from deskhand.attachments.model import LIMITS
from deskhand.doors import uploads
from deskhand.doors.findings import field_errors
from deskhand.doors.preparing import prepare
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import go
from deskhand.doors.web.visit import services, visit
from deskhand.kit import idempotency, limits
from deskhand.kit.errors import Invalid, Refusal, TooLarge, TooMany, Unauthenticated
from deskhand.kit.idempotency import Answer
from deskhand.kit.limits import Rate

MAX_FILES = LIMITS.per_message
_CHUNK = 1024 * 1024


async def fields(request: Request) -> FormData:
    """What was sent; the same each time it is asked for."""
    try:
        return await request.form(max_files=3 * MAX_FILES, max_part_size=4 * 1024 * 1024)
    except HTTPException as problem:
        raise Refusal("This form could not be read.") from problem


async def texts(request: Request) -> dict[str, str]:
    """The fields that are no files, line ends as they are on the web's other side."""
    return {
        name: value.replace("\r\n", "\n")
        for name, value in (await fields(request)).items()
        if not isinstance(value, UploadFile)
    }


async def read_form(
    request: Request, kind: type[BaseModel], *, optional: Iterable[str] = (), **more: Any
) -> tuple[Any, dict[str, str], dict[str, str]]:
    """(the input or None, what was given, message by field): a form's fields as the act's own input type.

    Fields of another name do not count; those named in `optional` are left out where they are blank. `more` holds what
    no text field can say.
    """
    sent = await texts(request)
    given = {name: text for name, text in sent.items() if name in kind.model_fields}
    known = {name: text for name, text in given.items() if text.strip() or name not in optional}
    try:
        new = kind.model_validate({**known, **more})
    except ValidationError as problem:
        found = field_errors(problem.errors())
        return None, given, {item.field: say(visit(request).language, item.message) for item in found}
    await prepare(new)
    return new, given, {}


async def read_message(
    request: Request, kind: type[BaseModel], who: Actor, *, optional: Iterable[str] = (), **more: Any
) -> tuple[Any, dict[str, str], dict[str, str]]:
    """As `read_form`, for a form with a field `body` and, maybe, files in `files`. These are taken in first, and their
    links stand below what was typed: so a file alone is a message, and none is lost where something else is wrong."""
    lines, wrong = await take_files(request, who)
    typed = (await texts(request)).get("body", "")
    body = f"{typed.rstrip()}\n\n{lines}".lstrip("\n") if lines else typed
    new, given, errors = await read_form(request, kind, optional=optional, body=body, **more)
    return (None if wrong else new), given | {"body": body}, errors | wrong


async def take_files(request: Request, who: Actor, name: str = "files") -> tuple[str, dict[str, str]]:
    """(links, message by field): the files of a form become `who`'s, each with a line of Markdown that names it. What
    of them was refused is told beside their field."""
    # A browser sends a nameless, empty file where none was chosen.
    chosen = [file for file in (await fields(request)).getlist(name) if isinstance(file, UploadFile) and file.filename]
    if len(chosen) > MAX_FILES:
        return "", {name: say(visit(request).language, "A message may have at most 10 attachments.")}
    desk, lines, wrong = services(request), [], []
    for file in chosen:
        try:
            async with uploads.counted(desk, who):
                row = await attachments.upload(
                    desk.store,
                    desk.storage,
                    uploader_id=who.require_user(),
                    filename=file.filename or "",
                    chunks=chunks_of(file),
                )
            lines.append(wire.attachment(row)["markdown"])
        except (Invalid, TooLarge, TooMany) as refusal:
            wrong.append(f"{file.filename}: {say(visit(request).language, refusal.detail)}")
    return "\n".join(lines), {name: " ".join(wrong)} if wrong else {}


async def chunks_of(file: UploadFile) -> AsyncIterator[bytes]:
    """Its bytes, a part at a time."""
    while chunk := await file.read(_CHUNK):
        yield chunk


def messages(request: Request, refusal: Invalid) -> dict[str, str]:
    """What is to stand beside each field."""
    return {item.field: say(visit(request).language, item.message) for item in refusal.errors}


async def act(
    request: Request,
    work: Callable[[Connection], str],
    *,
    limit: tuple[str, Rate | None] | None = None,
    flash: str = "",
    who: Actor | None = None,
) -> Response:
    """Run `work` in one transaction and go where it says. A form that was sent twice does it once.

    `limit` is (name, rate), counted by the user or the address, in the same transaction: what is refused costs nothing.
    `who` acts, where it is not whoever is signed in.
    """

    def see_other(tx: Connection) -> Answer:
        return Answer(303, {"Location": work(tx)}, "")

    answer = await once(request, see_other, limit=limit, who=who)
    return go(request, answer.headers["Location"], flash=flash)


async def once(
    request: Request,
    work: Callable[[Connection], Answer],
    *,
    limit: tuple[str, Rate | None] | None = None,
    who: Actor | None = None,
    secret: bool = False,
) -> Answer:
    """As `act`, for a form that leads to no other place: what `work` answered first is answered again.

    `secret` says that the answer must not be kept in the clear for that.
    """
    desk, who = services(request), who or visit(request).actor
    caller = f"user:{who.user_id}" if who.user_id else f"ip:{who.client.network}"
    sent = {name: _named(value) for name, value in (await fields(request)).items()}
    number = sent.pop("once", "")[:64]
    said = sha256(repr((request.url.path, sorted(sent.items()))).encode("utf-8", "surrogatepass")).hexdigest()
    key = f"form:{number}:{said}" if number else ""

    def unit(tx: Connection) -> Answer:
        if key and (first := idempotency.replay(tx, caller, key, said)):
            return first
        if limit and not who.exempt:
            limits.spend(tx, limit[0], caller, limit[1])
        answer = work(tx)
        if key:
            idempotency.keep(tx, caller, key, answer, secret=secret)
        return answer

    return await desk.store.write(unit)


def _named(value: str | UploadFile) -> str:
    return f"{value.filename} {value.size}" if isinstance(value, UploadFile) else value


def require_session(request: Request) -> None:
    """Raises Unauthenticated for visitors."""
    if not visit(request).signed_in:
        raise Unauthenticated
