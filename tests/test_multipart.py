"""The one file of a form, as it arrives."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from deskhand.doors.api.multipart import MAX_AROUND, file_part
from deskhand.kit.errors import Invalid, Unsupported

BOUNDARY = "----WebKitFormBoundary7MA4YWxk"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
DISPOSITION = 'form-data; name="file"; filename="log.txt"'


def part(
    data: bytes = b"hello", disposition: str = DISPOSITION, headers: str = "Content-Type: text/plain\r\n"
) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{headers}\r\n"
    return head.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Sender:
    """Hands out `body` in pieces of `size`, and remembers how many were asked for."""

    def __init__(self, body: bytes, size: int, *, leaves: bool = False) -> None:
        self.given = 0
        self._pieces: Iterator[bytes] = (body[start : start + size] for start in range(0, len(body), size))
        self._leaves = leaves

    async def __call__(self) -> dict[str, Any]:
        piece = next(self._pieces, None)
        if piece is None and self._leaves:
            return {"type": "http.disconnect"}
        self.given += len(piece or b"")
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}


def request(sender: Sender, content_type: str | None = FORM) -> Request:
    headers = [(b"content-type", content_type.encode())] if content_type else []
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, sender)


def received(body: bytes, size: int = 65536, content_type: str | None = FORM) -> tuple[str, bytes]:
    async def act() -> tuple[str, bytes]:
        filename, chunks = await file_part(request(Sender(body, size), content_type))
        return filename, b"".join([chunk async for chunk in chunks])

    return asyncio.run(act())


def refused(body: bytes, size: int = 65536) -> str:
    with pytest.raises(Invalid) as refusal:
        received(body, size)
    (error,) = refusal.value.errors
    assert error.field == "file"
    return error.code


@pytest.mark.parametrize("size", [1, 2, 7, 100, 65536])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\r\n" * 40,
        b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n",
        b"--\r\n-\r\n--",
        bytes(range(256)) * 9,
    ],
)
def test_the_bytes_arrive_however_they_are_cut(data: bytes, size: int) -> None:
    assert received(form(part(data)), size) == ("log.txt", data)


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('form-data; name="file"; filename="naïve 🙂.txt"', "naïve 🙂.txt"),
        ("form-data; name=file; filename=log.txt", "log.txt"),
        ('FORM-DATA; NAME="file"; FILENAME="a.txt"', "a.txt"),
        ('form-data; name="file"; filename="a%22b%0D%0A 100%.txt"', 'a"b\r\n 100%.txt'),
        (r'form-data; name="file"; filename="a\"b;c.txt"', 'a"b;c.txt'),
        ("form-data; name=\"file\"; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
        ('form-data; name="file"; filename="../../etc/passwd"', "../../etc/passwd"),
        ('form-data; name="file"; filename=""', ""),
    ],
)
def test_the_name_is_handed_on_as_it_was_meant(disposition: str, filename: str) -> None:
    assert received(form(part(disposition=disposition)))[0] == filename


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "text/plain; boundary=x", "multipart/mixed; boundary=x"]
)
def test_anything_but_a_form_is_415(content_type: str | None) -> None:
    with pytest.raises(Unsupported):
        received(form(part()), content_type=content_type)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (form(), "required"),
        (form(part(disposition='form-data; name="upload"; filename="x"')), "required"),
        (form(part(disposition='form-data; name="note"'), part()), "required"),
        (form(part(disposition='attachment; name="file"; filename="x"')), "required"),
        (form(part(headers='Content-Disposition: form-data; name="file"; filename="2"\r\n')), "required"),
        (form(part(disposition='form-data; name="file"')), "not_a_file"),
        (form(part(), part()), "too_many_parts"),
        (form(part(), part(disposition='form-data; name="note"')), "too_many_parts"),
        (form(part(b"x" * 100_000), part()), "too_many_parts"),
        (part(), "malformed"),
        (form(part())[:-10], "malformed"),
        (form(part())[:30], "malformed"),
        (b"", "malformed"),
        (b"--other\r\n", "malformed"),
        (b"hello", "malformed"),
        (form(part(headers="X: " + "y" * 5000 + "\r\n")), "malformed"),
        (form(part(headers="X: y\r\n" * 9)), "malformed"),
        (form(part(headers="no colon\r\n")), "malformed"),
        (b"\r\n" + b"x" * (MAX_AROUND + 65536) + form(part()), "malformed"),
    ],
)
@pytest.mark.parametrize("size", [997, 65536])
def test_other_forms_are_refused(body: bytes, code: str, size: int) -> None:
    assert refused(body, size) == code


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "b" * 300])
def test_a_form_needs_a_fitting_boundary(boundary: str) -> None:
    with pytest.raises(Invalid):
        received(form(part()), content_type="multipart/form-data" + boundary)


def test_nothing_is_read_ahead_of_its_reader() -> None:
    async def act() -> None:
        sender = Sender(form(part(bytes(50 * 65536))), 65536)
        _, chunks = await file_part(request(sender))
        await anext(chunks)
        assert sender.given <= 2 * 65536
        await chunks.aclose()
        assert sender.given > 50 * 65536  # the rest was read, so that the sender hears the answer

    asyncio.run(act())


def test_a_sender_without_end_is_cut_off() -> None:
    async def act() -> int:
        sender = Sender(form(part(bytes(64 * 1024 * 1024))), 1024 * 1024)
        _, chunks = await file_part(request(sender))
        await anext(chunks)
        await chunks.aclose()
        return sender.given

    assert asyncio.run(act()) < 12 * 1024 * 1024


def test_a_sender_that_leaves_is_not_a_malformed_form() -> None:
    async def act(body: bytes) -> None:
        _, chunks = await file_part(request(Sender(body, 100, leaves=True)))
        async for _ in chunks:
            pass

    for body in (part(b"x" * 500), part()[:20]):
        with pytest.raises(ClientDisconnect):
            asyncio.run(act(body))
