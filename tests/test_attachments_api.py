"""Files over HTTP, from upload through a message to whoever may read it."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from deskhand.attachments import sweep
from deskhand.attachments.model import MIB
from tests.support.api import UNLIMITED, cast, count, fields, is_problem, later, png, served, upload
from tests.support.app import SUPPORT, Desk, running


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        cast(desk)
        yield desk


def test_a_file_goes_into_a_message(desk: Desk) -> None:
    is_problem(upload(desk.anyone()), 401)
    alice = desk.as_("alice")
    file = upload(alice, b"line 1\nline 2\n", "trace.log", expect=201).json()
    assert file.keys() == {"id", "filename", "content_type", "size", "url", "markdown"}
    assert (file["filename"], file["size"]) == ("trace.log", 14)
    assert file["url"] == f"{SUPPORT}/attachments/{file['id']}"
    assert file["markdown"] == f"[trace.log](attachment:{file['id']})"
    assert alice.get(file["url"], expect=200).content == b"line 1\nline 2\n"
    for who in ("bob", "mallory"):
        is_problem(desk.as_(who).get(file["url"]), 404)
    is_problem(desk.anyone().get(file["url"]), 401)
    ticket = desk.new_ticket(body=f"See {file['markdown']}.")
    thread = alice.get(f"/tickets/{ticket['id']}").json()
    assert thread["messages"][0]["attachments"] == [file]
    assert f'href="{file["url"]}"' in thread["messages"][0]["body_html"]
    for who, status in (("alice", 200), ("sam", 200), ("ada", 200), ("bob", 404), ("mallory", 404)):
        assert desk.as_(who).get(file["url"]).status_code == status, who


def test_an_image_is_shown_without_what_the_camera_wrote(desk: Desk) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at Alice's home"
    sent = io.BytesIO()
    Image.new("RGB", (900, 600), "teal").save(sent, "JPEG", exif=exif)
    assert b"taken at" in sent.getvalue()
    file = upload(desk.as_("alice"), sent.getvalue(), "shot.jpeg", expect=201).json()
    assert file["markdown"] == f"![shot.jpeg](attachment:{file['id']})"
    answer = desk.as_("alice").get(file["url"], expect=200)
    assert b"taken at" not in answer.content
    assert len(answer.content) == file["size"]
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"].startswith("inline")
    small = desk.as_("alice").get(file["thumbnail_url"], expect=200)
    assert max(Image.open(io.BytesIO(small.content)).size) <= 480
    is_problem(desk.as_("bob").get(file["thumbnail_url"]), 404)
    is_problem(desk.as_("alice").get(f"{upload(desk.as_('alice')).json()['url']}/thumbnail"), 404)


HOSTILE = {
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "shot.png": b"<html><body onload=alert(1)>",  # the name says one thing, the bytes another
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "feed.xml": b'<?xml version="1.0"?><x xmlns="http://www.w3.org/1999/xhtml"><script>1</script></x>',
    "form.pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF",
}


def test_what_browsers_could_run_is_a_download_that_runs_nothing(calm: Desk) -> None:
    for name, data in HOSTILE.items():
        file = upload(calm.as_("alice"), data, name, expect=201).json()
        answer = calm.as_("alice").get(file["url"], expect=200)
        assert answer.content == data
        assert file["content_type"] == answer.headers["content-type"] == "application/octet-stream", name
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert file["markdown"].startswith("["), "no image"


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\temp\\log.txt": "log.txt",
    "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie: x=1.txt",
    'quo"te.txt': 'quo"te.txt',
    "<img src=x onerror=alert(1)>.txt": "<img src=x onerror=alert(1)>.txt",
    "[x](javascript:alert(1)).txt": "[x](javascript:alert(1)).txt",
    "naïve résumé 💥.txt": "naïve résumé 💥.txt",
    "gpj.\u202eexe.txt": "gpj.exe.txt",
    "." * 300: "file",
    "n" * 300 + ".txt": "n" * 196 + ".txt",
}


def test_names_are_data_and_never_paths(calm: Desk) -> None:
    alice = calm.as_("alice")
    for sent, kept in NAMES.items():
        file = upload(alice, b"text", sent, expect=201).json()
        assert file["filename"] == kept
        answer = alice.get(file["url"], expect=200)
        assert "\r" not in answer.headers["content-disposition"]
        assert answer.headers["content-disposition"].isascii()
        assert "set-cookie" not in answer.headers
        made = calm.new_ticket(body=file["markdown"])
        (message,) = alice.get(f"/tickets/{made['id']}").json()["messages"]
        assert [item["id"] for item in message["attachments"]] == [file["id"]], kept
        assert "<img src=x" not in message["body_html"]
        assert 'javascript:alert(1)"' not in message["body_html"]


def test_only_the_uploader_binds_and_once(calm: Desk) -> None:
    alice, bob = calm.as_("alice"), calm.as_("bob")
    mine, hers = upload(bob, b"bob's").json(), upload(alice, b"alice's").json()
    before = count(calm, "messages")
    for body in (mine["markdown"], f"{hers['markdown']} {mine['markdown']}", f"![x](attachment:{mine['id'].upper()})"):
        assert fields(alice.post("/tickets", {"subject": "s", "body": body})) == {"body"}
    assert count(calm, "messages") == before
    ticket = calm.new_ticket(body=hers["markdown"])
    assert fields(alice.post("/tickets", {"subject": "s", "body": hers["markdown"]})) == {"body"}  # it has its place
    assert fields(bob.post("/tickets", {"subject": "s", "body": hers["markdown"]})) == {"body"}
    calm.new_ticket("bob", body=mine["markdown"])
    for code in (f"`{hers['markdown']}`", f"    {hers['markdown']}"):
        calm.as_("alice").post("/tickets", {"subject": "code is no link", "body": code}, expect=201)
    thread = alice.get(f"/tickets/{ticket['id']}").json()
    assert [file["id"] for file in thread["messages"][0]["attachments"]] == [hers["id"]]
    # An agent's file in an answer is the customer's to read.
    file = upload(calm.as_("sam"), b"fix", "fix.patch").json()
    is_problem(alice.get(file["url"]), 404)
    calm.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": file["markdown"]}, expect=201)
    assert alice.get(file["url"], expect=200).content == b"fix"


def test_ten_files_a_message_and_not_eleven(calm: Desk) -> None:
    links = [upload(calm.as_("alice"), f"file {n}".encode(), f"{n}.txt").json()["markdown"] for n in range(11)]
    too_many = calm.as_("alice").post("/tickets", {"subject": "s", "body": " ".join(links)})
    assert fields(too_many) == {"body"}
    ticket = calm.new_ticket(body=" ".join([*links[:10], links[0]]))
    thread = calm.as_("alice").get(f"/tickets/{ticket['id']}").json()
    assert len(thread["messages"][0]["attachments"]) == 10
    calm.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": links[10]}, expect=201)


def test_a_file_may_have_25_mib_and_not_a_byte_more(calm: Desk, tmp_path: Path) -> None:
    alice = calm.as_("alice")
    whole = upload(alice, bytes(25 * MIB), "large.bin", expect=201).json()
    assert whole["size"] == 25 * MIB
    is_problem(upload(alice, bytes(25 * MIB + 1), "larger.bin"), 413, "too_large")
    assert count(calm, "attachments") == 1
    stored = [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()]
    assert len(stored) == 1
    sizes = [upload(alice, bytes(24 * MIB)).status_code for _ in range(8)]
    assert sizes == [201] * 7 + [413]  # 200 MiB that are part of nothing yet
    calm.new_ticket(body=whole["markdown"])
    upload(alice, bytes(24 * MIB), expect=201)


def test_a_body_without_a_length_is_held_to_the_limit_too(calm: Desk) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'

    async def chunks() -> AsyncIterator[bytes]:
        yield head
        for _ in range(27):
            yield bytes(MIB)
        yield b"\r\n--b--\r\n"

    async def send(address: str) -> httpx2.Response:
        headers = {"Content-Type": "multipart/form-data; boundary=b", **calm.as_("alice").headers}
        async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
            return await http.post(f"{SUPPORT}/attachments", content=chunks(), headers=headers)

    with served(calm) as address:
        is_problem(asyncio.run(send(address)), 413, "too_large")
    assert count(calm, "attachments") == 0


def test_parts_and_versions_of_a_file(desk: Desk) -> None:
    url = upload(desk.as_("alice"), b"0123456789", "ten.txt").json()["url"]

    def get(**headers: str) -> httpx2.Response:
        return desk.as_("alice").get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})

    whole = get()
    tag = whole.headers["etag"]
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    parts: dict[str, tuple[int, bytes]] = {
        "bytes=2-4": (206, b"234"),
        "bytes=7-": (206, b"789"),
        "bytes=-2": (206, b"89"),
        "bytes=0-999": (206, b"0123456789"),
        "bytes=10-": (416, b""),
        "bytes=-0": (416, b""),
        "bytes=4-2": (200, b"0123456789"),
        "bytes=0-1,3-4": (200, b"0123456789"),
        "lines=1-2": (200, b"0123456789"),
        "bytes=" + "9" * 30 + "-": (200, b"0123456789"),
    }
    for asked, (status, content) in parts.items():
        answer = get(Range=asked)
        assert (answer.status_code, answer.content) == (status, content), asked
    assert get(Range="bytes=2-4").headers["content-range"] == "bytes 2-4/10"
    assert get(Range="bytes=99-").headers["content-range"] == "bytes */10"
    assert get(Range="bytes=2-4", If_Range=tag).status_code == 206
    assert get(Range="bytes=2-4", If_Range='"other"').status_code == 200
    unchanged = get(If_None_Match=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert "private" in whole.headers["cache-control"]


def test_nobody_learns_of_a_file_by_its_etag(desk: Desk) -> None:
    made = upload(desk.as_("alice"), png()).json()
    tag = desk.as_("alice").get(made["url"]).headers["etag"]
    for headers in ({"If-None-Match": tag}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}):
        is_problem(desk.as_("mallory").get(made["url"], headers=headers), 404)


def test_what_is_part_of_nothing_goes_after_a_day(desk: Desk) -> None:
    kept, lost = (upload(desk.as_("alice"), data).json() for data in (b"kept", b"lost"))
    desk.new_ticket(body=kept["markdown"])
    with later(23 * 3600):
        sweep.sweep(desk.store, desk.services.storage)
        assert desk.as_("alice").get(lost["url"]).status_code == 200
    with later(26 * 3600):
        sweep.sweep(desk.store, desk.services.storage)
    assert count(desk, "attachments") == 1
    assert desk.as_("alice").get(kept["url"], expect=200).content == b"kept"
