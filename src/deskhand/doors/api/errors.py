"""Refusals as RFC 9457 problem details: the one translator of the HTTP door.

`type` is a URL path into the documentation, `code` is stable, `detail` is for people. Whatever is not a refusal is a
bug: logged with its request id, answered 500 with nothing in it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from deskhand.doors.findings import field_errors
from deskhand.kit.errors import Invalid, NotFound, Refusal, Unauthenticated

log = structlog.get_logger("deskhand.http")

_HTTP = {
    400: ("bad_request", "Bad request"),
    405: ("method_not_allowed", "This method is not allowed here"),
    413: ("too_large", "This is too large"),
    415: ("unsupported_media_type", "This content type is not accepted"),
}
# Read by programs, or by nobody: no place for pages.
_NO_PAGES = ("/api/", "/static/", "/healthz", "/readyz", "/metrics")
# The same for every reason: a stranger learns nothing about which part of a credential was wrong.
_SIGN_IN = "Valid credentials are required: a session token, an API key or a signed-in browser."


Pages = Callable[[Request, Refusal], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Answer everything that is raised in the form of problem details."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def tell(request: Request, refusal: Refusal) -> Response:
    """The answer to what was refused outside of any route: below `/api` a problem, elsewhere a page."""
    pages: Pages | None = getattr(request.app.state, "pages", None)
    if pages is None or request.scope["path"].startswith(_NO_PAGES):
        return refused(refusal)
    try:
        return await pages(request, refusal)
    except Exception:  # the page needs the database, which may be what is wrong
        log.exception("no page to tell it on", status=refusal.status)
        return refused(refusal)


def problem(
    status: int, code: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """An `application/problem+json` response."""
    body = {
        "type": f"/api/docs#problem-{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    return Response(
        orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, "application/problem+json"
    )


def refused(refusal: Refusal) -> Response:
    """The answer to one refusal."""
    if isinstance(refusal, Unauthenticated):
        headers = {"WWW-Authenticate": 'Bearer realm="deskhand"'}
        return problem(401, Unauthenticated.code, Unauthenticated.title, _SIGN_IN, headers=headers)
    more = {"errors": _fields(refusal)} if isinstance(refusal, Invalid) else {}
    return problem(refusal.status, refusal.code, refusal.title, refusal.detail, headers=refusal.headers, **more)


class Unexpected(Refusal):
    """A bug: says nothing, for the log says all."""

    status = 500
    code = "internal"
    title = "Something went wrong on our side"

    def __init__(self) -> None:
        message = "It has been noted. Please try again later."
        super().__init__(message)


def invalid(errors: Sequence[Any]) -> Response:
    """The answer to pydantic's findings, each under its field's name."""
    listed = field_errors([{**error, "loc": _inside(error["loc"])} for error in errors])
    detail = "; ".join(f"{item.field}: {item.message}" for item in listed[:5])
    return refused(Invalid(detail, listed))


async def _refusal(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return refused(refusal)


async def _validation(_request: Request, failed: Exception) -> Response:
    assert isinstance(failed, RequestValidationError)
    return invalid(failed.errors())


async def _http(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    if isinstance(raised.__cause__, Refusal):  # raised while the framework read the body
        return refused(raised.__cause__)
    if raised.status_code == 404:
        return await tell(request, NotFound())
    code, title = _HTTP.get(raised.status_code, ("bad_request", "Bad request"))
    detail = "The body could not be read as JSON." if raised.status_code == 400 else title
    headers = {"Allow": ", ".join(_allowed(request))} if raised.status_code == 405 else dict(raised.headers or {})
    return problem(raised.status_code, code, title, detail, headers=headers)


def _allowed(request: Request) -> list[str]:
    """Every method that some route has at this path: the framework names those of the first one alone."""
    methods: set[str] = set()
    for route in request.app.router.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def _fields(refusal: Invalid) -> list[dict[str, str]]:
    return [{"field": item.field, "code": item.code, "message": item.message} for item in refusal.errors]


def _inside(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """`("body", "requester", "email")` is within `requester`; a number after `body` is where the JSON breaks."""
    return () if loc[0] == "body" and len(loc) == 2 and isinstance(loc[1], int) else loc[1:]
