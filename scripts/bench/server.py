"""The server under load: a real `deskhand serve`, one process on loopback, with its defaults but for the limits."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from deskhand.kit.settings import Settings

_PATIENCE = 120.0  # seconds


class Memory(NamedTuple):
    """Resident megabytes at their peak, and how many of those now are the process's own (the rest are pages of files,
    which the system takes back when it needs them)."""

    peak: float
    own: float


def settings_for(url: str, folder: Path) -> dict[str, str]:
    limits = {name: "off" for name in Settings.model_fields if name.startswith("limit_")}
    return {"database_url": url, "data_dir": str(folder), **limits}


class Server:
    """`ready` is the seconds from its start to the first 200 of `/readyz`; `works`: it has a worker."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, ready: float, *, works: bool) -> None:
        self.process, self.port, self.ready, self.works = process, port, ready, works

    def memory(self) -> Memory | None:
        """None where the system does not say."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB$", status.read_text(), re.MULTILINE))
        return Memory(int(sizes["VmHWM"]) / 1024, int(sizes["RssAnon"]) / 1024)

    def backlog(self) -> int:
        """Events and jobs that the worker has before it."""
        text = get(self.port, "/metrics").decode()
        found = re.findall(r'^deskhand_(?:events_waiting|jobs\{state="(?:queued|running)"\}) (\S+)', text, re.MULTILINE)
        return int(sum(map(float, found)))

    def settle(self) -> float:
        """Wait until the worker has nothing to do and nothing is made ready any more; returns the seconds it took."""
        began = time.monotonic()
        while ((self.works and self.backlog()) or not self._rests()) and time.monotonic() < began + _PATIENCE:
            time.sleep(0.1)
        return time.monotonic() - began

    def _rests(self) -> bool:
        """Whether the process uses hardly any processor time: after its start it fills caches for a while."""
        before = _processor_time(self.process.pid)
        time.sleep(0.4)
        return _processor_time(self.process.pid) - before < 0.04


@contextmanager
def serving(url: str, folder: Path, *, worker: bool = True) -> Iterator[Server]:
    # What Python compiles at a first start it must be able to keep for the next ones, as anywhere else.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DESKHAND_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    environment |= {f"DESKHAND_{name.upper()}": value for name, value in settings_for(url, folder).items()}
    began = time.perf_counter()
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deskhand", "serve", "--port", "0", *([] if worker else ["--no-worker"])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        )
        with process:
            try:
                port = _port(process, folder)
                yield Server(process, port, _ready(port) - began, works=worker)
                process.terminate()
                process.wait(_PATIENCE)
            finally:
                process.kill()


def _processor_time(pid: int) -> float:
    """In seconds; 0 where the system does not say."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return body
    finally:
        connection.close()


def _port(process: "subprocess.Popen[str]", folder: Path) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"listens on http://\S+:(\d+)", line):
            return int(found[1])
    raise RuntimeError(f"the server did not start:\n{(folder / 'server.log').read_text()}")


def _ready(port: int) -> float:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            get(port, "/readyz")
        except (OSError, RuntimeError):
            if time.monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return time.perf_counter()
