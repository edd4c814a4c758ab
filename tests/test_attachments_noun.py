"""Uploading, binding, reading and clearing away files, on both databases."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from deskhand.accounts import people
from deskhand.attachments import access, ops, queries, sweep, wire
from deskhand.attachments.model import MIB, Attachment, Limits
from deskhand.attachments.tables import attachments
from deskhand.kit import clock
from deskhand.kit.db import Store, open_store
from deskhand.kit.errors import Invalid, NotFound, TooLarge, Unavailable
from deskhand.kit.ids import new_id
from deskhand.kit.storage import FileMissing, Storage, StorageUnavailable

LOG = b"GET / 200\n"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(str(tmp_path / "files"))


@pytest.fixture
def cast(store: Store) -> dict[str, str]:
    """Ids of Alice, a customer, and Mallory, a stranger."""
    with store.begin() as tx:
        return {
            name: people.add_correspondent(tx, email=f"{name}@example.com", name=name.title(), verified=True)["id"]
            for name in ("alice", "mallory")
        }


@pytest.fixture
def upload(store: Store, storage: Storage, cast: dict[str, str]) -> Callable[..., Attachment]:
    """Upload `data` as `who`, in small pieces."""

    def act(data: bytes = LOG, filename: str = "log.txt", who: str = "alice", **options: Any) -> Attachment:
        chunks = arriving(data)
        return asyncio.run(
            ops.upload(store, storage, uploader_id=cast[who], filename=filename, chunks=chunks, **options)
        )

    return act


async def arriving(data: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def picture(**options: Any) -> bytes:
    target = BytesIO()
    Image.new("RGB", (1200, 800), "teal").save(target, "JPEG", **options)
    return target.getvalue()


def count(store: Store) -> int:
    with store.reading() as tx:
        return tx.execute(select(func.count()).select_from(attachments)).scalar_one()


def get(store: Store, row: Attachment, who: str | None, *, staff: bool = False, tickets: str = "") -> Attachment:
    with store.reading() as tx:
        return access.get(tx, id=row.id, user_id=who, is_staff=staff, may_read_ticket=lambda id_: id_ in tickets)


# Uploading


def test_a_log_is_kept_as_it_is(upload: Callable[..., Attachment], storage: Storage, store: Store) -> None:
    row = upload(filename="C:\\fakepath\\log.txt")
    assert (row.filename, row.content_type, row.inline) == ("log.txt", "text/plain; charset=utf-8", True)
    assert (row.size, row.sha256) == (len(LOG), hashlib.sha256(LOG).hexdigest())
    assert storage.read_sync(row.storage_key) == LOG
    assert get(store, row, row.uploader_id) == row
    assert wire.attachment(row) == {
        "id": row.id,
        "filename": "log.txt",
        "content_type": "text/plain; charset=utf-8",
        "size": len(LOG),
        "url": f"/api/v1/support/attachments/{row.id}",
        "markdown": f"[log.txt](attachment:{row.id})",
    }


def test_a_picture_is_stripped_and_gets_a_thumbnail(upload: Callable[..., Attachment], storage: Storage) -> None:
    exif = Image.Exif()
    exif[0x010F] = "ACME"
    row = upload(picture(exif=exif), "shot [1].jpg")
    served = storage.read_sync(row.storage_key)
    assert b"ACME" not in served
    assert (row.size, row.sha256) == (len(served), hashlib.sha256(served).hexdigest())
    assert row.thumbnail_key is not None
    thumbnail = storage.read_sync(row.thumbnail_key)
    assert row.thumbnail_size == len(thumbnail)
    assert Image.open(BytesIO(thumbnail)).size == (480, 320)
    shape = wire.attachment(row)
    assert shape["markdown"] == f"![shot \\[1\\].jpg](attachment:{row.id})"
    assert shape["thumbnail_url"] == f"/api/v1/support/attachments/{row.id}/thumbnail"


@pytest.mark.parametrize("data", [b"<script>alert(1)</script>", picture()[:3000], b"\xff\xd8\xff\xe0" + bytes(50)])
def test_what_only_claims_to_be_a_picture_is_a_download(upload: Callable[..., Attachment], data: bytes) -> None:
    row = upload(data, "shot.jpg")
    assert (row.content_type, row.inline, row.thumbnail_key) == ("application/octet-stream", False, None)
    assert wire.attachment(row)["markdown"].startswith("[shot.jpg]")


def test_an_empty_file_is_refused(upload: Callable[..., Attachment], store: Store) -> None:
    with pytest.raises(Invalid) as refusal:
        upload(b"")
    assert [(error.field, error.code) for error in refusal.value.errors] == [("file", "empty")]
    assert count(store) == 0


def test_the_limit_is_exact(upload: Callable[..., Attachment], store: Store, storage: Storage) -> None:
    assert upload(bytes(MIB), limits=Limits(file=MIB)).size == MIB
    with pytest.raises(TooLarge) as refusal:
        upload(bytes(MIB + 1), limits=Limits(file=MIB))
    assert refusal.value.code == "too_large"
    assert (count(store), len(list(storage.list()))) == (1, 1)


def test_the_standard_limits_are_those_of_the_contract() -> None:
    assert Limits() == (25 * MIB, 200 * MIB, 10)


def test_reading_stops_at_the_limit(store: Store, storage: Storage, cast: dict[str, str]) -> None:
    """And the source is closed, so that its owner can answer."""
    seen: list[int | str] = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                seen.append(1)
                yield bytes(MIB)
        finally:
            seen.append("closed")

    act = ops.upload(
        store, storage, uploader_id=cast["alice"], filename="x", chunks=endless(), limits=Limits(file=2 * MIB)
    )
    with pytest.raises(TooLarge):
        asyncio.run(act)
    assert seen == [1, 1, 1, "closed"]


def test_the_quota_counts_what_is_not_bound(upload: Callable[..., Attachment], store: Store) -> None:
    quota = Limits(unbound=100)
    first = upload(bytes(60), limits=quota)
    upload(bytes(60), who="mallory", limits=quota)  # is her own affair
    with pytest.raises(TooLarge) as refusal:
        upload(bytes(60), limits=quota)
    assert refusal.value.code == "quota_exceeded"
    bind(store, first)
    upload(bytes(60), limits=quota)
    upload(bytes(40), limits=quota)


def test_the_quota_is_exact_when_uploads_race(store: Store, storage: Storage, cast: dict[str, str]) -> None:
    async def race() -> list[Any]:
        acts = [
            ops.upload(
                store,
                storage,
                uploader_id=cast["alice"],
                filename=f"{number}",
                chunks=arriving(bytes(10)),
                limits=Limits(unbound=50),
            )
            for number in range(12)
        ]
        return await asyncio.gather(*acts, return_exceptions=True)

    results = asyncio.run(race())
    assert sum(isinstance(result, Attachment) for result in results) == 5
    assert sum(isinstance(result, TooLarge) for result in results) == 7
    assert len(list(storage.list())) == count(store) == 5


def test_a_row_that_cannot_be_written_leaves_no_bytes(store: Store, storage: Storage) -> None:
    act = ops.upload(store, storage, uploader_id=new_id(), filename="x.jpg", chunks=arriving(picture()))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        asyncio.run(act)
    assert (count(store), list(storage.list())) == (0, [])


def test_bytes_that_cannot_be_stored_leave_no_row(
    upload: Callable[..., Attachment], store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = storage.put_stream

    async def full(key: str, chunks: Any, **options: Any) -> int:
        if key.endswith("thumbnail"):
            raise StorageUnavailable
        return await put(key, chunks, **options)

    monkeypatch.setattr(storage, "put_stream", full)
    with pytest.raises(Unavailable):
        upload(picture(), "shot.jpg")
    assert (count(store), list(storage.list())) == (0, [])


# Binding


def bind(store: Store, *rows: Attachment, who: str | None = None, **options: Any) -> list[Attachment]:
    ids = [row.id for row in rows]
    with store.begin() as tx:
        return ops.bind(
            tx, ids=ids, uploader_id=who or rows[0].uploader_id, message_id=new_id(), ticket_id=new_id(), **options
        )


def refused(store: Store, ids: list[str], who: str | None) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal, store.begin() as tx:
        ops.bind(tx, ids=ids, uploader_id=who, message_id=new_id(), ticket_id=new_id())
    return [(error.field, error.code) for error in refusal.value.errors]


def test_files_become_part_of_a_message_in_the_order_of_its_text(
    upload: Callable[..., Attachment], store: Store
) -> None:
    one, two = upload(filename="one"), upload(filename="two")
    upload(filename="not mentioned")
    message, ticket = new_id(), new_id()
    ids = [two.id, one.id.upper(), two.id]
    with store.begin() as tx:
        bound = ops.bind(tx, ids=ids, uploader_id=one.uploader_id, message_id=message, ticket_id=ticket)
        assert [row.filename for row in bound] == ["two", "one"]
        assert {(row.message_id, row.ticket_id, row.internal) for row in bound} == {(message, ticket, False)}
        found = queries.by_messages(tx, [message, new_id()])
    assert {key: [row.filename for row in rows] for key, rows in found.items()} == {message: ["one", "two"]}


def test_a_file_is_bound_once(upload: Callable[..., Attachment], store: Store) -> None:
    row = upload()
    bind(store, row)
    assert refused(store, [row.id], row.uploader_id) == [("body", "unknown_attachment")]


def test_a_file_may_be_quoted_within_its_ticket_but_a_notes_only_in_notes(
    upload: Callable[..., Attachment], store: Store, cast: dict[str, str]
) -> None:
    shown, inner, fresh, ticket = upload(), upload(), upload(who="mallory"), new_id()
    person, other = shown.uploader_id, cast["mallory"]

    def name(*rows: Attachment, who: str, internal: bool = False) -> list[str]:
        with store.begin() as tx:
            ids = [row.id for row in rows]
            bound = ops.bind(tx, ids=ids, uploader_id=who, message_id=new_id(), ticket_id=ticket, internal=internal)
        return [row.id for row in bound]

    assert name(shown, who=person) == [shown.id]
    assert name(inner, who=person, internal=True) == [inner.id]
    assert name(shown, fresh, who=other) == [fresh.id]
    assert name(inner, shown, who=other, internal=True) == []
    with pytest.raises(Invalid):
        name(inner, who=other)


def test_only_the_uploader_binds_and_nothing_changes_for_others(
    upload: Callable[..., Attachment], store: Store, cast: dict[str, str]
) -> None:
    row, hers = upload(), upload(who="mallory")
    for ids in ([row.id], [hers.id, row.id], [new_id()], ["nonsense"], [hers.id, "0' OR 1=1"]):
        assert refused(store, ids, cast["mallory"]) == [("body", "unknown_attachment")]
        assert refused(store, ids[-1:], None) == [("body", "unknown_attachment")]
    for file in (row, hers):
        assert get(store, file, file.uploader_id).bound_at is None


def test_a_message_has_ten_at_most(upload: Callable[..., Attachment], store: Store) -> None:
    rows = [upload() for _ in range(11)]
    assert refused(store, [row.id for row in rows], rows[0].uploader_id) == [("body", "too_many_attachments")]
    assert len(bind(store, *rows[:10])) == 10


def test_no_files_need_no_query(store: Store) -> None:
    with store.begin() as tx:
        assert ops.bind(tx, ids=[], uploader_id=None, message_id=new_id(), ticket_id=new_id()) == []
        assert queries.by_messages(tx, []) == {}


# Reading


def test_before_binding_only_the_uploader_reads(
    upload: Callable[..., Attachment], store: Store, cast: dict[str, str]
) -> None:
    row = upload()
    assert get(store, row, cast["alice"]).id == row.id
    for who, staff in ((None, False), (cast["mallory"], False), (new_id(), True)):
        with pytest.raises(NotFound):
            get(store, row, who, staff=staff)


def test_after_binding_the_ticket_decides(
    upload: Callable[..., Attachment], store: Store, cast: dict[str, str]
) -> None:
    (row,) = bind(store, upload())
    ticket = row.ticket_id or ""
    assert get(store, row, cast["alice"], tickets=ticket).id == row.id
    assert get(store, row, new_id(), staff=True, tickets=ticket).id == row.id
    assert get(store, row, None, tickets=ticket).id == row.id  # by a signed link
    for who in (cast["mallory"], cast["alice"], None):  # Alice, too, once she may not read the ticket
        with pytest.raises(NotFound):
            get(store, row, who)


def test_a_notes_file_is_for_staff(upload: Callable[..., Attachment], store: Store, cast: dict[str, str]) -> None:
    (row,) = bind(store, upload(), internal=True)
    ticket = row.ticket_id or ""
    assert get(store, row, new_id(), staff=True, tickets=ticket).internal is True
    with pytest.raises(NotFound):
        get(store, row, cast["alice"], tickets=ticket)


@pytest.mark.parametrize("id_", ["", "nonsense", "x' OR '1'='1", "0" * 36, "01901234-1234-7123-8123-123456789abc"])
def test_ids_of_nothing_are_404(store: Store, id_: str) -> None:
    with store.reading() as tx, pytest.raises(NotFound):
        access.get(tx, id=id_, user_id=new_id(), is_staff=True, may_read_ticket=lambda _: True)


# Clearing away


def age(store: Store, row: Attachment, by: int) -> None:
    with store.begin() as tx:
        tx.execute(update(attachments).where(attachments.c.id == row.id).values(created_at=clock.now() - by))


def test_unbound_files_go_after_a_day(upload: Callable[..., Attachment], store: Store, storage: Storage) -> None:
    old, fresh, bound = upload(picture(), "old.jpg"), upload(filename="fresh"), upload(filename="bound")
    bind(store, bound)
    age(store, old, clock.DAY + clock.MINUTE)
    age(store, fresh, clock.DAY - clock.MINUTE)
    age(store, bound, 100 * clock.DAY)
    assert sweep.sweep(store, storage) == 2  # the picture and its thumbnail
    assert {found.key for found in storage.list()} == {fresh.storage_key, bound.storage_key}
    with pytest.raises(FileMissing):
        storage.read_sync(old.storage_key)
    assert sweep.sweep(store, storage) == 0


def test_bytes_without_a_row_go_after_two_days(
    upload: Callable[..., Attachment], store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = upload(picture(), "kept.jpg"), upload(picture(), "lost.jpg")
    storage.put_sync("backups/not-ours", b"x")
    with store.begin() as tx:
        tx.execute(attachments.delete().where(attachments.c.id == lost.id))
    assert sweep.remove_orphans(store, storage) == 0  # may be an upload under way
    later = clock.now() + 3 * clock.DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sweep.remove_orphans(store, storage) == 2
    assert {found.key for found in storage.list()} == {kept.storage_key, kept.thumbnail_key, "backups/not-ours"}


def test_the_wrong_database_does_not_empty_the_storage(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(101):
        id_ = new_id()
        storage.put_sync(f"{id_[-2:]}/{id_}", b"x")
    later = clock.now() + 3 * clock.DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sweep.remove_orphans(store, storage) == 0
    assert len(list(storage.list())) == 101
