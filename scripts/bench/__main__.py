"""`make bench`: seed a desk, start the server, load it from outside, run the same SQL raw, print what came of it.

make bench                    20,000 tickets with 100,000 messages on SQLite
make bench ENGINE=postgresql  the same on a PostgreSQL of its own
make bench FULL=1             200,000 tickets with 1,000,000 messages
make bench KEEP=folder        seed SQLite once, until the schema changes, and work on copies
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from scripts.bench import report, seed
from scripts.bench.measure import Effort, Measured, compare, measure
from sqlalchemy.engine import make_url
from tests.support.postgres import DURABLE, postgres

from deskhand import migrations

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Desks:
    """Where desks of any size come from: each a fresh database, and the seconds it took to seed it."""

    def __init__(self, engine: str, folder: Path, keep: Path | None, server: str) -> None:
        self.engine, self.folder, self.keep, self.server = engine, folder, keep, server

    def make(self, size: str) -> tuple[str, float]:
        began = time.perf_counter()
        url = self._sqlite(size) if self.engine == "sqlite" else self._postgres(size)
        return url, time.perf_counter() - began

    def _sqlite(self, size: str) -> str:
        path = self.folder / f"{size}.db"
        kept = self.keep / f"{size}.db" if self.keep else path
        if not kept.exists() or migrations.drift(f"sqlite:///{kept}"):
            kept.unlink(missing_ok=True)
            making = kept.with_suffix(".making")
            making.unlink(missing_ok=True)
            seed.seed(f"sqlite:///{making}", seed.SIZES[size])
            making.rename(kept)
        if kept != path:
            shutil.copyfile(kept, path)
        return f"sqlite:///{path}"

    def _postgres(self, size: str) -> str:
        with psycopg.connect(self.server, autocommit=True) as db:
            db.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(f"bench_{size}")))
        url = make_url(self.server).set(database=f"bench_{size}").render_as_string(hide_password=False)
        seed.seed(url, seed.SIZES[size])
        return url


def main() -> None:
    asked = _arguments()
    size = "full" if asked.full else "small"
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    effort = Effort(seconds=asked.seconds)
    with _desks(asked.engine, asked.keep) as desks:
        _tell("seeding")
        url, seconds = desks.make(size)
        _tell(f"seeded in {seconds:.0f} s")
        measured = measure(url, desks.folder, effort, _tell)
        print(f"## {_NAMES[asked.engine]}, {seed.SIZES[size].messages:,} messages\n")
        print(report.circumstances(asked.engine, url, seed.SIZES[size], seconds))
        print(_extra(measured) + "\n")
        print(report.table(measured) + "\n", flush=True)
        _tell("seeding 20,000 messages")
        base, _ = desks.make("base")
        rates = compare((base, url), desks.folder, effort, _tell)
        found = report.targets(measured, asked.engine) + report.flatness(rates, judged=asked.full)
        print(report.verdicts(found))


def _extra(measured: Measured) -> str:
    memory = measured.memory
    said = (
        f"{memory.peak:.0f} MB at its peak, {memory.own:.0f} MB of it not pages of files" if memory else "unknown here"
    )
    return f"- memory: {said}\n- the worker had caught up {measured.settled:.0f} s after the writes"


@contextmanager
def _desks(engine: str, keep: Path | None) -> Iterator[Desks]:
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as name:
        if engine == "sqlite":
            yield Desks(engine, Path(name), keep, "")
            return
        with postgres(settings=DURABLE) as server:
            yield Desks(engine, Path(name), None, server)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    if asked.keep and asked.engine != "sqlite":
        parser.error("KEEP is for SQLite, whose desk is a file")
    return asked


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
