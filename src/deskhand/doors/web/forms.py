"""Forms: read as the act's own input type, done once however often they are sent."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from deskhand.doors.findings import field_errors
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import go
from deskhand.doors.web.visit import services, visit
from deskhand.kit import idempotency, limits
from deskhand.kit.errors import Invalid, Refusal, Unauthenticated
from deskhand.kit.idempotency import Answer
from deskhand.kit.limits import Rate

MAX_FILES = 10


async def fields(request: Request) -> FormData:
    """What was sent; the same each time it is asked for."""
    try:
        return await request.form(max_files=MAX_FILES, max_part_size=4 * 1024 * 1024)
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
        return kind.model_validate({**known, **more}), given, {}
    except ValidationError as problem:
        found = field_errors(problem.errors())
        return None, given, {item.field: say(visit(request).language, item.message) for item in found}


def messages(request: Request, refusal: Invalid) -> dict[str, str]:
    """What is to stand beside each field."""
    return {item.field: say(visit(request).language, item.message) for item in refusal.errors}


async def act(
    request: Request,
    work: Callable[[Connection], str],
    *,
    limit: tuple[str, Rate | None] | None = None,
    flash: str = "",
) -> Response:
    """Run `work` in one transaction and go where it says. A form that was sent twice does it once.

    `limit` is (name, rate), counted by the user or the address, in the same transaction: what is refused costs nothing.
    """
    desk, who = services(request), visit(request).actor
    caller = f"user:{who.user_id}" if who.user_id else f"ip:{who.client.network}"
    sent = await texts(request)
    once = sent.pop("once", "")[:64]
    said = sha256(repr((request.url.path, sorted(sent.items()))).encode("utf-8", "surrogatepass")).hexdigest()
    key = f"form:{once}:{said}" if once else ""

    def unit(tx: Connection) -> str:
        if key and (first := idempotency.replay(tx, caller, key, said)):
            return first.headers["Location"]
        if limit and not who.exempt:
            limits.spend(tx, limit[0], caller, limit[1])
        place = work(tx)
        if key:
            idempotency.keep(tx, caller, key, Answer(303, {"Location": place}, ""))
        return place

    return go(request, await desk.store.write(unit), flash=flash)


def require_session(request: Request) -> None:
    """Raises Unauthenticated for visitors."""
    if not visit(request).signed_in:
        raise Unauthenticated
