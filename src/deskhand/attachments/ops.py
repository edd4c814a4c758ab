"""Upload, bind to a message, and clear away what was never bound."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Boolean, Connection, bindparam, delete, func, insert, or_, select, update

from deskhand.accounts.tables import users
from deskhand.attachments.images import in_pool
from deskhand.attachments.model import LIMITS, Attachment, Limits
from deskhand.attachments.names import clean_filename
from deskhand.attachments.prepare import Prepared, prepare
from deskhand.attachments.tables import attachments
from deskhand.kit import clock
from deskhand.kit.db import Store
from deskhand.kit.errors import Invalid, TooLarge, Unavailable
from deskhand.kit.ids import new_id, parse_id
from deskhand.kit.phrases import Phrase
from deskhand.kit.storage import Storage, key_of

_CHUNK = 1024 * 1024
_a = attachments.c

# The lock makes the sum exact when one person uploads twice at once; SQLite has one writer and ignores it.
_LOCK_PERSON = select(users.c.id).where(users.c.id == bindparam("person")).with_for_update(key_share=True)
_UNBOUND = select(func.coalesce(func.sum(_a.size), 0)).where(
    _a.uploader_id == bindparam("person"), _a.bound_at.is_(None)
)
_INSERT = insert(attachments)
_DISCARD = delete(attachments).where(_a.id == bindparam("id_"), _a.bound_at.is_(None))
_BIND = (
    update(attachments)
    .where(
        _a.id.in_(bindparam("ids", expanding=True)),
        _a.uploader_id == bindparam("person"),
        _a.bound_at.is_(None),
        _a.held_by.is_(None),
    )
    .returning(*attachments.c)
)
_OF_TICKET = (
    select(func.count())
    .select_from(attachments)
    .where(
        _a.id.in_(bindparam("ids", expanding=True)),
        _a.ticket_id == bindparam("ticket"),
        or_(_a.internal.is_(False), bindparam("internal", type_=Boolean)),
    )
)


async def upload(
    store: Store,
    storage: Storage,
    *,
    uploader_id: str,
    filename: str,
    chunks: AsyncIterable[bytes],
    limits: Limits = LIMITS,
) -> Attachment:
    """Take in a file as it arrives. Its bytes go to disk, never into memory as a whole; images lose their metadata.

    Raises TooLarge (`too_large` for the file, `quota_exceeded` for all unbound ones of this person) and Invalid for an
    empty file; then nothing is kept. `filename` may be anything.
    """
    name = clean_filename(filename)
    with TemporaryFile() as spool:
        await _spool(chunks, spool, limits.file)
        with _disk():
            prepared = await in_pool(prepare, spool, name)
        with prepared.file:
            row = _row(uploader_id, name, prepared)
            async with _stored(storage, row, prepared):
                await store.write(_record, row, limits.unbound)
    return row


def bind(
    tx: Connection,
    *,
    ids: Sequence[str],
    uploader_id: str | None,
    message_id: str,
    ticket_id: str | None,
    internal: bool = False,
    limits: Limits = LIMITS,
) -> list[Attachment]:
    """Make uploaded files part of a message, in the order of `ids`. `internal`: the message is a note.

    A file of an earlier message of the same ticket may be named again and stays with that one. Raises Invalid for more
    than ten, and for any other that is not there, somebody else's or bound already: these look alike, so that ids can't
    be probed.
    """
    known = check_ids(ids, limits)
    bound = {"message_id": message_id, "ticket_id": ticket_id, "internal": internal, "bound_at": clock.now()}
    rows = tx.execute(_BIND.values(bound), {"ids": known, "person": uploader_id}).all() if known else []
    found = {row.id: Attachment._make(row) for row in rows}
    check_others(tx, [id_ for id_ in known if id_ not in found], ticket_id, internal=internal)
    return [found[id_] for id_ in known if id_ in found]


def check_ids(ids: Sequence[str], limits: Limits) -> list[str]:
    """The ids in canonical form, each once. Raises Invalid for too many of them and for what is none."""
    wanted = list(dict.fromkeys(parse_id(id_) for id_ in ids))
    if len(wanted) > limits.per_message:
        message = Phrase("A message may have at most {most} attachments.", most=limits.per_message)
        raise Invalid.field("body", "too_many_attachments", message)
    known = [id_ for id_ in wanted if id_]
    if len(known) != len(wanted):
        raise _unknown()
    return known


def check_others(tx: Connection, ids: list[str], ticket_id: str | None, *, internal: bool) -> None:
    """Raises Invalid unless all of these belong to the ticket; what a note brought in may be quoted in notes alone."""
    if not ids:
        return
    shown = {"ids": ids, "ticket": ticket_id, "internal": internal}
    if ticket_id is None or tx.execute(_OF_TICKET, shown).scalar_one() != len(ids):
        raise _unknown()


def _unknown() -> Invalid:
    return Invalid.field("body", "unknown_attachment", "The text names an attachment that is not yours to add.")


async def discard(store: Store, storage: Storage, row: Attachment) -> None:
    """Take an upload back that is part of nothing yet: the row first, so that no row ever lacks its file."""
    await store.write(lambda tx: tx.execute(_DISCARD, {"id_": row.id}))
    for key in filter(None, (row.storage_key, row.thumbnail_key)):
        await storage.delete(key)


async def _spool(chunks: AsyncIterable[bytes], target: IO[bytes], limit: int) -> None:
    size, pending = 0, bytearray()
    async with _closing(chunks) as arriving:
        async for chunk in arriving:
            size += len(chunk)
            if size > limit:
                raise TooLarge(Phrase("A file may be at most {most} MiB.", most=limit // (1024 * 1024)))
            pending += chunk
            if len(pending) >= _CHUNK:
                with _disk():
                    await asyncio.to_thread(target.write, pending)
                pending = bytearray()
    if not size:
        raise Invalid.field("file", "empty", "The file is empty.")
    with _disk():
        target.write(pending)


@asynccontextmanager
async def _closing(chunks: AsyncIterable[bytes]) -> AsyncIterator[AsyncIterable[bytes]]:
    """A generator is closed at once when the upload is refused: its owner may want to read the rest."""
    if isinstance(chunks, AsyncGenerator):
        async with aclosing(chunks):
            yield chunks
    else:
        yield chunks


def _row(uploader_id: str, filename: str, prepared: Prepared) -> Attachment:
    id_ = new_id()
    return Attachment(
        id=id_,
        uploader_id=uploader_id,
        filename=filename,
        content_type=prepared.kind.content_type,
        inline=prepared.kind.inline,
        size=prepared.size,
        sha256=prepared.sha256,
        storage_key=key_of(id_),
        thumbnail_key=f"{key_of(id_)}.thumbnail" if prepared.thumbnail else None,
        thumbnail_size=len(prepared.thumbnail) if prepared.thumbnail else None,
        message_id=None,
        ticket_id=None,
        internal=False,
        created_at=clock.now(),
        bound_at=None,
        held_by=None,
    )


@asynccontextmanager
async def _stored(storage: Storage, row: Attachment, prepared: Prepared) -> AsyncIterator[None]:
    """The bytes are in the storage within; they go again if the block raises. Cancelled, nobody knows whether the row
    was written: then they stay, and the sweep finds out."""
    try:
        await storage.put_stream(row.storage_key, _read(prepared.file))
        if row.thumbnail_key and prepared.thumbnail:
            await storage.put_stream(row.thumbnail_key, _once(prepared.thumbnail))
        yield
    except Exception:
        for key in filter(None, (row.storage_key, row.thumbnail_key)):
            with suppress(Unavailable):
                await storage.delete(key)
        raise


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while chunk := await asyncio.to_thread(file.read, _CHUNK):
        yield chunk


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _record(tx: Connection, row: Attachment, quota: int) -> None:
    tx.execute(_LOCK_PERSON, {"person": row.uploader_id})
    if tx.execute(_UNBOUND, {"person": row.uploader_id}).scalar_one() + row.size > quota:
        raise TooLarge("There are too many uploaded files that are not part of a message yet.", code="quota_exceeded")
    tx.execute(_INSERT, row._asdict())


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise Unavailable("Files cannot be taken right now.") from problem
