"""The one file of a `multipart/form-data` body, handed on as it arrives (RFC 7578).

`request.form()` would first keep every part whole, of any number and size.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from deskhand.kit.errors import Invalid, Refusal, Unsupported

# What may come before the file begins and after it ends. Each header is bounded by the parser, to 8 of 4 KiB.
MAX_AROUND = 64 * 1024
# A refused sender that is still sending may never read the answer. So a little more is read, and thrown away.
_DRAIN_BYTES, _DRAIN_SECONDS = 8 * 1024 * 1024, 5

# RFC 7578 forbids `filename*`, and widely used clients send nothing else for names beyond ASCII.
_EXTENDED_NAME = re.compile(rb"filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)

# How the description speaks of such a body.
_FILE = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
    "additionalProperties": False,
}
FORM = {"required": True, "content": {"multipart/form-data": {"schema": _FILE}}}


class FilePart(NamedTuple):
    """`filename` is as the sender wrote it; `chunks` raises Invalid where the body turns out to be wrong later on."""

    filename: str
    chunks: AsyncGenerator[bytes]


async def file_part(request: Request, field: str = "file") -> FilePart:
    """The file in `field`, which must be the only part. Close `chunks` if not reading them to the end.

    Raises Unsupported where the body is not multipart, and Invalid where it is malformed or holds anything else.
    """
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise Unsupported("Send the file as multipart/form-data.")
    body = request.stream()
    try:
        reader = _Reader(options.get(b"boundary", b""), field)
        filename = await reader.start(body)
    except Refusal:
        await _drain(body)
        raise
    return FilePart(filename, _chunks(reader, body))


async def _chunks(reader: "_Reader", body: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    try:
        async for chunk in reader.rest(body):
            yield chunk
    except (GeneratorExit, Refusal):
        await _drain(body)
        raise
    await _drain(body)


class _Reader:
    """Drives the parser and checks that there is one part, the right one, and an end."""

    def __init__(self, boundary: bytes, field: str) -> None:
        self._field = field
        self._names: list[bytes] = []
        self._name, self._value = bytearray(), bytearray()
        self._data: deque[bytes] = deque()
        self._filename: str | None = None
        self._parts = self._around = 0
        self._done = False
        if not boundary:
            raise _malformed()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part,
                    "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._on_header,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": lambda data, start, end: self._data.append(data[start:end]),
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise _malformed() from None

    async def start(self, body: AsyncIterator[bytes]) -> str:
        """Read until the file's own bytes begin; returns its name."""
        async for chunk in body:
            self._feed(chunk)
            if self._filename is not None:
                return self._filename
            self._count_around(chunk)
        if self._done:
            raise Invalid.field(self._field, "required", f"The form has no file in `{self._field}`.")
        raise _malformed()

    async def rest(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The file's bytes, up to the end of the form."""
        while True:
            while self._data:
                yield self._data.popleft()
            if self._done:
                return
            chunk = await anext(body, None)
            if chunk is None:
                raise _malformed()
            self._feed(chunk)

    def _feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed() from None

    def _count_around(self, chunk: bytes) -> None:
        self._around += len(chunk)
        if self._around > MAX_AROUND:
            raise _malformed()

    def _on_part(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise Invalid.field(self._field, "too_many_parts", f"Send one file, in `{self._field}`, and nothing else.")

    def _on_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._names.append(bytes(self._value))
        self._name.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        header = self._names[0] if len(self._names) == 1 else b""
        kind, options = parse_options_header(header)
        if kind != b"form-data" or options.get(b"name") != self._field.encode():
            raise Invalid.field(self._field, "required", f"Send one file, in `{self._field}`, and nothing else.")
        self._filename = _filename(header, options.get(b"filename"))
        if self._filename is None:
            raise Invalid.field(self._field, "not_a_file", f"`{self._field}` must be a file, not text.")

    def _on_end(self) -> None:
        self._done = True


def _filename(header: bytes, plain: bytes | None) -> str | None:
    if extended := _EXTENDED_NAME.search(header):
        return unquote(extended[1].decode("latin-1"))
    if plain is None:
        return None
    # Browsers write these three so, and a real percent sign as it is.
    name = plain.decode("utf-8", "replace")
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


async def _drain(body: AsyncIterator[bytes]) -> None:
    left = _DRAIN_BYTES
    with suppress(ClientDisconnect, TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0 and (chunk := await anext(body, None)) is not None:
                left -= len(chunk)


def _malformed() -> Invalid:
    return Invalid.field("file", "malformed", "The form is incomplete or not well formed.")
