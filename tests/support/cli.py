"""The command line for tests: in this process where only its result counts, in one of its own for servers."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
from click.testing import CliRunner

from deskhand.doors.cli import main
from deskhand.kit import logs

PASSWORD = "correct horse battery"
_PATIENCE = 120  # seconds; the machine may be busy


class Done(NamedTuple):
    """What a command left: `out` is its result, `err` what it told."""

    code: int
    out: str
    err: str


class Cli:
    """Commands on one desk. `cli("token", email)` runs one; `cli.ok(…)` also asserts that it did its work."""

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        self.url = database_url
        given = {"database_url": database_url, "data_dir": str(folder), **settings}
        self.environment = {f"DESKHAND_{name.upper()}": value for name, value in given.items()}

    def __call__(self, *args: str, input: str | None = None) -> Done:  # noqa: A002
        cleared = dict.fromkeys((name for name in os.environ if name.startswith("DESKHAND_")), None)
        try:
            ended = CliRunner().invoke(main, args, input=input, env={**cleared, **self.environment})
        finally:
            logs.configure("text", "warning")  # the command's standard error is closed now
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Done(ended.exit_code, ended.stdout, ended.stderr)

    def ok(self, *args: str, input: str | None = None) -> str:  # noqa: A002
        done = self(*args, input=input)
        assert done.code == 0, done
        return done.out

    def person(self, email: str, role: str = "customer") -> str:
        """Make a person; returns a session token."""
        self.ok(
            "user",
            "create",
            email,
            "--name",
            email.partition("@")[0].title(),
            "--role",
            role,
            "--password-stdin",
            input=PASSWORD,
        )
        return self.ok("token", email).strip()

    @contextmanager
    def process(self, *args: str) -> Iterator["Process"]:
        """The command as a process, which is killed at the end unless it has ended."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DESKHAND_")}
        popen = subprocess.Popen(
            [sys.executable, "-m", "deskhand", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | self.environment,
        )
        with popen:
            running = Process(popen)
            try:
                yield running
            finally:
                popen.kill()
                running.close()

    @contextmanager
    def serving(self, *args: str) -> Iterator["Process"]:
        """`deskhand serve` on a free port, once it listens."""
        with self.process("serve", "--port", "0", *args) as server:
            server.wait_for("listens on")
            yield server


class Process:
    """A running command; what it writes is gathered by a thread, so that it never waits for its reader."""

    def __init__(self, popen: "subprocess.Popen[str]") -> None:
        self.popen = popen
        self.out: list[str] = []
        self.err: list[str] = []
        self._news = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=pair)
            for pair in ((popen.stdout, self.out), (popen.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def url(self) -> str:
        return next(line for line in self.out if "listens on" in line).split()[-1]

    def client(self, token: str | None = None) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=_PATIENCE, trust_env=False)

    def wait_for(self, words: str) -> None:
        """Until it has written these words, to either stream."""
        with self._news:
            self._news.wait_for(lambda: self._said(words) or self.popen.poll() is not None, _PATIENCE)
        assert self._said(words), (self.out, self.err)

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(_PATIENCE)

    def kill(self) -> None:
        """As a power cut would."""
        self.popen.kill()
        self.popen.wait(_PATIENCE)

    def close(self) -> None:
        for reader in self._readers:
            reader.join()

    def _said(self, words: str) -> bool:
        return any(words in line for line in [*self.out, *self.err])

    def _read(self, stream: "Iterator[str]", lines: list[str]) -> None:
        for line in stream:
            with self._news:
                lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()
