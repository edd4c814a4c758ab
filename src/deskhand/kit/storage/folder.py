"""Files in a folder."""

import asyncio
import os
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from obstore.store import LocalStore

from deskhand.kit.storage.base import INCOMING, Source, Storage, StorageUnavailable, checked, translated


class FolderStorage(Storage):
    """A folder. obstore renames into place but never syncs, so writing is done here: a file appears under its key
    whole and on disk, or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        (self._root / INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = LocalStore(self._root)

    async def put_stream(self, key: str, chunks: AsyncIterable[bytes], *, limit: int | None = None) -> int:
        staged, source = _Staged(self._root, checked(key)), Source(chunks, limit)
        try:
            async for chunk in source:
                with translated(StorageUnavailable):
                    await asyncio.to_thread(staged.write, chunk)
            with translated(StorageUnavailable):
                await asyncio.to_thread(staged.commit)
        except BaseException:
            staged.discard()
            raise
        return source.size

    def put_sync(self, key: str, data: bytes) -> None:
        with translated(StorageUnavailable):
            staged = _Staged(self._root, checked(key))
            try:
                staged.write(data)
                staged.commit()
            except BaseException:
                staged.discard()
                raise

    def purge_incomplete(self, before: int) -> int:
        stale = [
            path for path in (self._root / INCOMING).iterdir() if path.stat().st_mtime_ns // 1000 < before
        ]  # fmt: skip
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)


class _Staged:
    """A file that is written beside its place and renamed into it once it is on disk."""

    def __init__(self, root: Path, key: str) -> None:
        self._final = root / key
        self._path = root / INCOMING / str(uuid4())
        self._file = open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)

    def commit(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        folder = self._final.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync_folder(folder.parent)
        self._path.rename(self._final)
        _sync_folder(folder)

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
