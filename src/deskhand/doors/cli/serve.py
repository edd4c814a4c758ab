"""`deskhand serve`: web and worker in one process, or in several on PostgreSQL."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import click
import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from deskhand import wiring
from deskhand.accounts import links, people
from deskhand.doors.cli.desk import load_settings
from deskhand.doors.services import Services
from deskhand.kit import logs, process
from deskhand.kit.settings import Settings

log = structlog.get_logger("deskhand.serve")

# More connections than this at once are answered 503: memory stays bounded.
_CONNECTIONS = 2000
_FILES = 4 * _CONNECTIONS
# Longer than proxies keep an idle connection, so that none of them sends a request into one that has just closed.
_KEEP_ALIVE = 75
_GRACE = 30


@click.command()
@click.option("--host", help="Address to listen on.  [default: DESKHAND_HOST, else 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: DESKHAND_PORT, else 8000]"
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes; PostgreSQL only.")
@click.option("--no-worker", is_flag=True, help="Serve only; `deskhand worker` does the rest elsewhere.")
def serve(host: str | None, port: int | None, workers: int, no_worker: bool) -> None:
    """Migrate the database, then serve API and pages and run the worker, until SIGTERM or Ctrl-C."""
    _into_environment(host=host, port=port)
    settings = load_settings()
    if workers > 1 and settings.is_sqlite:
        raise click.UsageError("--workers needs PostgreSQL: on SQLite exactly one process writes.")
    with _listening(settings) as (listener, settings):
        logs.adopt()
        process.share_heaps()
        process.lift_file_limit(_FILES)
        desk = wiring.prepare(settings)
        for problem in desk.host_tokens.problems():
            log.warning(problem)
        announcement = _announcement(desk, listener)
        if workers == 1:
            _serve_alone(_application(desk, with_worker=not no_worker), listener, announcement)
        else:
            desk.close()
            _serve_together(f"{__name__}:{'web' if no_worker else 'web_and_worker'}", listener, workers, announcement)


def web() -> FastAPI:
    """For one of several processes: the application over a desk of its own."""
    return _of_several(with_worker=False)


def web_and_worker() -> FastAPI:
    """As `web`, with a worker beside it."""
    return _of_several(with_worker=True)


def _of_several(*, with_worker: bool) -> FastAPI:
    settings = load_settings()
    logs.adopt()
    process.share_heaps()
    return _application(wiring.prepare(settings), with_worker=with_worker)


def _into_environment(**options: Any) -> None:
    """Options outrank variables; further processes read them there, too."""
    os.environ.update({f"DESKHAND_{name.upper()}": str(value) for name, value in options.items() if value is not None})


@contextmanager
def _listening(settings: Settings) -> Iterator[tuple[socket.socket, Settings]]:
    """A bound socket, taken before anything else so that a second server fails at once; and the settings, which now
    know the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    both = settings.host == "::" and socket.has_dualstack_ipv6()
    try:
        place = (settings.host, settings.port)
        listener = socket.create_server(place, family=family, backlog=2048, dualstack_ipv6=both)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno and problem.errno > 0 else problem.strerror
        raise click.ClickException(f"cannot listen on {settings.host}:{settings.port}: {reason}") from None
    with listener:
        if settings.port == 0:
            _into_environment(port=listener.getsockname()[1])
            settings = load_settings()
        yield listener, settings


def _announcement(desk: Services, listener: socket.socket) -> list[str]:
    """Where it listens and, while there is no admin, the link that makes the first one; an older link is void then."""
    host, port = listener.getsockname()[:2]
    lines = [f"Deskhand listens on http://{f'[{host}]' if ':' in host else host}:{port}"]
    with desk.store.begin() as tx:
        if people.count_admins(tx) == 0:
            token = links.issue(tx, desk.signer, "first-admin", None)
            lines += ["There is no admin yet. This link makes the first one, once:"]
            lines += [f"{desk.settings.base_url}/setup?token={token}"]
    return lines


def _application(desk: Services, *, with_worker: bool) -> FastAPI:
    """The web application, and around it the worker: it starts before the first request and stops after the last."""
    app = wiring.build_app(desk)
    if not with_worker:
        return app
    worker, desk_open = wiring.build_worker(desk), app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with desk_open(app) as state:
            worker.start()
            yield state
            await asyncio.to_thread(worker.stop)

    app.router.lifespan_context = lifespan
    return app


class _Server(uvicorn.Server):
    """Says where it listens once it answers there."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What is there by now stays: looking through it again and again would cost pauses of a tenth of a second.
            gc.collect()
            gc.freeze()
            self.on_start()


def _serve_alone(app: FastAPI, listener: socket.socket, announcement: list[str]) -> None:
    server = _Server(_config(app), on_start=lambda: _say(announcement))
    # Once it has stopped, uvicorn sends itself the signal again; a stop that was asked for is a success.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    server.run(sockets=[listener])


class _Several(Multiprocess):
    """Says where they listen once the first of them answers there; the others follow within moments."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], announcement: list[str]) -> None:
        super().__init__(config, sockets)
        self.unsaid = announcement

    def keep_subprocess_alive(self) -> None:  # asked twice a second
        super().keep_subprocess_alive()
        if self.unsaid and any(one.is_ready() for one in self.processes):
            _say(self.unsaid)
            self.unsaid = []


def _serve_together(factory: str, listener: socket.socket, workers: int, announcement: list[str]) -> None:
    _Several(_config(factory, factory=True, workers=workers), [listener], announcement).run()


def _config(app: FastAPI | str, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        # Whom to believe about the client's address is decided by DESKHAND_TRUSTED_PROXIES alone.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        **more,
    )


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
    sys.stdout.flush()
