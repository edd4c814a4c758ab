"""Outgoing HTTP that cannot be turned against the network Deskhand stands in (SSRF).

A host's name is resolved once, every address is judged, and the connection goes to an address that was judged: there
is no second look-up for a rebinding name server to answer differently. Redirects are not followed, proxies from the
environment are not used, and neither a slow nor an endless answer can hold a worker.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore2
import httpx2
import orjson

from deskhand import __version__

_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
# IPv6-only networks reach IPv4 through these (RFC 6052): the address inside is the one that counts.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What `is_global` lets through, at least on some versions of Python.
_REFUSED = [
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments; Oracle keeps its metadata there
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's metadata and health service, on a public address
        "2001::/23",  # protocol assignments, Teredo
        "2002::/16",  # 6to4, with any IPv4 address inside
        "3fff::/20",  # documentation
    )
]


class FetchFailed(Exception):
    """There is no answer: what failed is in the message, fit for the operator's eyes."""


class AddressRefused(FetchFailed):
    """The URL leads where outgoing requests must not go, or is no URL that can be fetched."""


class TimedOut(FetchFailed):
    """The answer was not complete in time."""


class ResponseTooLarge(FetchFailed):
    """The answer exceeded `max_bytes`; `status` is what it began with."""

    def __init__(self, status: int, max_bytes: int) -> None:
        super().__init__(f"the answer ({status}) is longer than {max_bytes} bytes")
        self.status = status


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` have lower-case names; of a repeated one the last value."""

    status: int
    headers: dict[str, str]
    body: bytes


def fetch(
    url: str,
    *,
    method: str = "GET",
    json: Any = None,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
    max_bytes: int = 1024 * 1024,
    allow_private: bool = False,
) -> Response:
    """One request and its whole answer, of any status, within `timeout` seconds. Raises FetchFailed.

    `allow_private` is for addresses that the operator configured, never for what users typed. `content` is sent as it
    is, `json` encoded.
    """
    target = _target(url)
    sent = {"host": target.netloc.decode(), "user-agent": f"Deskhand/{__version__}", "accept": "*/*"}
    if json is not None:
        content = orjson.dumps(json)
        sent["content-type"] = "application/json"
    if content is None and method not in ("GET", "HEAD"):
        content = b""  # with its length said, as servers demand of such methods
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    backend = _GuardedBackend(time.monotonic() + timeout, allow_private)
    try:
        with httpcore2.ConnectionPool(ssl_context=_ssl_context(), network_backend=backend) as pool:
            return _exchange(pool, method, target, sent, content, max_bytes)
    except httpcore2.TimeoutException as problem:
        raise TimedOut(f"no complete answer within {timeout:g} s") from problem
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as problem:
        raise FetchFailed(f"{type(problem).__name__}: {problem}") from problem


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet: unicast, global, and no disguise of one that is not."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _inner(ip)
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_V6:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _REFUSED)


def _inner(ip: ipaddress.IPv6Address) -> _IPAddress:
    """The IPv4 address that traffic to `ip` ends up at, where it is only clothed as IPv6."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


def _target(url: str) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as problem:
        raise AddressRefused("this is not a URL") from problem
    if target.scheme not in ("http", "https") or not target.host:
        raise AddressRefused("only http and https URLs with a host can be fetched")
    if target.userinfo:
        raise AddressRefused("a URL with a user name or password in it cannot be fetched")
    return target


def _exchange(
    pool: httpcore2.ConnectionPool,
    method: str,
    target: httpx2.URL,
    headers: dict[str, str],
    content: bytes | None,
    max_bytes: int,
) -> Response:
    url = httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    with pool.stream(method, url, headers=encoded, content=content) as answer:
        body = bytearray()
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) > max_bytes:
                raise ResponseTooLarge(answer.status, max_bytes)
        got = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.status, got, bytes(body))


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    """Made once: loading the certificate authorities takes longer than most requests."""
    return httpx2.create_ssl_context()


class _GuardedBackend(httpcore2.NetworkBackend):
    """Opens the connection of one request: resolves, judges, connects, and keeps to the deadline."""

    def __init__(self, deadline: float, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                left = _left(self._deadline)
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
                return _DeadlineStream(stream, self._deadline)
            except httpcore2.ConnectError as problem:
                failure = problem
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        """Every address of `host`; one that is refused spoils them all, for no honest name mixes the two."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise httpcore2.ConnectError(f"{host} cannot be resolved") from problem
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise AddressRefused(f"{host} leads to an address that is not public")
        return addresses


class _DeadlineStream(httpcore2.NetworkStream):
    """A connection on which every wait ends at the same moment, so that an answer in drops gains no time."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left
