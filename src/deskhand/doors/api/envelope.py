"""What surrounds every request: its id, its client, its size, its log line and metrics, and an answer to bugs."""

import re
import time
from functools import lru_cache
from http import HTTPMethod, HTTPStatus
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deskhand.doors.api import errors
from deskhand.doors.api.routers import SUPPORT
from deskhand.kit.addresses import Network, among, parse
from deskhand.kit.errors import NotFound, Refusal, TooLarge
from deskhand.kit.ids import new_id
from deskhand.kit.phrases import Phrase
from deskhand.kit.traffic import Traffic

MAX_JSON = 4 * 1024 * 1024  # bytes; the longest article, every character escaped, has half of it
MAX_FORM = 256 * 1024 * 1024  # of a page's form with files, ten of 25 MiB

_METHODS = frozenset(HTTPMethod)
_UPLOADS = f"{SUPPORT}/attachments"
_WITH_FILES = ("/support/", "/t/", "/desk/")

log = structlog.get_logger("deskhand.http")
registry = CollectorRegistry()
_requests = Counter("deskhand_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry)
_seconds = Histogram("deskhand_request_seconds", "Time to answer.", ["method", "route"], registry=registry)

# Unless an answer says something else.
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
_LINK = re.compile(r"\A(/(?:t|unsubscribe|contact/thanks)/)[^/]+")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class Envelope:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, proxies: tuple[Network, ...], traffic: Traffic) -> None:
        self.app = app
        self.proxies = proxies
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = _as_get(scope)
        started, headers = time.perf_counter(), Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        state = scope.setdefault("state", {})
        state["client_ip"] = client_ip(scope, headers, self.proxies)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == HTTPStatus.TEMPORARY_REDIRECT:
                    # The router's answer to a slash too many names the host as the client did, without a proxy's https.
                    there = MutableHeaders(scope=message)
                    there["Location"] = urlsplit(there["Location"])._replace(scheme="", netloc="").geturl()
                given = {name for name, _ in message["headers"]}
                ours = ((b"x-request-id", request_id.encode()), *_HEADERS)
                message["headers"] = [*message["headers"], *(pair for pair in ours if pair[0] not in given)]
            await send(message)

        try:
            with self.traffic:
                await self._answer(scope, receive, out, headers)
        finally:
            _observe(scope, status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, out: Send, headers: Headers) -> None:
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await out(message)

        try:
            _refuse_early(scope, headers)
            await self.app(scope, _bounded(receive, scope), noticing)
        except Refusal as refusal:
            if begun:
                raise
            answer = await errors.tell(Request(scope, receive), refusal)
            await answer(scope, receive, out)
        except Exception:
            log.exception("bug", method=scope["method"], path=_shown(scope))
            if begun:
                raise
            answer = await errors.tell(Request(scope, receive), errors.Unexpected())
            await answer(scope, receive, out)


def _as_get(scope: Scope) -> Scope:
    """HEAD is answered wherever GET is (RFC 9110, 9.3.2), by the same route; the server leaves the body out."""
    if scope["method"] != "HEAD" or not scope["path"].startswith("/api/v1/"):
        return scope
    return {**scope, "method": "GET", "state": {**scope.get("state", {}), "head": True}}


def client_ip(scope: Scope, headers: Headers, proxies: tuple[Network, ...]) -> str:
    """The client's address: the right-most hop that is no trusted proxy."""
    address = (scope.get("client") or ("", 0))[0]
    if proxies and among(address, proxies):
        hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
        for hop in reversed(hops):
            parsed = parse(hop)
            if parsed is None:
                break
            address = str(parsed)
            if not among(address, proxies):
                break
    return address[:64]


def _refuse_early(scope: Scope, headers: Headers) -> None:
    if "\x00" in scope["path"]:
        raise NotFound
    length, most = headers.get("content-length", ""), _most(scope)
    if length.isdecimal() and most is not None and int(length) > most:
        raise _too_large(most)


def _bounded(receive: Receive, scope: Scope) -> Receive:
    """Count what arrives, for a body may be longer than it said, or say nothing."""
    most = _most(scope)
    if most is None:
        return receive
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise _too_large(most)
        return message

    return counted


def _most(scope: Scope) -> int | None:
    """How large the body may be; None for an upload, which counts for itself against its own limit."""
    if scope["method"] == "POST" and scope["path"] == _UPLOADS:
        return None
    return MAX_FORM if scope["method"] == "POST" and scope["path"].startswith(_WITH_FILES) else MAX_JSON


def _too_large(most: int) -> TooLarge:
    return TooLarge(Phrase("The body is larger than {most} MiB.", most=most // (1024 * 1024)))


def _observe(scope: Scope, status: int, seconds: float) -> None:
    # What a client makes up is no label: each would be kept for good.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    count, time_taken = _series(method, getattr(scope.get("route"), "path", "none"), status)
    count.inc()
    time_taken.observe(seconds)
    log.info("request", method=scope["method"], path=_shown(scope), status=status, ms=round(seconds * 1000, 1))


def _shown(scope: Scope) -> str:
    """The path without a link's token: whoever reads a log must not come by what opens a ticket."""
    return _LINK.sub(r"\1…", scope["path"])


@lru_cache(4096)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _requests.labels(method, route, status), _seconds.labels(method, route)
