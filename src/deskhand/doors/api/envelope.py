"""What surrounds every request: its id, its client, its size, its log line and metrics, and an answer to bugs."""

import re
import time
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deskhand.doors.api import errors
from deskhand.kit.errors import NotFound, Refusal, TooLarge
from deskhand.kit.ids import new_id

MAX_JSON = 4 * 1024 * 1024  # bytes; the longest article, every character escaped, has half of it

log = structlog.get_logger("deskhand.http")
registry = CollectorRegistry()
_requests = Counter("deskhand_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry)
_seconds = Histogram("deskhand_request_seconds", "Time to answer.", ["method", "route"], registry=registry)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_NETWORKS = tuple[IPv4Network | IPv6Network, ...]


class Envelope:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, proxies: _NETWORKS) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
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
                added = MutableHeaders(scope=message)
                added["X-Request-ID"] = request_id
                added.setdefault("X-Content-Type-Options", "nosniff")
                added.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        try:
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
            await errors.refused(refusal)(scope, receive, out)
        except Exception:
            log.exception("bug", method=scope["method"], path=scope["path"])
            if begun:
                raise
            await errors.unexpected()(scope, receive, out)


def client_ip(scope: Scope, headers: Headers, proxies: _NETWORKS) -> str:
    """The address limits count by: the right-most hop that is no trusted proxy; an IPv6 address as its /64."""
    address = (scope.get("client") or ("", 0))[0]
    if proxies and _among(address, proxies):
        hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
        for hop in reversed(hops):
            if _parse(hop) is None:
                break
            address = hop
            if not _among(hop, proxies):
                break
    return _grouped(address)


def _among(address: str, networks: _NETWORKS) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parse(address: str) -> "ip_address | None":  # type: ignore[valid-type]
    try:
        parsed = ip_address(address.strip("[]"))
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _grouped(address: str) -> str:
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed) if parsed else address[:64]


def _refuse_early(scope: Scope, headers: Headers) -> None:
    if "\x00" in scope["path"]:
        raise NotFound
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_JSON and not _takes_files(scope):
        raise TooLarge("The body is larger than 4 MiB.")


def _bounded(receive: Receive, scope: Scope) -> Receive:
    """Count what arrives, for a body may be longer than it said, or say nothing."""
    if _takes_files(scope):
        return receive  # the upload counts for itself, against its own limit
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_JSON:
            raise TooLarge("The body is larger than 4 MiB.")
        return message

    return counted


def _takes_files(scope: Scope) -> bool:
    return scope["path"].endswith("/attachments")


def _observe(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "none")
    _requests.labels(scope["method"], route, status).inc()
    _seconds.labels(scope["method"], route).observe(seconds)
    log.info("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))
