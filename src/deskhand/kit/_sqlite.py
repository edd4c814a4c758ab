"""SQLite behind the store: WAL, reads on the caller's thread, one writer thread that commits in groups."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Concatenate, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from deskhand.kit.db import COUNTED, P, Store, T, outage

# Larger groups gain nothing (measured: 16 gave 2.5 times the writes of single commits, 64 the same).
_GROUP = 16
# Threads for slow reads. More would hinder each other: Python runs one at a time.
_SLOW = 2
# KiB of pages that a connection keeps: those that answer people more than those of the worker's many threads. A search
# looks at two megabytes of words, a count of 200,000 tickets at three, and both took far longer with 1,000 (measured).
_CACHE, _CACHE_ASKED = 1_000, 4_000

_Outcome = tuple[Any, BaseException | None]


class _Unit(NamedTuple):
    run: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class SqliteStore(Store):
    """One file. A process has one writer; several processes take turns by SQLite's own lock."""

    def __init__(self, url: str) -> None:
        super().__init__()
        Path(url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._readers, self._writers = _engine(url, writes=False), _engine(url, writes=True)
        self._local = threading.local()
        self._open: list[Connection] = []
        self._write_lock = threading.Lock()
        self._write_connection: Connection | None = (
            None  # whoever holds the lock uses it, so that statements stay ready
        )
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(_SLOW, thread_name_prefix="slow-read")
        self._writer: threading.Thread | None = None

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._reading(_CACHE_ASKED) as tx:
            return fn(tx, *args, **kwargs)

    async def read_slow(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._reading(_CACHE_ASKED) as tx:
                return fn(tx, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_forever, name="writer", daemon=True)
            self._writer.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._units.put(_Unit(lambda tx: fn(tx, *args, **kwargs), loop, future))
        return await future

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        try:
            with self._writing() as tx, tx.begin():
                yield tx
        except Exception as problem:
            if refusal := outage(problem):
                raise refusal from problem
            raise
        self._committed()

    def reading(self) -> AbstractContextManager[Connection]:
        return self._reading(_CACHE)

    @contextmanager
    def _reading(self, cache: int) -> Iterator[Connection]:
        try:
            yield self._reader(cache)
        except Exception as problem:
            if refusal := outage(problem):
                raise refusal from problem
            raise

    def close(self) -> None:
        if self._writer is not None:
            self._units.put(None)
            self._writer.join()
            self._writer = None
        self._pool.shutdown()
        for connection in filter(None, (*self._open, self._write_connection)):
            connection.close()
        self._open.clear()
        self._write_connection = None
        self._local = threading.local()
        self._readers.dispose()
        self._writers.dispose()

    def _reader(self, cache: int) -> Connection:
        tx = getattr(self._local, "reader", None)
        if tx is None:
            tx = self._local.reader = self._readers.connect()
            tx.exec_driver_sql(f"PRAGMA cache_size=-{cache}")
            self._open.append(tx)
        return tx

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._write_lock:
            if self._write_connection is None:
                self._write_connection = self._writers.connect()
            connection = self._write_connection
            try:
                yield connection
            finally:
                if connection.in_transaction():  # not even a rollback went through: the next one begins anew
                    self._write_connection = None
                    connection.close()

    def _write_forever(self) -> None:
        while (unit := self._units.get()) is not None:
            group = [unit]
            while len(group) < _GROUP and not self._units.empty():
                if (more := self._units.get()) is None:
                    self._units.put(None)
                    break
                group.append(more)
            outcomes: list[_Outcome]
            try:
                with self._writing() as connection:
                    outcomes = _commit(connection, group)
            except Exception as problem:
                outcomes = [(None, problem)] * len(group)
            _answer(group, outcomes)
            self._committed()


def _commit(connection: Connection, group: list[_Unit]) -> list[_Outcome]:
    """Run the units, each in its own savepoint, and commit them together. One (result, problem) a unit."""
    try:
        with connection.begin():
            return [_run(connection, unit.run) for unit in group]
    except Exception as problem:
        return [(None, outage(problem) or problem)] * len(group)


def _run(connection: Connection, run: Callable[[Connection], Any]) -> _Outcome:
    # By the driver: what SQLAlchemy adds to these two takes longer than inserting a ticket.
    execute: Any = connection.connection.dbapi_connection.execute  # type: ignore[union-attr]
    execute("SAVEPOINT unit")
    try:
        result, problem = run(connection), None
    except Exception as raised:
        result, problem = None, raised
        execute("ROLLBACK TO unit")
    execute("RELEASE unit")
    return result, problem


def _answer(group: list[_Unit], outcomes: list[_Outcome]) -> None:
    for unit, (result, problem) in zip(group, outcomes, strict=True):
        # A loop that has closed meanwhile has nobody waiting any more.
        if not unit.loop.is_closed():
            unit.loop.call_soon_threadsafe(_settle, unit.future, result, problem)


def _settle(future: asyncio.Future[Any], result: Any, problem: BaseException | None) -> None:
    if future.cancelled():
        return
    if problem is None:
        future.set_result(result)
    else:
        future.set_exception(outage(problem) or problem)


def _engine(url: str, *, writes: bool) -> Engine:
    # The driver must never open transactions of its own: a read that turns into a write fails at once as "locked".
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 10},
        execution_options=COUNTED,
    )
    event.listen(engine, "connect", tune)
    if writes:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def tune(connection: Any, _record: object = None) -> None:
    """Settings of every SQLite connection: durable WAL, enforced foreign keys, a small cache."""
    for pragma in (
        "busy_timeout=10000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{_CACHE}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
