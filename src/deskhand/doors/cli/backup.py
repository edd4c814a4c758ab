"""`deskhand backup` and `deskhand restore`: the whole desk in one file, and back, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import click
from sqlalchemy import select

from deskhand import __version__, migrations
from deskhand.attachments.tables import attachments
from deskhand.doors.cli import archive, rows
from deskhand.doors.cli.desk import load_settings
from deskhand.doors.cli.reindex import reindex
from deskhand.doors.services import open_storage
from deskhand.kit.clock import now, rfc3339
from deskhand.kit.db import Store, open_store
from deskhand.kit.errors import Conflict
from deskhand.kit.settings import Settings
from deskhand.kit.storage import FileMissing, Storage

_TOLD = ("users", "tickets", "messages", "articles", "attachments")
_KEYS = select(attachments.c.storage_key, attachments.c.thumbnail_key)


class NotEmpty(Conflict):
    title = "There is a desk here already; --force replaces all of it"


class WrongRevision(Conflict):
    title = "The schema does not fit"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write database and attachments into FILE, while the desk runs. It holds secrets: keep it safe."""
    settings = load_settings()
    _require_head(settings)
    with _opened(settings) as (store, storage), archive.writing(file) as out:
        counts, missing = _write(out, store, storage)
    for key in missing:
        click.echo(f"Warning: the file {key} is not in the storage.", err=True)
    click.echo(f"{file}: {_summary(counts)}", err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a desk that is in use.")
def restore(file: Path, force: bool) -> None:
    """Make the desk what it was when FILE was written, on SQLite or PostgreSQL. Stop the servers first."""
    settings = load_settings()
    source = archive.reading(file)
    _prepare(settings, source.manifest["revision"])
    with _opened(settings) as (store, storage):
        with store.reading() as tx:
            if not force and not rows.is_empty(tx):
                raise NotEmpty
        # Files first: a row never lacks its file, whenever this is interrupted.
        for key, data in source.files():
            storage.put_sync(key, data)
        _load(settings, store, source)
    click.echo(f"Restored from {file}: {_summary(source.manifest['tables'])}", err=True)


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Store, Storage]]:
    storage = open_storage(settings)
    store = open_store(settings.database_url, pool=1)
    try:
        yield store, storage
    finally:
        store.close()


def _require_head(settings: Settings) -> None:
    at, wanted = migrations.current(settings.database_url), migrations.head()
    if at != wanted:
        raise WrongRevision(f"The schema is at {at or 'nothing'}, this release needs {wanted}: run `deskhand migrate`.")


def _write(out: archive.Writer, store: Store, storage: Storage) -> tuple[dict[str, Any], list[str]]:
    """Everything as of one moment: rows in one snapshot, then the files that they name, which never change."""
    with TemporaryFile("w+") as keys:
        with rows.snapshot(store) as tx:
            described = {
                str(each.name): {"columns": rows.columns(each), "rows": out.rows(each.name, rows.rows(tx, each))}
                for each in rows.TABLES
            }
            numbers = rows.last_number(tx)
            keys.writelines(f"{key}\n" for row in tx.execute(_KEYS) for key in row if key)
        keys.seek(0)
        missing = _write_files(out, storage, (line.strip() for line in keys))
    out.end(
        {
            "deskhand": __version__,
            "revision": migrations.head(),
            "made_at": rfc3339(now()),
            "tables": described,
            "last_number": numbers,
            "missing_files": missing,
        }
    )
    return described, missing


def _write_files(out: archive.Writer, storage: Storage, keys: Iterator[str]) -> list[str]:
    """Returns the keys whose bytes are gone: an upload that nobody used may expire while this runs."""
    missing = []
    for key in keys:
        try:
            out.file(key, storage.read_sync(key))
        except FileMissing:
            missing.append(key)
    return missing


def _prepare(settings: Settings, revision: str) -> None:
    """Bring an empty database to the backup's revision. Raises WrongRevision where that cannot be."""
    if revision > (migrations.head() or ""):
        raise WrongRevision(f"The backup is of a newer release (schema {revision}). Restore it with that one.")
    at = migrations.current(settings.database_url)
    if at is not None and at > revision:
        raise WrongRevision(
            f"The schema is at {at}, the backup at {revision}: restore it into a database without tables."
        )
    migrations.upgrade(settings.database_url, revision)


def _load(settings: Settings, store: Store, source: archive.Reader) -> None:
    """All rows in one transaction; where the backup is of an older schema, the rest follows the migration."""
    manifest = source.manifest
    current = manifest["revision"] == migrations.head()
    with store.begin() as tx:
        rows.clear(tx)
        for table, some in source.rows():
            rows.load(tx, table, manifest["tables"][table]["columns"], some)
        rows.continue_numbers(tx, manifest["last_number"])
        if current:
            reindex(tx)
    if not current:
        migrations.upgrade(settings.database_url)
        with store.begin() as tx:
            reindex(tx)


def _summary(tables: dict[str, Any]) -> str:
    return ", ".join(f"{tables[name]['rows']} {name}" for name in _TOLD)
