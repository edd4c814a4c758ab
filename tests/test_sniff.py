"""What a browser could run is a download, whatever it is called and however it is dressed."""

import gzip
import zipfile
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deskhand.attachments.sniff import DOWNLOAD, sniff

TEXT = "text/plain; charset=utf-8"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(image_format: str, **options: object) -> bytes:
    target = BytesIO()
    Image.new("RGB", (61, 40), "teal").save(target, image_format, **options)
    return target.getvalue()


def pdf(*objects: bytes) -> bytes:
    return b"%PDF-1.7\n" + b"\n".join(b"%d 0 obj\n%s\nendobj" % pair for pair in enumerate(objects, 1)) + b"\n%%EOF\n"


def object_stream(
    inner: bytes, header: bytes = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", packed: bytes | None = None
) -> bytes:
    body = zlib.compress(b"7 0 " + inner) if packed is None else packed
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (header, len(body), body)


PAGE = b"<< /Type /Page /Contents 2 0 R >>"
SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("jpeg", "image/jpeg"),
        ("png", "image/png"),
        ("gif", "image/gif"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
    ],
)
def test_pictures_are_known_by_their_bytes(name: str, content_type: str) -> None:
    kind = sniff(picture(name.upper()), "whatever.txt")
    assert (kind.content_type, kind.inline, kind.image_format) == (content_type, True, name)


@pytest.mark.parametrize(
    "text",
    [
        b"Traceback (most recent call last):\n",
        "Grüße, 你好, 🙂\r\n\ttabbed".encode(),
        b"\xef\xbb\xbfwith a mark",
        b'{"json": "<b>"}',
        b"a,b\n1,2\n",
        b"<14>Jan  1 00:00:00 host app: syslog\n",
        b"< 3 minutes",
        b"2026-05-18 GET / 200 <html><body>answered</body></html>\n",
        b"\x1b[31mred\x1b[0m\n",
        b"x" * 8191 + "ä".encode() * 70_000,
    ],
)
def test_text_is_shown(text: bytes) -> None:
    assert sniff(text, "server.log") == (TEXT, True, None)


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><title>x</title>",
        b"  \n\t<HTML><script>alert(1)</script>",
        b"\xef\xbb\xbf<script>alert(1)</script>",
        b"\0\0<html>",
        b"<!-- --><script>alert(1)</script>",
        b"<b onmouseover=alert(1)>",
        b"<a href='javascript:1'>",
        b"</p><script>",
        b"<%@ page %>",
        b"<?php phpinfo();",
        SVG,
        b"<?xml version='1.0'?>" + SVG,
        b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
        "<html>".encode("utf-16"),
        b"From: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b",
        b"CWS\x0f" + bytes(range(256)),
        b"FWS\x09" + bytes(range(256)),
        b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
        b"MZ" + bytes(200),
    ],
)
@pytest.mark.parametrize("filename", ["a.txt", "photo.png", "report.pdf", "page.html", ""])
def test_pages_and_programs_are_downloads(page: bytes, filename: str) -> None:
    assert sniff(page, filename) == (DOWNLOAD, False, None)


@pytest.mark.parametrize(
    "filename",
    ["x.js", "x.MJS", "x.html", "x.htm ", "x.svg.", "x.xml", "x.hta", "x.mhtml", "x.xhtml", "x.swf", "x.vbs"],
)
def test_a_name_that_runs_takes_trust_away(filename: str) -> None:
    assert sniff(b"alert(1)", filename) == (DOWNLOAD, False, None)


@pytest.mark.parametrize("filename", ["x.json", "x.js.txt", "html", "my.xml.log", "x.jsonl"])
def test_and_others_do_not(filename: str) -> None:
    assert sniff(b"alert(1)", filename).content_type == TEXT


@pytest.mark.parametrize(
    "image",
    [
        b"GIF89a/*" + picture("GIF")[8:] + b"*/=1;alert(1)",
        b"GIF89a=1;" + picture("GIF")[9:],
        b"GIF89a=\n1" + picture("GIF")[9:],
        picture("GIF", comment=b"<script>alert(1)</script>"),
        picture("JPEG", comment=b"<!DOCTYPE html><html>"),
        picture("PNG")[:33] + b"\0\0\0\x08tEXt<svg x=y" + picture("PNG")[33:],
        b"\x89PNG\r\n\x1a\n<IFRAME src=x>",
    ],
)
def test_what_is_two_things_at_once_is_neither(image: bytes) -> None:
    assert sniff(image, "x.gif") == (DOWNLOAD, False, None)


