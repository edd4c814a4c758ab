"""Clears away files that never became part of a message, and bytes that no row knows. Both are safe to repeat."""

import structlog
from sqlalchemy import Connection, bindparam, delete, select

from deskhand.attachments.tables import attachments
from deskhand.kit import clock
from deskhand.kit.db import Store
from deskhand.kit.ids import parse_id
from deskhand.kit.storage import Storage

UNBOUND_FOR = 24 * clock.HOUR
# Longer than any upload, copy or restore takes: bytes come before their row.
ORPHANED_FOR = 48 * clock.HOUR
_BATCH = 500
# More orphans than this, and more than half of all files, look like the wrong database, not like crashes.
_SUSPICIOUS = 100

log = structlog.get_logger(__name__)
_a = attachments.c

_UNUSED = (_a.bound_at.is_(None), _a.held_by.is_(None))
_EXPIRED = select(_a.id).where(*_UNUSED, _a.created_at < bindparam("before")).limit(_BATCH)
_EXPIRE = (
    delete(attachments)
    .where(_a.id.in_(_EXPIRED), *_UNUSED)  # may have been bound since the selection
    .returning(_a.storage_key, _a.thumbnail_key)
)
_KNOWN = select(_a.id).where(_a.id.in_(bindparam("ids", expanding=True)))


def expire_unbound(tx: Connection, older_than: int) -> list[str]:
    """Delete up to 500 rows of files uploaded before that moment and not bound; returns their storage keys, to be
    deleted once this is committed."""
    rows = tx.execute(_EXPIRE, {"before": older_than}).all()
    return [key for row in rows for key in row if key]


def sweep(store: Store, storage: Storage) -> int:
    """Remove unbound files after 24 h; returns the number of objects. A crash in between leaves orphans."""
    removed = 0
    while True:
        with store.begin() as tx:
            keys = expire_unbound(tx, clock.now() - UNBOUND_FOR)
        for key in keys:
            storage.delete_sync(key)
        removed += len(keys)
        if not keys:
            return removed


def remove_orphans(store: Store, storage: Storage) -> int:
    """Remove objects older than 48 h whose row is gone, and what crashed writers left; returns the number.

    Looks at keys of our own form only, and removes nothing where most files seem to be orphans.
    """
    before = clock.now() - ORPHANED_FOR
    left = storage.purge_incomplete(before)
    orphans: list[str] = []
    batch: dict[str, list[str]] = {}
    total = 0
    for found in storage.list():
        id_ = parse_id(found.key.rpartition("/")[2].removesuffix(".thumbnail"))
        if id_ and found.modified < before:
            total += 1
            batch.setdefault(id_, []).append(found.key)
        if len(batch) == _BATCH:
            orphans += _unknown(store, batch)
            batch = {}
    orphans += _unknown(store, batch)
    if len(orphans) > max(_SUSPICIOUS, total // 2):
        log.error("attachments.most_files_have_no_row", orphans=len(orphans), files=total)
        return left
    for key in orphans:
        storage.delete_sync(key)
    return left + len(orphans)


def _unknown(store: Store, batch: dict[str, list[str]]) -> list[str]:
    if not batch:
        return []
    with store.reading() as tx:
        known = set(tx.execute(_KNOWN, {"ids": list(batch)}).scalars())
    return [key for id_, keys in batch.items() if id_ not in known for key in keys]
