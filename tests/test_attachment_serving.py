"""Names and headers with which files are handed out."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskhand.attachments.model import Attachment
from deskhand.attachments.names import clean_filename, content_disposition
from deskhand.attachments.serving import serve, serve_thumbnail

FILE = Attachment(
    id="0190",
    uploader_id="0191",
    filename="shot.png",
    content_type="image/png",
    inline=True,
    size=1000,
    sha256="ab" * 32,
    storage_key="aa/0190",
    thumbnail_key="aa/0190.thumbnail",
    thumbnail_size=99,
    message_id=None,
    ticket_id=None,
    internal=False,
    created_at=0,
    bound_at=None,
)
ETAG = f'"{FILE.sha256}"'


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("log.txt", "log.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\log.txt", "log.txt"),
        ("folder/", "folder"),
        ("a\r\nX-Evil: 1\0.txt", "aX-Evil: 1.txt"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("\ufeff\u2066x\u2069.png", "x.png"),
        ("", "file"),
        ("...", "file"),
        ("/", "file"),
        (" \t", "file"),
        ("\ud800x", "x"),
        (".env", ".env"),
        ("café.txt", "café.txt"),
        ("cafe\u0301.txt", "café.txt"),
        ("x" * 300 + ".tar.gz", "x" * 197 + ".gz"),
        ("x" * 300, "x" * 200),
        ("x." + "y" * 300, "x." + "y" * 198),
    ],
)
def test_a_name_is_cleaned(given_name: str, name: str) -> None:
    assert clean_filename(given_name) == name


@given(st.text(max_size=400))
def test_any_name_becomes_one_safe_line(given_name: str) -> None:
    name = clean_filename(given_name)
    assert 1 <= len(name) <= 200
    assert not re.search(r"[/\\\x00-\x1f\x7f\u202e]", name)
    assert clean_filename(name) == name
    name.encode()


@given(st.text(max_size=400), st.booleans())
def test_any_name_makes_a_header(given_name: str, inline: bool) -> None:
    name = clean_filename(given_name)
    header = content_disposition(name, inline=inline)
    shape = re.fullmatch(
        r"""(inline|attachment); filename="[^"\\%\x00-\x1f\x7f-\uffff]+"(?:; filename\*=UTF-8''([\w!#$&+.^`|~%-]+))?""",
        header,
        re.ASCII,
    )
    assert shape is not None
    assert (shape[1] == "inline") is inline
    assert unquote(shape[2]) == name if shape[2] else f'"{name}"' in header


def test_names_beyond_ascii_have_a_plain_stand_in() -> None:
    header = content_disposition('naïve "50%".txt', inline=False)
    assert header == "attachment; filename=\"naive _50__.txt\"; filename*=UTF-8''na%C3%AFve%20%2250%25%22.txt"


def test_a_file_comes_whole_and_locked_up() -> None:
    served = serve(FILE)
    assert (served.status, served.key, served.span) == (200, "aa/0190", (0, 1000))
    assert served.headers == {
        "Content-Type": "image/png",
        "Content-Length": "1000",
        "Content-Disposition": 'inline; filename="shot.png"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-site",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "ETag": ETAG,
    }
    download = serve(FILE._replace(inline=False))
    assert download.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 1000)),
        ("bytes=100-199", (100, 200)),
        ("Bytes=999-", (999, 1000)),
        ("bytes=990-5000", (990, 1000)),
        ("bytes=-10", (990, 1000)),
        ("bytes=-5000", (0, 1000)),
    ],
)
def test_a_part_is_served(header: str, span: tuple[int, int]) -> None:
    served = serve(FILE, range_=header)
    assert (served.status, served.span) == (206, span)
    assert served.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/1000"
    assert served.headers["Content-Length"] == str(span[1] - span[0])
    assert serve(FILE, range_=header, if_range=ETAG).status == 206
    assert serve(FILE, range_=header, if_range='"other"').status == 200


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(header: str) -> None:
    served = serve(FILE, range_=header)
    assert (served.status, served.span, served.headers["Content-Range"]) == (416, None, "bytes */1000")


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes=٣-"]
)
def test_nonsense_and_several_parts_are_answered_whole(header: str) -> None:
    assert serve(FILE, range_=header).status == 200


@pytest.mark.parametrize("header", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_what_is_known_is_not_sent_again(header: str) -> None:
    served = serve(FILE, if_none_match=header, range_="bytes=0-1")
    assert (served.status, served.span) == (304, None)
    assert "Content-Length" not in served.headers
    assert serve(FILE, if_none_match='"other"').status == 200


def test_a_thumbnail_is_served_beside() -> None:
    served = serve_thumbnail(FILE)
    assert served is not None
    assert (served.status, served.key, served.span) == (200, "aa/0190.thumbnail", (0, 99))
    assert served.headers["Content-Type"] == "image/webp"
    assert served.headers["ETag"] != ETAG
    known = serve_thumbnail(FILE, if_none_match=served.headers["ETag"])
    assert known is not None
    assert known.status == 304
    assert serve_thumbnail(FILE._replace(thumbnail_key=None)) is None
