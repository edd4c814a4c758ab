"""What tests of the HTTP door share: every row as a fingerprint, keys, files, and a real server for races."""

import asyncio
import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import httpx2
import uvicorn
from fastapi.routing import APIRoute
from PIL import Image
from sqlalchemy import Engine, event, select
from starlette.testclient import TestClient

from deskhand import wiring
from deskhand.accounts.passwords import Passwords
from deskhand.kit import clock
from deskhand.kit.schema import metadata
from deskhand.kit.settings import Settings
from deskhand.kit.statements import Statement
from tests.support.app import CAST, Caller, Desk

# What may move though nothing happened: who asked how often, and which credential was used when.
_RESTLESS = {"limit_hits", "sessions", "api_keys"}


def rows(desk: Desk) -> dict[str, tuple[int, str]]:
    """Each table's number of rows and a digest of them: equal before and after means that nothing changed."""
    found = {}
    for table in metadata.sorted_tables:
        if table.name not in _RESTLESS:
            kept = sorted(repr(tuple(row)) for row in desk.read(lambda tx, t=table: tx.execute(select(t)).all()))
            found[table.name] = (len(kept), hashlib.sha256("".join(kept).encode()).hexdigest())
    return found


def cast(desk: Desk) -> None:
    """Make everyone now, so that whoever calls next changes nothing by being new."""
    for who in CAST:
        desk.token(who)


def count(desk: Desk, table: str) -> int:
    return len(desk.read(lambda tx: tx.execute(select(metadata.tables[table])).all()))


def events_of(desk: Desk, name: str, subject: str | None = None) -> list[dict[str, Any]]:
    events = metadata.tables["events"]
    wanted = select(events).where(events.c.name == name).order_by(events.c.seq)
    found = desk.read(lambda tx: [dict(row) for row in tx.execute(wanted).mappings()])
    return [row for row in found if subject in (None, row["subject_id"])]


def api_key(desk: Desk, who: str, *scopes: str, **more: Any) -> tuple[str, str]:
    """(id, the key itself) of a fresh API key of `who`."""
    body = {"name": "laptop", **({"scopes": list(scopes)} if scopes else {}), **more}
    made = desk.as_(who).post("/api/v1/api-keys", body, expect=201).json()
    return made["id"], made["key"]


def with_key(desk: Desk, key: str) -> Caller:
    return desk.anyone(**{"X-API-Key": key})


def bearer(desk: Desk, token: str) -> Caller:
    return desk.anyone(Authorization=f"Bearer {token}")


def upload(caller: Caller, data: bytes = b"plain words", name: str = "log.txt", **more: Any) -> httpx2.Response:
    return caller.post("/attachments", files={"file": (name, data)}, **more)


def png(colour: str = "teal", **save: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(made, "PNG", **save)
    return made.getvalue()


def api_routes(desk: Desk) -> list[tuple[str, APIRoute]]:
    """(method, route) of everything the API serves."""
    found: Any = wiring.build_app(desk.services).routes
    return [(method, route) for route in found if isinstance(route, APIRoute) for method in sorted(route.methods)]


def is_problem(response: httpx2.Response, status: int | None = None, code: str | None = None) -> dict[str, Any]:
    """The problem details in `response`, which must be well formed."""
    assert status is None or response.status_code == status, f"{response.status_code} {response.text[:500]}"
    assert response.headers["content-type"] == "application/problem+json", response.text[:500]
    problem = response.json()
    assert {"type", "title", "status", "detail", "code"} <= problem.keys()
    assert problem["status"] == response.status_code
    assert code is None or problem["code"] == code, problem
    return problem


def fields(response: httpx2.Response) -> set[str]:
    """The fields that a 422 names."""
    return {error["field"] for error in is_problem(response, 422).get("errors", [])}


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls at the same moment, each on a thread of its own; their results in order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def second_app(desk: Desk, client: tuple[str, int] = ("testclient", 50000), **settings: Any) -> Iterator[Desk]:
    """Another process's desk, as far as a test can tell: an app of its own over the same database."""
    made = desk.settings.model_copy(update=settings)
    services = wiring.prepare(made, passwords=Passwords(time_cost=1, memory_cost=64))
    app = wiring.build_app(services)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False, client=client) as http:
        other = Desk(services, http)
        other._tokens = desk._tokens
        yield other


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The application behind a real server on loopback; gives its address."""
    app = wiring.build_app(desk.services)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, name="test-server")
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def storm(address: str, requests: list[dict[str, Any]], clients: int = 20) -> list[httpx2.Response]:
    """Send all requests from `clients` connections at once; the answers in order."""

    async def run() -> list[httpx2.Response]:
        limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
        async with httpx2.AsyncClient(base_url=address, limits=limits, timeout=60) as http:
            return list(await asyncio.gather(*(http.request(**request) for request in requests)))

    return asyncio.run(run())


def nothing(wrong: list[str]) -> None:
    """Assert that nothing was found wrong, and say all of it at once otherwise."""
    found = [line for line in wrong if line]
    assert not found, "\n".join(["", *found])


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """The SELECTs that run in the block, with their parameters: those of Core and those handed to the driver."""
    found: list[tuple[str, Any]] = []
    execute = Statement._execute

    def noted(self: Statement, tx: Any, values: Any) -> Any:
        text, parameters = self.prepared(tx.dialect, values)
        note(None, None, text.sql, parameters if text.places is None else tuple(parameters))
        return execute(self, tx, values)

    def note(_connection: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        if sql.lstrip().upper().startswith("SELECT"):
            found.append((sql, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    Statement._execute = noted  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Statement._execute = execute  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """Let the desk's clock be ahead; clocks that threads and loops wait by stay as they are."""
    before = clock.time
    clock.time = SimpleNamespace(time=lambda: before.time() + seconds)  # type: ignore[assignment]
    try:
        yield
    finally:
        clock.time = before


# Settings of a desk that is asked more in a second than a person asks in an hour.
UNLIMITED = {name: "off" for name in Settings.model_fields if name.startswith("limit_")}
