"""The same SQL without a server: statements as the driver got them, in a loop of a process that does nothing else.

A step is a list of [sql, parameters], sent in order and fetched whole; steps are taken in turn. One that writes is a
transaction, committed as durably as the server commits. In its parameters `Marks` stand where each repetition needs an
id or a number of its own.

Runs as a process of its own, `python -m scripts.bench.raw`, with a plan as JSON on standard input.
"""

import json
import sqlite3
import subprocess
import sys
import time
from multiprocessing import get_context
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg

Step = list[tuple[str, Any]]

ID, HEX, NUMBER, SEQ = "\ue000", "\ue001", "\ue002", "\ue003"  # the first two are followed by a digit: which id
_WARM = 0.2  # seconds
_PREPARED = 8_000  # steps that write, made ready before the clock starts
_FIRST_NUMBER = 10_000_000


class Rate(NamedTuple):
    """Steps a second, and by how many processes at once."""

    rate: float
    writers: int = 1


def reads(url: str, steps: list[Step], *, seconds: float) -> Rate:
    """What one connection can do."""
    return Rate(_run({"url": url, "steps": steps, "seconds": seconds, "writers": 1, "writes": False}))


def writes(url: str, steps: list[Step], *, seconds: float, writers: list[int]) -> Rate:
    """The best that any of these numbers of processes can do."""
    plan = {"url": url, "steps": steps, "seconds": seconds, "writes": True}
    rates = []
    for place, number in enumerate(writers):
        # A later run must not repeat an earlier one's numbers.
        rates.append(Rate(_run(plan | {"writers": number, "first": 20 * place}), number))
    return max(rates)


def _run(plan: dict[str, Any]) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench.raw"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
        timeout=plan["seconds"] + 120,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout)


def _main(plan: dict[str, Any]) -> float:
    if not plan["writes"]:
        database = _open(plan["url"])
        return _loop(database.read, plan["steps"], plan["seconds"], again=True)
    context = get_context("fork")
    barrier, results = context.Barrier(plan["writers"]), context.SimpleQueue()
    processes = [
        context.Process(target=_write, args=(plan, plan["first"] + number, barrier, results))
        for number in range(plan["writers"])
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise RuntimeError("a writer failed")
    return sum(results.get() for _ in processes)


def _write(plan: dict[str, Any], number: int, barrier: Any, results: Any) -> None:
    steps = _filled(plan["steps"], number, _PREPARED // plan["writers"] + 200)
    database = _open(plan["url"])
    barrier.wait()
    results.put(_loop(database.write, steps, plan["seconds"], again=False))


def _loop(run: Any, steps: list[Step], seconds: float, *, again: bool) -> float:
    begins = time.perf_counter() + min(_WARM, seconds)
    ends, at = begins + seconds, 0.0
    done = counted = 0
    while (at := time.perf_counter()) < ends and (again or done < len(steps)):
        run(steps[done % len(steps)])
        done += 1
        counted += at >= begins
    return counted / (at - begins)


def _filled(steps: list[Step], writer: int, count: int) -> list[Step]:
    filled = []
    for number in range(count):
        ids = [str(uuid4()) for _ in range(10)]
        value = _FIRST_NUMBER + writer * 100_000 + number
        step = steps[number % len(steps)]
        filled.append([(sql, _fill(parameters, ids, value)) for sql, parameters in step])
    return filled


def _fill(parameters: Any, ids: list[str], number: int) -> Any:
    if isinstance(parameters, dict):
        return {name: _value(value, ids, number) for name, value in parameters.items()}
    return [_value(value, ids, number) for value in parameters]


def _value(value: Any, ids: list[str], number: int) -> Any:
    if not isinstance(value, str) or value == SEQ:
        return value
    if value == NUMBER:
        return number
    value = value.replace(NUMBER, str(number))
    for place, given in enumerate(ids):
        value = value.replace(f"{ID}{place}", given).replace(f"{HEX}{place}", given.replace("-", ""))
    return value


def _with_seq(parameters: Any, seq: int) -> Any:
    """Words are filed under the number that the database gave the message."""
    if isinstance(parameters, dict):
        return {name: seq if value == SEQ else value for name, value in parameters.items()}
    return [seq if value == SEQ else value for value in parameters]


def _open(url: str) -> "_Sqlite | _Postgres":
    return _Sqlite(url) if url.startswith("sqlite") else _Postgres(url)


class _Sqlite:
    def __init__(self, url: str) -> None:
        self.db = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
        # As those of the server's connections that search.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-4000",
            "temp_store=MEMORY",
        ):
            self.db.execute(f"PRAGMA {pragma}").fetchall()

    def read(self, step: Step) -> None:
        execute = self.db.execute
        for sql, parameters in step:
            execute(sql, parameters).fetchall()

    def write(self, step: Step) -> None:
        execute, seq = self.db.execute, 0
        execute("BEGIN IMMEDIATE")
        for sql, parameters in step:
            found = execute(sql, _with_seq(parameters, seq)).fetchall()
            seq = found[0][0] if found else seq
        execute("COMMIT")


class _Postgres:
    def __init__(self, url: str) -> None:
        self.db = psycopg.connect(url, autocommit=True)
        self.db.prepare_threshold = 0

    def read(self, step: Step) -> None:
        execute: Any = self.db.execute
        for sql, parameters in step:
            # Searches are planned for their words, as the server has them planned.
            execute(sql, parameters, prepare="tsquery" not in sql).fetchall()

    def write(self, step: Step) -> None:
        execute: Any = self.db.execute
        seq = 0
        with self.db.transaction():
            for sql, parameters in step:
                found = execute(sql, _with_seq(parameters, seq))
                if found.description:
                    ((seq,),) = found.fetchall()


if __name__ == "__main__":
    print(_main(json.load(sys.stdin)))
