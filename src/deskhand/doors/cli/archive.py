"""A backup as a file: a tar of named members, ended by a manifest that proves it whole.

    tables/<table>/<number>.jsonl.gz    rows in the order of their keys' dependencies, each a JSON array
    files/<storage key>                 what people uploaded
    manifest.json                       revision, columns, counts, and a digest of all that came before

Members are read by name and never unpacked to a path: a name of another form makes the archive invalid.
"""

import gzip
import io
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from deskhand.kit.errors import Conflict, Refusal

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 8 * 1024 * 1024  # bytes of rows before a new member begins: what is held in memory
_CHUNK_MAX = 64 * 1024 * 1024  # no writer of ours makes a larger one: the longest row has a few megabytes
_MANIFEST_MAX = 16 * 1024 * 1024
_READ = 1024 * 1024
_ROWS = re.compile(r"tables/([a-z0-9_]{1,63})/\d{6}\.jsonl\.gz")
_FILE = re.compile(r"files/([a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*)")


class BadArchive(Refusal):
    code = "bad_archive"
    title = "This is not a whole backup"


class CannotWrite(Refusal):
    code = "cannot_write"
    title = "The file cannot be written"


class FileExists(Conflict):
    code = "file_exists"
    title = "There is a file of this name already"


class Writer:
    """Adds members and remembers the digest of all of them."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digest = sha256()
        self._members = 0

    def rows(self, table: str, rows: Iterator[list[Any]]) -> int:
        """Add a table's rows, in members of bounded size; returns how many there were."""
        count, part, buffer = 0, 0, bytearray()
        for row in rows:
            buffer += orjson.dumps(row) + b"\n"
            count += 1
            if len(buffer) >= _CHUNK:
                self._rows(table, part, buffer)
                part, buffer = part + 1, bytearray()
        if buffer:
            self._rows(table, part, buffer)
        return count

    def file(self, key: str, data: bytes) -> None:
        self._add(f"files/{key}", data)

    def end(self, manifest: dict[str, Any]) -> None:
        """Add the manifest; nothing may follow."""
        proof = {"format": FORMAT, "members": self._members, "sha256": self._digest.hexdigest()}
        self._add(MANIFEST, orjson.dumps(manifest | proof, option=orjson.OPT_INDENT_2))

    def _rows(self, table: str, part: int, lines: bytearray) -> None:
        self._add(f"tables/{table}/{part:06d}.jsonl.gz", gzip.compress(lines, compresslevel=6, mtime=0))

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o600
        self._tar.addfile(member, io.BytesIO(data))
        self._tar.members.clear()  # type: ignore[attr-defined] - would remember each of what may be millions
        self._members += 1
        self._digest.update(_entry(name, len(data), sha256(data).digest()))


class Reader:
    """What is in a backup; open it by `reading`, which has checked all of it."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path, self.manifest = path, manifest

    def rows(self) -> Iterator[tuple[str, list[list[Any]]]]:
        """(table, rows) in the order in which they were written: what refers comes after what it refers to."""
        for name, data in self._members(lambda name: _ROWS.fullmatch(name)):
            yield name[1], [orjson.loads(line) for line in _inflated(data).splitlines()]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """(storage key, bytes)."""
        for name, data in self._members(lambda name: _FILE.fullmatch(name)):
            yield name[1], data

    def _members(self, wanted: Callable[[str], Any]) -> Iterator[tuple[Any, bytes]]:
        with _opened(self.path) as tar:
            for member in _each(tar):
                if found := wanted(member.name):
                    yield found, b"".join(_content(tar, member))


class _Seen(NamedTuple):
    manifest: dict[str, Any]
    members: int
    digest: str


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new archive, readable by its owner alone, that appears under `path` whole or not at all. Raises FileExists."""
    if path.exists():
        raise FileExists(f"{path} exists already.")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as problem:
        raise CannotWrite(f"{path} cannot be written: {problem.strerror}.") from problem
    finally:
        part.unlink(missing_ok=True)


def reading(path: Path) -> Reader:
    """The archive, once every byte of it has been checked. Raises BadArchive."""
    seen = _check(path)
    manifest = seen.manifest
    if manifest.get("format") != FORMAT:
        raise BadArchive(f"This backup has the format {manifest.get('format')}; this release reads {FORMAT}.")
    if (manifest.get("members"), manifest.get("sha256")) != (seen.members, seen.digest):
        raise BadArchive("The backup is damaged: its contents do not match its checksum.")
    return Reader(path, manifest)


def _check(path: Path) -> _Seen:
    digest, members = sha256(), 0
    with _opened(path) as tar:
        for member in _each(tar):
            _refuse_strange(member)
            if member.name == MANIFEST:
                manifest = _parsed(b"".join(_content(tar, member)))
                if tar.next() is not None:
                    raise BadArchive("The backup is damaged: something follows its end.")
                return _Seen(manifest, members, digest.hexdigest())
            content = sha256()
            for piece in _content(tar, member):
                content.update(piece)
            digest.update(_entry(member.name, member.size, content.digest()))
            members += 1
    raise BadArchive("The backup is not complete: its end is missing.")


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, UnicodeDecodeError) as problem:
        raise BadArchive("This is no backup, or only a part of one.") from problem
    except OSError as problem:
        raise BadArchive(f"{path} cannot be read: {problem.strerror}.") from problem


def _each(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        yield member
        tar.members.clear()  # type: ignore[attr-defined] - would remember each of what may be millions


def _refuse_strange(member: tarfile.TarInfo) -> None:
    known = member.name == MANIFEST or _ROWS.fullmatch(member.name) or _FILE.fullmatch(member.name)
    if not known or member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
        raise BadArchive(f"The backup holds something that does not belong there: {member.name[:100]!r}.")
    if member.size > (_MANIFEST_MAX if member.name == MANIFEST else _CHUNK_MAX):
        raise BadArchive(f"The backup holds something too large: {member.name[:100]!r}.")


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    source = tar.extractfile(member)
    assert source is not None
    left = member.size
    while left:
        piece = source.read(min(left, _READ))
        if not piece:
            raise BadArchive("The backup is not complete: it breaks off.")
        left -= len(piece)
        yield piece


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    lines = inflater.decompress(data, _CHUNK_MAX)
    if inflater.unconsumed_tail or not inflater.eof:
        raise BadArchive("The backup is damaged: rows do not unpack.")
    return lines


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        manifest = orjson.loads(data)
    except orjson.JSONDecodeError as problem:
        raise BadArchive("The backup is damaged: its manifest cannot be read.") from problem
    if not isinstance(manifest, dict):
        raise BadArchive("The backup is damaged: its manifest cannot be read.")
    return manifest


def _entry(name: str, size: int, content: bytes) -> bytes:
    return f"{name}\n{size}\n".encode() + content
