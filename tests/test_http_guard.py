"""Outgoing HTTP: where it may go, where it must not, and what a hostile server cannot do to us."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deskhand.kit import http
from deskhand.kit.http import AddressRefused, FetchFailed, ResponseTooLarge, TimedOut, fetch, is_public

PRIVATE = [
    *(
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
    ),
    *("100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1"),
    *(
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "fe80::1",
        "fe80::1%lo",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
    ),
    *(
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a00:1",
        "::ffff:0:127.0.0.1",
        "2002:7f00:1::",
        "2002:808:808::1",
    ),
    *(
        "64:ff9b::7f00:1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "2001::1",
        "2001:0:a00:1::",
    ),
    *("2001:db8::1", "3fff::1", "100::1", "5f00::1", "2001:20::1", "4000::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"]
PUBLIC += ["64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_public(address)
    connected = _resolves(monkeypatch, {"mallory.example": [address]})
    with pytest.raises(AddressRefused):
        fetch("http://mallory.example/")
    assert connected == []


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::1]", "[::]"),
        *("[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "LOCALHOST", "①②⑦.0.0.1", "127.0.0.1."),
    ],
)
def test_loopback_in_every_spelling_is_refused(host: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("secret")
    with pytest.raises(FetchFailed):
        fetch(f"http://{host}:{httpserver.port}/")
    assert httpserver.log == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "/path",
            "example.com",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:1/",
        ),
        *("http://", "http:///x", "https:example.com", "javascript:alert(1)", "http://exa mple.com/", "http://[::1/"),
        *("http://a:b@example.com/", "http://a@example.com/", "http://example.com:99999/", "http://example.com:x/"),
        *(
            "http://" + "a" * 300 + ".com/",
            "http://a..b/",
            "http://\x00/",
            "http://" + "x" * 70_000,
            "unix:///var/run/x",
        ),
    ],
)
def test_what_is_no_web_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = _resolves(monkeypatch, {})
    for allow_private in (False, True):
        with pytest.raises(FetchFailed):
            fetch(url, allow_private=allow_private)
    assert connected == []


def test_one_private_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = _resolves(monkeypatch, {"mallory.example": ["8.8.8.8", "127.0.0.1"]})
    with pytest.raises(AddressRefused):
        fetch("http://mallory.example/")
    assert connected == []


def test_a_rebinding_name_server_gets_no_second_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is public, each later one is loopback: the connection goes to the first."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    connected = _resolves(monkeypatch, {}, lambda host: next(answers))
    with pytest.raises(FetchFailed):
        fetch("http://mallory.example:8080/")
    assert connected == [("93.184.215.14", 8080)]
    assert next(answers) == ["127.0.0.1"], "nobody asked a second time"


def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = _resolves(monkeypatch, {"host.example": ["8.8.8.8", "2606:4700::1"]})
    with pytest.raises(FetchFailed):
        fetch("https://host.example/")
    assert connected == [("8.8.8.8", 443), ("2606:4700::1", 443)]


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolves(monkeypatch, {})
    with pytest.raises(FetchFailed, match="cannot be resolved"):
        fetch("http://nowhere.example/")


def test_what_the_operator_configured_may_be_private(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/usage", query_string="a=1%202").respond_with_json(
        {"requests": 3}, headers={"X-One": "1"}
    )
    answer = fetch(httpserver.url_for("/usage?a=1%202"), allow_private=True)
    assert (answer.status, json.loads(answer.body), answer.headers["x-one"]) == (200, {"requests": 3}, "1")
    sent = httpserver.log[0][0]
    assert sent.headers["Host"] == f"{httpserver.host}:{httpserver.port}"
    assert sent.headers["User-Agent"].startswith("Deskhand/")


def test_bodies_and_headers_arrive_as_given(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_handler(_echo)
    url = httpserver.url_for("/hook")
    answer = fetch(url, method="POST", json={"é": 1}, headers={"X-Key": "s", "content-TYPE": "a/b"}, allow_private=True)
    assert json.loads(answer.body) == {"body": '{"é":1}', "type": "a/b", "key": "s", "length": 8}
    answer = fetch(url, method="POST", content=b"signed as it is", allow_private=True)
    assert json.loads(answer.body)["body"] == "signed as it is"
    assert json.loads(fetch(url, method="POST", allow_private=True).body)["length"] == 0


def _echo(request: Request) -> Response:
    seen = {"body": request.get_data(as_text=True), "type": request.content_type, "key": request.headers.get("X-Key")}
    return Response(json.dumps({**seen, "length": request.content_length}))


@pytest.mark.parametrize("status", [204, 301, 302, 307, 404, 500])
def test_an_answer_is_an_answer_and_leads_nowhere_else(status: int, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("", status=status, headers={"Location": "http://127.0.0.1:1/"})
    assert fetch(httpserver.url_for("/"), allow_private=True).status == status
    assert len(httpserver.log) == 1


def test_proxies_in_the_environment_are_not_used(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, httpserver.url_for("/"))
    connected = _resolves(monkeypatch, {"host.example": ["8.8.8.8"]})
    with pytest.raises(FetchFailed):
        fetch("http://host.example/")
    assert connected == [("8.8.8.8", 80)]


@pytest.mark.parametrize("header", ["X: 1\r\nY", "X\n", ""])
def test_no_header_can_be_smuggled(header: str, httpserver: HTTPServer) -> None:
    with pytest.raises(FetchFailed):
        fetch(httpserver.url_for("/"), headers={header: "1"}, allow_private=True)
    with pytest.raises(FetchFailed):
        fetch(httpserver.url_for("/"), headers={"X-Key": f"1\r\n{header}: 2\r\n"}, allow_private=True)


@pytest.mark.parametrize("length", [True, False])
def test_an_answer_that_is_too_long(length: bool) -> None:
    head = b"HTTP/1.1 201 Made\r\n" + (b"Content-Length: 1000\r\n" if length else b"") + b"\r\n"
    with _server(lambda connection: connection.sendall(head + b"x" * 1000)) as url:
        with pytest.raises(ResponseTooLarge) as caught:
            fetch(url, max_bytes=999, allow_private=True)
        assert caught.value.status == 201
        assert len(fetch(url, max_bytes=1000, allow_private=True).body) == 1000


def test_an_endless_answer_ends() -> None:
    with _server(_endless) as url, pytest.raises(ResponseTooLarge):
        fetch(url, max_bytes=100_000, allow_private=True)


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 10_000)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"])
def test_an_answer_in_drops_takes_no_longer_than_allowed(start: bytes) -> None:
    """Each drop comes in time for a limit on single reads; it is the whole that has a limit."""
    began = time.monotonic()
    with _server(lambda connection: _drip(connection, start)) as url, pytest.raises(TimedOut):
        fetch(url, timeout=0.5, allow_private=True)
    assert time.monotonic() - began < 2


def _drip(connection: socket.socket, start: bytes) -> None:
    connection.sendall(start)
    for _ in range(100):
        time.sleep(0.05)
        connection.sendall(b"x")


@pytest.mark.parametrize(
    "answer", [b"", b"\x00\x01\x02\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 banana\r\n\r\n", b"HTTP/1.1 200 OK\r\n"]
)
def test_an_answer_that_is_no_http(answer: bytes) -> None:
    with _server(lambda connection: connection.sendall(answer)) as url, pytest.raises(FetchFailed):
        fetch(url, allow_private=True)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchFailed):
        fetch(f"http://127.0.0.1:{port}/", allow_private=True)


@pytest.mark.parametrize(("host", "accepted"), [("hooks.example", True), ("other.example", False)])
def test_certificates_are_for_the_name_and_not_for_the_address(
    host: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to a checked address, and TLS still asks for the name in the URL."""
    certificate = _certificate(tmp_path, "hooks.example")
    client = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(http, "_ssl_context", lambda: client)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    asked: list[str | None] = []
    server.sni_callback = lambda connection, name, context: asked.append(name)
    with _server(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), server) as url:
        port = int(url.rsplit(":", 1)[1].rstrip("/"))
        _resolves(monkeypatch, {host: ["127.0.0.1"]}, connect=True)
        if accepted:
            assert fetch(f"https://{host}:{port}/", allow_private=True).status == 200
        else:
            with pytest.raises(FetchFailed, match="certificate"):
                fetch(f"https://{host}:{port}/", allow_private=True)
    assert asked == [host]


def test_certificates_that_nobody_vouches_for_are_refused(tmp_path: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(_certificate(tmp_path, "localhost"))
    with _server(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), server) as url, pytest.raises(FetchFailed):
        fetch(url.replace("http:", "https:"), allow_private=True)


def _resolves(
    monkeypatch: pytest.MonkeyPatch,
    names: dict[str, list[str]],
    answer: Callable[[str], list[str]] | None = None,
    *,
    connect: bool = False,
) -> list[tuple[str, int]]:
    """Make this process's name server know `names` alone; returns where connections were opened."""
    opened: list[tuple[str, int]] = []
    real = socket.create_connection

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        found = answer(host) if answer else names.get(host, [])
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def create_connection(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        ip_address(address[0])
        opened.append(address)
        if not connect:
            raise ConnectionRefusedError
        monkeypatch.undo()
        return real(address, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    return opened


@contextmanager
def _server(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server of bad manners: reads a request, then does what `answer` does, and hangs up."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
                    stream.recv(65536)
                    answer(stream)
                    stream.shutdown(socket.SHUT_WR)
            except OSError:
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    assert not thread.is_alive()


def _certificate(folder: Path, name: str) -> Path:
    """A file with a key and a certificate that vouches for itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(pem + builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return file
