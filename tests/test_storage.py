"""A folder and a bucket hold bytes alike, and keep nothing of what failed."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from deskhand.kit import clock, ids
from deskhand.kit.errors import TooLarge
from deskhand.kit.storage import FileMissing, Storage, StorageUnavailable, key_of
from deskhand.kit.storage.folder import FolderStorage

MIB = 1024 * 1024
KEY = key_of(ids.new_id())


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    """A bucket named `files` on an S3 server on loopback."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    s3 = boto3.resource(
        "s3", endpoint_url=address, region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    made = s3.Bucket("files")
    made.create(CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield made
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        yield Storage.open(str(tmp_path / "files"))
        return
    made = request.getfixturevalue("bucket")
    endpoint = made.meta.client.meta.endpoint_url
    yield Storage.open(f"s3://id:secret@files/desk/one?endpoint={endpoint}&region=eu-central-1")
    made.objects.delete()


async def pieces(*sizes: int, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for number, size in enumerate(sizes):
        yield bytes([number % 251]) * size
    if then:
        raise then


async def collect(storage: Storage, key: str, span: tuple[int, int] | None = None) -> bytes:
    return b"".join([piece async for piece in await storage.get_stream(key, span)])


@pytest.mark.parametrize("sizes", [(5,), (100, 200), (MIB,) * 3, (MIB,) * 12, (12 * MIB,), ()])
def test_what_is_put_comes_back(storage: Storage, sizes: tuple[int, ...]) -> None:
    async def story() -> None:
        assert await storage.put_stream(KEY, pieces(*sizes)) == sum(sizes)
        expected = b"".join([piece async for piece in pieces(*sizes)])
        assert await storage.size(KEY) == len(expected)
        assert await collect(storage, KEY) == expected
        assert storage.read_sync(KEY) == expected

    asyncio.run(story())


@pytest.mark.parametrize("span", [(0, 1), (0, 10), (5, 7), (MIB - 1, MIB + 1), (MIB, 3 * MIB), (3 * MIB - 1, 3 * MIB)])
def test_a_range_is_exactly_those_bytes(storage: Storage, span: tuple[int, int]) -> None:
    data = os.urandom(3 * MIB)
    storage.put_sync(KEY, data)
    assert asyncio.run(collect(storage, KEY, span)) == data[slice(*span)]


def test_deleted_is_gone_and_deleting_again_is_fine(storage: Storage) -> None:
    storage.put_sync(KEY, b"x")
    asyncio.run(storage.delete(KEY))
    asyncio.run(storage.delete(KEY))
    storage.delete_sync(KEY)
    with pytest.raises(FileMissing):
        storage.read_sync(KEY)
    with pytest.raises(FileMissing):
        asyncio.run(storage.size(KEY))
    with pytest.raises(FileMissing):
        asyncio.run(storage.get_stream(KEY, (0, 1)))  # before a single header is sent


def test_lists_what_is_there(storage: Storage) -> None:
    before = clock.now() - 2 * clock.SECOND
    storage.put_sync("aa/one", b"1")
    storage.put_sync("bb/two", b"22")
    assert {(found.key, found.size) for found in storage.list()} == {("aa/one", 1), ("bb/two", 2)}
    assert [found.key for found in storage.list("bb")] == ["bb/two"]
    assert all(before < found.modified <= clock.now() + clock.SECOND for found in storage.list())


@pytest.mark.parametrize("sizes", [(10,), (MIB,) * 12])
def test_a_source_that_fails_leaves_nothing(storage: Storage, sizes: tuple[int, ...], request: Any) -> None:
    for problem in (RuntimeError("gone"), OSError("gone")):
        with pytest.raises(type(problem), match="gone"):
            asyncio.run(storage.put_stream(KEY, pieces(*sizes, then=problem)))
    assert_nothing_left(storage, request)


@pytest.mark.parametrize("limit", [9, 8 * MIB])
def test_past_the_limit_nothing_is_kept(storage: Storage, limit: int, request: Any) -> None:
    with pytest.raises(TooLarge):
        asyncio.run(storage.put_stream(KEY, pieces(*(MIB,) * 12), limit=limit))
    assert_nothing_left(storage, request)
    assert asyncio.run(storage.put_stream(KEY, pieces(limit), limit=limit)) == limit


def test_a_cancelled_upload_leaves_nothing(storage: Storage, request: Any) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * MIB
            await asyncio.sleep(0.005)

    async def story() -> None:
        upload = asyncio.create_task(storage.put_stream(KEY, slowly()))
        await asyncio.sleep(0.2)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(story())
    assert_nothing_left(storage, request)


def assert_nothing_left(storage: Storage, request: pytest.FixtureRequest) -> None:
    assert list(storage.list()) == []
    if isinstance(storage, FolderStorage):
        root = request.getfixturevalue("tmp_path")
        assert [path for path in root.rglob("*") if path.is_file()] == []
    else:
        made = request.getfixturevalue("bucket")
        assert "Uploads" not in made.meta.client.list_multipart_uploads(Bucket="files")


# In a process of its own: memory that other threads of the test run take would count as well.
MEASURED = f"""
import asyncio, sys, tracemalloc
from deskhand.kit.storage import Storage

async def pieces():
    for _ in range(960):
        yield bytes(64 * 1024)

async def story():
    storage = Storage.open(sys.argv[1])
    tracemalloc.start()
    await storage.put_stream({KEY!r}, pieces())  # 60 MiB
    async for _ in await storage.get_stream({KEY!r}):
        pass
    print(tracemalloc.get_traced_memory()[1])

asyncio.run(story())
"""


def test_memory_stays_bounded(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", MEASURED, str(tmp_path)], check=True, capture_output=True, text=True)
    assert 0 < int(told.stdout) < 8 * MIB


def test_a_file_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage.open(f"file://{tmp_path}")
    steps: list[str] = []
    sync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("sync"), sync(handle))[1])
    monkeypatch.setattr(Path, "rename", lambda path, to: (steps.append("rename"), rename(path, to))[1])
    storage.put_sync(KEY, b"x")
    asyncio.run(storage.put_stream(KEY, pieces(5)))
    new_folder = ["sync", "sync", "rename", "sync"]
    assert steps == [*new_folder, "sync", "rename", "sync"]


def test_a_writer_that_died_is_cleaned_up_after(tmp_path: Path) -> None:
    storage = Storage.open(str(tmp_path))
    half = tmp_path / "incoming" / "0190"
    half.write_bytes(b"half")
    assert list(storage.list()) == []
    assert storage.purge_incomplete(clock.now() - clock.HOUR) == 0
    assert storage.purge_incomplete(clock.now() + clock.HOUR) == 1
    assert not half.exists()


def test_only_the_owner_may_read_the_folder(tmp_path: Path) -> None:
    storage = Storage.open(str(tmp_path / "files"))
    storage.put_sync(KEY, b"x")
    assert (tmp_path / "files" / KEY).stat().st_mode & 0o077 == 0
    assert (tmp_path / "files" / KEY).parent.stat().st_mode & 0o077 == 0


def test_a_bucket_that_is_not_there_or_does_not_answer_is_503(bucket: Any) -> None:
    endpoint = bucket.meta.client.meta.endpoint_url
    missing = Storage.open(f"s3://id:secret@nowhere?endpoint={endpoint}&region=eu-central-1")
    with pytest.raises(StorageUnavailable):
        asyncio.run(missing.put_stream(KEY, pieces(5)))
    dead = Storage.open("s3://id:secret@files?endpoint=http://127.0.0.1:9&region=eu-central-1")
    with pytest.raises(StorageUnavailable):
        asyncio.run(dead.size(KEY))


def test_the_aws_environment_is_heard(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.meta.client.meta.endpoint_url)
    Storage.open("s3://files/env").put_sync("aa/one", b"1")
    assert [found.key for found in bucket.objects.filter(Prefix="env/")] == ["env/aa/one"]
    bucket.objects.delete()


@pytest.mark.parametrize(
    "address",
    ["ftp://host/x", "s3:///prefix", "s3://b?color=red", "s3://b?endpoint=files.example", "file://host/x", "file:///"],
)
def test_a_bad_address_is_refused_at_start(address: str) -> None:
    with pytest.raises(ValueError, match="storage"):
        Storage.open(address)


def test_http_elsewhere_must_be_said_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://minio.internal:9000")
    with pytest.raises(ValueError, match="https"):
        Storage.open("s3://files")
    Storage.open("s3://files?endpoint=http://minio.internal:9000")


@pytest.mark.parametrize("key", ["../etc/passwd", "/etc/passwd", "a//b", "a/../b", "A", "", "a/.hidden", "a\n"])
def test_a_key_is_never_a_path_of_somebody_elses(storage: Storage, key: str) -> None:
    with pytest.raises(AssertionError):
        storage.read_sync(key)
    with pytest.raises(AssertionError):
        asyncio.run(storage.put_stream(key, pieces(1)))