def test_a_gif_of_61_pixels_is_a_gif() -> None:
    assert picture("GIF")[6:8] == b"=\0"
    assert sniff(picture("GIF"), "x").content_type == "image/gif"


@pytest.mark.parametrize(
    "harmless",
    [
        pdf(PAGE),
        pdf(b"<< /Type /Catalog /Pages 2 0 R /Outlines << /First 5 0 R >> >>", b"(about /JSON and /AAA and /Launches)"),
        pdf(PAGE, object_stream(b"<< /Kind /Page >>")),
        pdf(PAGE, object_stream(b"<< /K 1 >>", b"/Type/ObjStm/N 1/First 4/Filter[/FlateDecode]")),
    ],
)
def test_a_pdf_that_only_shows_is_shown(harmless: bytes) -> None:
    assert sniff(harmless, "x.pdf") == ("application/pdf", True, None)


@pytest.mark.parametrize(
    "active",
    [
        pdf(SCRIPT),
        pdf(b"<</JS(x)>>"),
        pdf(b"<</J#53(x)>>"),
        pdf(b"<</#4a#53(x)>>"),
        pdf(b"<< /Java#53cript 1 >>"),
        pdf(b"<< /OpenAction 3 0 R >>"),
        pdf(b"<< /AA<< >> >>"),
        pdf(b"<< /S/Launch/F(x.exe) >>"),
        pdf(b"<< /Type /EmbeddedFile >>"),
        pdf(b"<< /Encrypt 4 0 R >>"),
        pdf(PAGE, object_stream(SCRIPT)),
        pdf(PAGE, object_stream(b"<< /A#41 1 >>")),
        pdf(PAGE, object_stream(SCRIPT, b"/Type /Obj#53tm /N 1 /First 4 /Filter /FlateDecode")),
        pdf(PAGE, object_stream(SCRIPT, b"/N 1 /First 4 /Filter /FlateDecode")),
        pdf(PAGE, object_stream(SCRIPT, b"/Type /ObjStm /First 4 /Filter [/ASCIIHexDecode /FlateDecode]")),
        pdf(PAGE, object_stream(SCRIPT, b"/Type /ObjStm /First 4 /Filter /LZWDecode")),
        pdf(PAGE, object_stream(SCRIPT, b"/Type /ObjStm /First 4 /Filter /FlateDecode /DecodeParms 9 0 R")),
        pdf(PAGE, object_stream(SCRIPT, b"/Type /ObjStm /First 4 % stream\n /Filter /FlateDecode")),
        pdf(PAGE, object_stream(b"", packed=b"not deflated")),
        pdf(PAGE, object_stream(b"", packed=zlib.compress(b"x" * 5000)[:-20])),
        pdf(PAGE, object_stream(b"", packed=zlib.compress(bytes(70 * 1024 * 1024)))),
        pdf(b"/ObjStm"),
        b"\n" + pdf(PAGE) + bytes(5),
        b"<html>" + pdf(PAGE),
    ],
)
def test_a_pdf_that_acts_or_hides_is_a_download(active: bytes) -> None:
    assert sniff(active, "x.pdf") == (DOWNLOAD, False, None)


@pytest.mark.parametrize("position", [512 * 1024 - 20 + step for step in range(20)])
def test_an_action_between_two_looks_is_seen(position: int) -> None:
    assert sniff(b"%PDF-1.7".ljust(position) + b"<</JavaScript 1>>", "x.pdf").content_type == DOWNLOAD


def test_archives_keep_their_type_as_downloads() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "x")
    assert sniff(packed.getvalue(), "a.zip") == ("application/zip", False, None)
    kind = sniff(gzip.compress(b"x" * 100), "a.gz")
    assert kind.content_type in {"application/gzip", "application/x-gzip"}
    assert not kind.inline


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"caf\xe9", b"a\0b", b"\xc3", b"\xed\xa0\x80", b"x" * 70_000 + b"\0"]
)
def test_what_is_not_utf8_is_not_text(data: bytes) -> None:
    assert not sniff(data, "x.txt").inline


@given(
    st.one_of(
        st.binary(),
        st.builds(
            lambda start, rest: start + rest,
            st.sampled_from([b"%PDF-", b"\xff\xd8\xff", b"GIF89a", b"PK\3\4"]),
            st.binary(),
        ),
    ),
    st.text(max_size=20),
)
def test_anything_has_an_answer(data: bytes, filename: str) -> None:
    kind = sniff(data, filename)
    assert kind.content_type
    assert kind.inline <= (kind.content_type in {TEXT, "application/pdf"} or kind.image_format is not None)
