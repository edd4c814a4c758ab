"""What every kind of storage shares: keys, reading, listing, deleting, and how trouble is told."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from deskhand.kit import clock
from deskhand.kit.errors import NotFound, Refusal, TooLarge, Unavailable

READ_CHUNK = 1024 * 1024
INCOMING = "incoming"

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class FileMissing(NotFound):
    """The row is there and the bytes are not."""


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"


class Stored(NamedTuple):
    """One object: `size` in bytes, `modified` in microseconds since the epoch."""

    key: str
    size: int
    modified: int


def key_of(id: str) -> str:  # noqa: A002
    """The key of the object that belongs to a row, `3f/0190…`. The folder is the id's random end: its beginning is the
    time, which is the same for a whole day."""
    return f"{id[-2:]}/{id}"


class Storage:
    """Reading, listing and deleting are the same everywhere; how bytes are written differs by kind."""

    _store: LocalStore | S3Store

    @staticmethod
    def open(url: str) -> "Storage":
        """`/path`, `file:///path` or `s3://bucket/prefix?endpoint=https://…&region=…`.

        Credentials for S3 come from the usual `AWS_…` variables, the machine's role, or `s3://key:secret@bucket`.
        Raises ValueError, which says what is wrong with the address.
        """
        from deskhand.kit.storage.folder import FolderStorage
        from deskhand.kit.storage.s3 import S3Storage

        if "://" not in url:
            return FolderStorage(Path(url))
        parts = urlsplit(url)
        if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path.strip("/"):
            return FolderStorage(Path(unquote(parts.path)))
        if parts.scheme == "s3":
            return S3Storage(parts)
        raise ValueError("storage should be a folder, file:///folder or s3://bucket/prefix")

    async def put_stream(self, key: str, chunks: AsyncIterable[bytes], *, limit: int | None = None) -> int:
        """Store what `chunks` yields and return its size once it is safe. On any failure, and past `limit` bytes
        (TooLarge), nothing is left under `key`."""
        raise NotImplementedError

    def put_sync(self, key: str, data: bytes) -> None:
        """Store small `data`; safe on return."""
        raise NotImplementedError

    def purge_incomplete(self, before: int) -> int:
        """Remove what crashed writers left before that moment; returns how many."""
        raise NotImplementedError

    async def get_stream(self, key: str, range: tuple[int, int] | None = None) -> AsyncIterator[bytes]:  # noqa: A002
        """The bytes from `range[0]` to before `range[1]`, or all. The first piece is fetched before this returns, so
        that a missing object is known before headers go out. Each piece is a request of its own: a slow reader would
        run into the time limit of one long request."""
        start, end = range or (0, await self.size(key))
        first = await self._piece(key, start, end)
        return self._pieces(key, first, start + len(first), end)

    async def size(self, key: str) -> int:
        with translated():
            return (await obstore.head_async(self._store, checked(key)))["size"]

    def read_sync(self, key: str) -> bytes:
        with translated():
            return bytes(obstore.get(self._store, checked(key)).bytes())

    async def delete(self, key: str) -> None:
        """Remove the object, if it is there."""
        with translated(), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, checked(key))

    def delete_sync(self, key: str) -> None:
        with translated(), suppress(FileNotFoundError):
            obstore.delete(self._store, checked(key))

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Every finished object whose key begins with the folder `prefix`."""
        with translated():
            for page in obstore.list(self._store, prefix or None, chunk_size=1000):
                for found in page:
                    if not found["path"].startswith(INCOMING + "/"):
                        yield Stored(found["path"], found["size"], clock.from_datetime(found["last_modified"]))

    async def _piece(self, key: str, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        with translated():
            stop = min(end, start + READ_CHUNK)
            return bytes(await obstore.get_range_async(self._store, checked(key), start=start, end=stop))

    async def _pieces(self, key: str, piece: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        while piece:
            yield piece
            piece = await self._piece(key, start, end)
            start += len(piece)


class Source:
    """Counts what flows through, enforces the limit and remembers why it stopped."""

    def __init__(self, chunks: AsyncIterable[bytes], limit: int | None) -> None:
        self.size = 0
        self.ended = False
        self.stopped = False
        self.problem: BaseException | None = None
        self._chunks = aiter(chunks)
        self._limit = limit
        self._ahead = b""

    def __aiter__(self) -> "Source":
        return self

    async def __anext__(self) -> bytes:
        if self.stopped:
            raise InterruptedError
        if ahead := self._ahead:
            self._ahead = b""
            return ahead
        try:
            return await self._next()
        except StopAsyncIteration:
            self.ended = True
            raise
        except BaseException as problem:
            self.problem = problem
            raise

    async def take(self, enough: int) -> bytes:
        """Read until there is more than `enough` or the end; what was read is handed out again by iteration."""
        head = bytearray()
        while len(head) <= enough and not self.ended:
            with suppress(StopAsyncIteration):
                head += await anext(self)
        self._ahead = bytes(head)
        return self._ahead

    async def _next(self) -> bytes:
        chunk = await anext(self._chunks)
        self.size += len(chunk)
        if self._limit is not None and self.size > self._limit:
            raise TooLarge
        return chunk


def checked(key: str) -> str:
    assert _KEY.fullmatch(key), "storage keys are made by key_of"
    return key


@contextmanager
def translated(missing: type[Refusal] = FileMissing) -> Iterator[None]:
    """Refusals instead of the library's errors; `missing` stands for "no such object", or bucket."""
    try:
        yield
    except FileNotFoundError as gone:
        raise missing from gone
    except (BaseError, OSError) as problem:
        raise StorageUnavailable("Files cannot be reached right now") from problem
