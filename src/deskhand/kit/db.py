"""The store: how units of work reach the database.

A unit of work is a plain function `fn(tx, …)`. Doors call `await store.read(fn, …)` and `await store.write(fn, …)`;
command line and worker use `with store.begin() as tx`. SQLite answers short reads on the event loop and gives all
writes of the process to one thread that commits in groups; PostgreSQL has a pool of threads.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from deskhand.kit.errors import Unavailable

# An INSERT … ON CONFLICT DO NOTHING says by its row count whether it did something; SQLAlchemy keeps it on request.
COUNTED = {"preserve_rowcount": True}

P = ParamSpec("P")
T = TypeVar("T")

_SQLITE_OUTAGES = ("locked", "busy", "disk is full", "disk i/o error", "unable to open", "readonly")
_POSTGRES_OUTAGES = ("08", "53", "57", "58")


class Store(ABC):
    """One database. Refusals that a unit raises reach the caller and roll that unit back, and it alone.

    An outage (no connection, disk full, lock not to be had) becomes `Unavailable`; anything else is a bug and passes.
    """

    def __init__(self) -> None:
        self.after_commit: list[Callable[[], None]] = []  # called on any thread once a write is on disk

    @abstractmethod
    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read of a few indexed statements, each seeing what was committed when it began."""

    @abstractmethod
    async def read_slow(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read that may take longer than a millisecond or two, such as a search or a report."""

    @abstractmethod
    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` in a transaction; returns once it is durable. `fn` may be run again after a deadlock."""

    @abstractmethod
    def begin(self) -> AbstractContextManager[Connection]:
        """A write transaction on the calling thread, committed at the end of the block."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reads on the calling thread."""

    @abstractmethod
    def close(self) -> None:
        """Finish what is under way and let go of all connections."""

    def _committed(self) -> None:
        for tell in self.after_commit:
            tell()


def open_store(url: str, *, pool: int = 8) -> Store:
    """The store behind `sqlite:///path` or `postgresql://…`."""
    if url.startswith("sqlite"):
        from deskhand.kit._sqlite import SqliteStore

        return SqliteStore(url)
    from deskhand.kit._postgres import PostgresStore

    return PostgresStore(engine_url(url), pool=pool)


def engine_url(url: str) -> str:
    """`url` as SQLAlchemy wants it: with the driver's name."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def outage(problem: BaseException) -> Unavailable | None:
    """`problem` as a refusal where it speaks of the database's health and not of a bug of ours."""
    if isinstance(problem, PoolTimeout):
        return Unavailable("The database is busy. Please try again.", headers={"Retry-After": "1"})
    if not isinstance(problem, DBAPIError):
        return None
    state = getattr(problem.orig, "sqlstate", None)
    message = str(problem.orig).lower()
    down = problem.connection_invalidated or any(word in message for word in _SQLITE_OUTAGES)
    if down or (state or "").startswith(_POSTGRES_OUTAGES) or (state is None and "connection" in message):
        return Unavailable("The database does not answer. Please try again.", headers={"Retry-After": "1"})
    return None
