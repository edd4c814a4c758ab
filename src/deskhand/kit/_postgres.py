"""PostgreSQL behind the store: a pool of connections and as many threads."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate

from psycopg.types.string import TextLoader
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError

from deskhand.kit.db import COUNTED, P, Store, T, outage
from deskhand.kit.errors import Unavailable

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_TRIES = 4


class PostgresStore(Store):
    """`pool` connections; a request that finds none free waits for its turn."""

    def __init__(self, url: str, *, pool: int) -> None:
        super().__init__()
        self._engine = create_engine(
            url, pool_size=pool, max_overflow=2, pool_timeout=10, pool_recycle=1800, execution_options=COUNTED
        )
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self._engine, "connect", _tune)
        self._threads = ThreadPoolExecutor(pool, thread_name_prefix="db")

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in_thread(lambda: self._read(lambda tx: fn(tx, *args, **kwargs)))

    async def read_slow(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.read(fn, *args, **kwargs)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in_thread(lambda: self._write(lambda tx: fn(tx, *args, **kwargs)))

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self._outages(), self._engine.begin() as tx:
            yield tx
        self._committed()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._outages(), self._autocommit.connect() as tx:
            yield tx

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    async def _in_thread(self, run: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def _read(self, run: Callable[[Connection], T]) -> T:
        try:
            return self._retrying(lambda: _with(self.reading, run))
        except Unavailable as refusal:
            if not getattr(refusal.__cause__, "connection_invalidated", False):
                raise
            # The server was started anew, and the pool knows it now: what only reads can be asked again.
            return self._retrying(lambda: _with(self.reading, run))

    def _write(self, run: Callable[[Connection], T]) -> T:
        return self._retrying(lambda: _with(self.begin, run))

    def _retrying(self, attempt: Callable[[], T]) -> T:
        """Deadlocks and lost serialisation races are the database's way of asking for another try."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                return attempt()
            except DBAPIError as problem:
                if left == 0 or getattr(problem.orig, "sqlstate", None) not in {_DEADLOCK, _SERIALIZATION}:
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def _outages(self) -> Iterator[None]:
        try:
            yield
        except Exception as problem:
            if refusal := outage(problem):
                raise refusal from problem
            raise


def _with(door: Callable[[], Any], run: Callable[[Connection], T]) -> T:
    with door() as tx:
        return run(tx)


def _tune(connection: Any, _record: object = None) -> None:
    # Ids are text in Python on both databases.
    connection.adapters.register_loader("uuid", TextLoader)
