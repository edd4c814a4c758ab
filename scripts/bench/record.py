"""Which SQL a request needs: the application itself answers it once, and what its drivers are sent is written down."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from scripts.bench.load import Call
from scripts.bench.raw import HEX, ID, NUMBER, SEQ, Step
from scripts.bench.server import settings_for
from sqlalchemy import Engine, event, text

from deskhand import wiring
from deskhand.accounts.passwords import Passwords
from deskhand.doors.services import Services
from deskhand.kit import logs
from deskhand.kit.ids import new_id
from deskhand.kit.settings import Settings

_heard: Step = []
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def desk(url: str, folder: Path) -> Iterator[Services]:
    """The desk as the server has it, without a server or a worker."""
    logs.configure("text", "error")
    settings = Settings.load({f"DESKHAND_{name.upper()}": value for name, value in settings_for(url, folder).items()})
    event.listen(Engine, "do_connect", _listen)
    services = wiring.prepare(settings, Passwords())
    try:
        yield services
    finally:
        services.close()
        event.remove(Engine, "do_connect", _listen)


def reads(services: Services, calls: list[Call]) -> list[Step]:
    """One step a call: all of its statements, the credential's look-up among them, once what a process keeps in memory
    is there: what the server spares itself in the long run, the raw loop is spared as well."""
    for _ in _answered(services, calls):
        pass
    return [statements for _, statements in _answered(services, calls)]


def writes(services: Services, calls: list[Call]) -> list[Step]:
    """One step a call: what it inserts and updates, and none of what it had to read for that."""
    steps = []
    for since, statements in _answered(services, calls):
        with services.store.reading() as tx:
            seq = tx.execute(text("SELECT max(seq) FROM messages")).scalar_one()
        kept = [pair for pair in statements if pair[0].lstrip().startswith(_WRITES)]
        steps.append(_marked(kept, since, seq))
    return steps


def _answered(services: Services, calls: list[Call]) -> Iterator[tuple[str, Step]]:
    """(an id older than all that the call made, its statements) of each call, which is then done."""
    app = wiring.build_app(services)
    with asyncio.Runner() as runner:
        for call in calls:
            runner.run(_answer(app, call))  # what is read once a process is read now
            break
        for call in calls:
            _heard.clear()
            since = new_id()
            runner.run(_answer(app, call))
            yield since, list(_heard)


async def _answer(app: Any, call: Call) -> None:
    path, _, query = call.path.partition("?")
    head, _, body = call.encode().partition(b"\r\n\r\n")
    pairs = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name, value) for name, value in pairs],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    if status not in {200, 201}:
        raise RuntimeError(f"{call.method} {call.path}: {status}")


def _listen(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
    """Let the driver tell what it is sent, whoever sends it: the hot statements go past SQLAlchemy."""
    options |= {"cursor_factory": _PostgresCursor} if "dbname" in options else {"factory": _SqliteConnection}


def _hear(sql: str, parameters: Any) -> None:
    _heard.append((sql, dict(parameters) if isinstance(parameters, dict) else list(parameters)))


class _SqliteCursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = ()) -> "_SqliteCursor":
        _hear(sql, parameters)
        return super().execute(sql, parameters)


class _SqliteConnection(sqlite3.Connection):
    def cursor(self, factory: Any = _SqliteCursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        return self.cursor().execute(sql, parameters)


class _PostgresCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **more: Any) -> "_PostgresCursor":
        _hear(query, params or {})
        return super().execute(query, params, **more)


def _marked(statements: Step, since: str, seq: int) -> Step:
    """The statements with marks for what was new: ids younger than `since`, the ticket's number, the message's."""
    told = repr(statements)
    ids = sorted({found for found in _UUID.findall(told) if found > since})
    number = re.search(r"'[A-Z]+-(\d+)'", told) if "INTO tickets" in told else None

    def mark(value: Any, sql: str) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            if number and value == int(number[1]):
                return NUMBER
            return SEQ if value == seq and "INTO fulltext" in sql else value
        if isinstance(value, str):
            for place, given in enumerate(ids):
                value = value.replace(given, f"{ID}{place}").replace(given.replace("-", ""), f"{HEX}{place}")
            if number and value.endswith(f"-{number[1]}"):
                value = value.removesuffix(number[1]) + NUMBER
        return value

    return [
        (
            sql,
            {name: mark(value, sql) for name, value in given.items()}
            if isinstance(given, dict)
            else [mark(value, sql) for value in given],
        )
        for sql, given in statements
    ]
