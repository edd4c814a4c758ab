"""`deskhand serve` and `deskhand worker` as processes: started, stopped, killed."""

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import orjson
import pytest

from deskhand.kit.db import open_store
from deskhand.kit.events import any_waiting
from tests.support.app import SUPPORT
from tests.support.cli import PASSWORD, Cli, Process

ADA, ALICE = "ada@ada.example", "alice@acme.example"
NEW = {"subject": "Empty content", "body": "The body is empty since this morning."}


@pytest.fixture
def cli(database_url: str, tmp_path: Path) -> Cli:
    return Cli(database_url, tmp_path)


def setup_token(server: Process) -> str:
    (line,) = [line for line in server.out if "/setup?token=" in line]
    assert line.startswith(f"http://localhost:{urlsplit(server.url).port}/setup?token=")
    return line.partition("token=")[2]


def make_admin(server: Process, token: str) -> int:
    new = {"token": token, "email": ADA, "name": "Ada", "password": PASSWORD}
    with server.client() as client:
        return client.post("/api/v1/auth/setup", json=new).status_code


def until(done: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return done()


def refuses(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_migrates_an_empty_place_and_serves_it(tmp_path: Path) -> None:
    place = tmp_path / "not" / "yet" / "there"
    cli = Cli(f"sqlite:///{place}/deskhand.db", place)
    with cli.serving() as server, server.client() as client:
        assert client.get("/readyz").status_code == 200
        assert client.get(f"{SUPPORT}/categories").json()["categories"][0]["slug"] == "technical-issue"
        assert client.get("/metrics").status_code == 200
        assert "server" not in client.get("/healthz").headers
        assert server.stop() == 0
    assert urlsplit(server.url).hostname == "127.0.0.1"


def test_the_first_start_prints_a_link_that_makes_the_admin_once(cli: Cli) -> None:
    with cli.serving() as server:
        server.wait_for("/setup?token=")
        unused = setup_token(server)
        assert server.stop() == 0
    with cli.serving() as server:
        server.wait_for("/setup?token=")
        token = setup_token(server)
        assert make_admin(server, unused) == 404
        assert make_admin(server, token) == 201
        assert make_admin(server, token) == 404
        assert server.stop() == 0
    with cli.serving() as server:
        assert server.stop() == 0
    assert not any("token=" in line for line in server.out)


def test_what_is_under_way_is_finished_before_it_stops(cli: Cli) -> None:
    token = cli.person(ALICE)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="log.txt"\r\n\r\nfirst half, '
    tail = b"second half\r\n--x--\r\n"
    request = (
        f"POST {SUPPORT}/attachments HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(head + tail)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with cli.serving() as server:
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=60) as connection:
            connection.sendall(request.encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")  # it is reading the body
            connection.sendall(head)
            server.popen.terminate()
            assert until(lambda: refuses(server.url))
            connection.sendall(tail)
            answer = b"".join(iter(lambda: connection.recv(10_000), b""))
        assert server.popen.wait(60) == 0
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b'"size":23' in answer


def test_every_line_of_the_log_is_in_the_form_that_was_asked_for(cli: Cli) -> None:
    cli.environment |= {"DESKHAND_LOG_FORMAT": "json", "DESKHAND_JWT_SECRET": "short"}
    with cli.serving() as server:
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as connection:
            connection.sendall(b"no HTTP at all\r\n\r\n")
            assert b"400" in connection.recv(1000)
        with server.client() as client:
            assert client.get("/api/v1/me").status_code == 401
        server.wait_for("/api/v1/me")
        assert server.stop() == 0
    lines = [orjson.loads(line) for line in server.err]
    events = {line["event"] for line in lines}
    assert "Invalid HTTP request received." in events
    assert any("DESKHAND_JWT_SECRET is shorter" in event for event in events)
    assert all({"level", "timestamp"} <= line.keys() for line in lines)


def test_a_taken_port_is_told_plainly_and_changes_nothing(tmp_path: Path) -> None:
    cli = Cli(f"sqlite:///{tmp_path}/deskhand.db", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = cli("serve", "--port", str(taken.getsockname()[1]))
    assert (said.code, said.out) == (1, "")
    assert re.fullmatch(r"Error: cannot listen on 127\.0\.0\.1:\d+: Address already in use\n", said.err)
    assert not (tmp_path / "deskhand.db").exists()


def test_several_processes_on_sqlite_are_refused(tmp_path: Path) -> None:
    said = Cli(f"sqlite:///{tmp_path}/deskhand.db", tmp_path)("serve", "--workers", "2")
    assert said.code == 2
    assert "PostgreSQL" in said.err


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_several_processes_serve_one_postgresql(cli: Cli) -> None:
    token = cli.person(ALICE)
    with cli.serving("--workers", "2") as server, server.client(token) as client:
        assert client.post(f"{SUPPORT}/tickets", json=NEW).status_code == 201
        assert client.get(f"{SUPPORT}/tickets").json()["total"] == 1
        assert server.stop() == 0


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_several_processes_say_where_they_listen_once_one_answers(cli: Cli) -> None:
    with cli.serving("--workers", "2") as server, server.client() as client:
        try:
            # Sooner than a process starts: before, the connection would wait in the queue for the first of them.
            assert client.get("/readyz", timeout=1).text == "ready\n"
            assert sum("listens on" in line for line in server.out) == 1
        finally:
            assert server.stop() == 0  # killed, it would leave the others behind, and its pipes open


def test_a_worker_of_its_own_does_what_serving_left(cli: Cli) -> None:
    token = cli.person(ALICE)
    store = open_store(cli.environment["DESKHAND_DATABASE_URL"])

    def waiting() -> bool:
        with store.reading() as tx:
            return any_waiting(tx)

    with cli.serving("--no-worker") as server, server.client(token) as client:
        assert client.post(f"{SUPPORT}/tickets", json=NEW).status_code == 201
        assert waiting()
        with cli.process("worker") as worker:
            assert until(lambda: not waiting())
            assert worker.stop() == 0
        assert server.stop() == 0
    store.close()


def test_acknowledged_tickets_survive_a_kill(cli: Cli) -> None:
    cli.environment |= {"DESKHAND_LIMIT_TICKETS": "off"}
    tokens = [cli.person(f"customer{n}@acme.example") for n in range(4)]
    acknowledged: list[dict[str, str]] = []

    def file_tickets(server: Process, token: str) -> None:
        with server.client(token) as client:
            while server.popen.poll() is None:
                try:
                    answer = client.post(f"{SUPPORT}/tickets", json=NEW)
                except Exception:
                    return
                assert answer.status_code == 201
                acknowledged.append(answer.json())

    with cli.serving() as server:
        senders = [Thread(target=file_tickets, args=(server, token)) for token in tokens]
        for sender in senders:
            sender.start()
        assert until(lambda: len(acknowledged) >= 40)
        server.kill()
        for sender in senders:
            sender.join()
    assert len({ticket["readable_id"] for ticket in acknowledged}) == len(acknowledged)
    sam = cli.person("sam@sam.example", "agent")
    with cli.serving() as server, server.client(sam) as client:
        for ticket in acknowledged:
            kept = client.get(f"{SUPPORT}/staff/tickets/{ticket['id']}").json()
            assert kept["readable_id"] == ticket["readable_id"]
            assert kept["messages"][0]["body"] == NEW["body"]
            assert kept["history"][0]["event"] == "ticket.created"
        assert server.stop() == 0
