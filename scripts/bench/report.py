"""The measurements as Markdown: the table, each target with its verdict, and what it all ran on."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
from scripts.bench.calls import Scenario as Scenario
from scripts.bench.measure import Line as Line
from scripts.bench.measure import Measured as Measured
from scripts.bench.seed import Size

MEMORY, READY, FLAT = 150.0, 2.0, 1.5
_ON_POSTGRES = 0.5  # of SQLite's targets

_COLUMNS = (
    "request",
    "1 connection: req/s",
    "p50 ms",
    "p99 ms",
    "16 connections: req/s",
    "p50 ms",
    "p99 ms",
    "raw SQL: /s",
    "statements",
    "share of raw",
)
_ROOT = Path(__file__).parents[2]


class Target(NamedTuple):
    """One promise and what became of it."""

    name: str
    wanted: str
    measured: str
    met: bool


def targets(measured: Measured, engine: str) -> list[Target]:
    """Every target that this run can judge."""
    found = [target for line in measured.lines for target in _of_line(line, engine)]
    if measured.memory is not None:
        peak = measured.memory.peak
        found.append(Target("memory of the server, peak", f"< {MEMORY:.0f} MB", f"{peak:.0f} MB", peak < MEMORY))
    ready = measured.ready
    found.append(Target("start to ready", f"≤ {READY:.0f} s", f"{ready:.2f} s", ready <= READY))
    return found


def flatness(rates: dict[str, tuple[float, float]], *, judged: bool) -> list[Target]:
    """How much longer the same requests take on the large desk; only 1,000,000 messages are a verdict."""
    wanted = f"≤ {FLAT}" if judged else f"(≤ {FLAT} with 1,000,000)"
    return [
        Target(f"{name}, time against 20,000 messages", wanted, f"{small / large:.2f}", small / large <= FLAT)
        for name, (small, large) in rates.items()
    ]


def table(measured: Measured) -> str:
    rows = ["| " + " | ".join(_COLUMNS) + " |", "| --- |" + " ---: |" * (len(_COLUMNS) - 1)]
    for line in measured.lines:
        one, many = line.one, line.many
        raw = f"{line.raw.rate:,.0f}" + (f" ({line.raw.writers} writers)" if line.scenario.writes else "")
        cells = (
            f"{line.scenario.name} | {one.rate:,.0f} | {one.p50:.2f} | {one.p99:.2f} | {many.rate:,.0f} "
            f"| {many.p50:.1f} | {many.p99:.1f} | {raw} | {line.statements:.0f} | {line.share:.0%}"
        )
        rows.append(f"| {cells} |")
    return "\n".join(rows)


def verdicts(found: list[Target]) -> str:
    rows = ["| target | wanted | measured | |", "| --- | --- | --- | --- |"]
    rows += [f"| {it.name} | {it.wanted} | {it.measured} | {'met' if it.met else '**missed**'} |" for it in found]
    return "\n".join(rows)


def circumstances(engine: str, url: str, size: Size, seconds: float) -> str:
    """Commit, machine, versions, settings."""
    desk = (
        f"{size.tickets:,} tickets, {size.messages:,} messages, {size.accounts:,} accounts, {size.articles:,} articles"
    )
    largest = f"{size.large} of the accounts have {size.large_tickets:,} tickets each" if size.large else ""
    return "\n".join(
        [
            f"- commit: {_commit()}",
            f"- machine: {_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
            f"- Python {platform.python_version()}, {_database(engine, url)}",
            f"- desk: {'; '.join(filter(None, [desk, largest]))}; {size.agents + 1} in the team",
            f"- seeded in {seconds:.0f} s",
            "- server: `deskhand serve`, one process, worker included, default settings but `DESKHAND_LIMIT_…=off`",
        ]
    )


def _of_line(line: Line, engine: str) -> Iterator[Target]:
    it = line.scenario
    if it.goal is not None:
        goal = it.goal * (1 if engine == "sqlite" else _ON_POSTGRES)
        yield Target(it.name, f"≥ {goal:.0%} of raw", f"{line.share:.0%}", line.share >= goal)
    if it.p99 is not None:
        for connections, seen in (("1 connection", line.one), ("16 connections", line.many)):
            name, met = f"{it.name}, p99, {connections}", seen.p99 < it.p99
            yield Target(name, f"< {it.p99:.0f} ms", f"{seen.p99:.1f} ms", met)


def _commit() -> str:
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=, with changes", "--exclude=*"],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _database(engine: str, url: str) -> str:
    if engine == "sqlite":
        return f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL)"
    with psycopg.connect(url) as db:
        (version,) = db.execute("SHOW server_version").fetchone() or ("",)
        (durable,) = db.execute("SHOW synchronous_commit").fetchone() or ("",)
    return f"PostgreSQL {version} (synchronous_commit={durable}, fsync=on)"
