"""What holds for the project as a whole: its files, its requirements, its one command, its test server."""

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from itertools import chain
from pathlib import Path

import psycopg
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from psycopg.conninfo import conninfo_to_dict

import deskhand
from tests.support import postgres

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = dict(line.split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if line[:1] != "#")

UNWANTED = {
    "a registry's address": re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|(?:index-url|find-links)[ =]"),
    "a path of one machine": re.compile(r"(?<![\w.:/-])/(?:home|Users|root|work)/\w"),
    "something left undone": re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b"),
}


def unwanted(content: str) -> list[str]:
    return [f"{what}: {found[0]}" for what, pattern in UNWANTED.items() if (found := pattern.search(content))]


def texts() -> dict[str, str]:
    """Every text file of the project by its path; what building and testing leave about is not the project's."""
    folders = (".ci", "docs", "scripts", "src", "tests")
    paths = [*ROOT.glob("*"), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    kept = (path for path in paths if path.is_file() and not {"__pycache__", "vendor", ".git"}.intersection(path.parts))
    written = (path for path in kept if path.suffix != ".webp")
    return {str(path.relative_to(ROOT)): path.read_bytes().decode(errors="ignore") for path in written}


def test_no_file_speaks_of_registries_machines_or_leftovers() -> None:
    found = {path: problems for path, content in texts().items() if (problems := unwanted(content))}
    assert found == {}


@pytest.mark.parametrize(
    "content",  # broken by a ~, so that this file holds none of them
    ["see https://pypi~.org/x", "--index~-url https://x", "cd /ro~ot/deskhand", "'/ho~me/ada/x'", "# TO~DO: later"],
)
def test_such_words_are_seen(content: str) -> None:
    assert len(unwanted(content.replace("~", ""))) == 1


def test_the_licence_is_there_and_named() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert (PROJECT["license"], PROJECT["license-files"]) == ("Apache-2.0", ["LICENSE"])


def test_the_version_is_said_once() -> None:
    assert PROJECT["version"] == deskhand.__version__
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_ci_runs_what_developers_run() -> None:
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]
    assert os.access(script, os.X_OK)


def test_make_test_skips_nothing() -> None:
    shown = subprocess.run(["make", "-n", "-B", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for command in ("ruff check", "ruff format --check", "pyrefly check", "deptry", "pytest"):
        assert command in shown


@pytest.mark.parametrize("requirement", [*PROJECT["dependencies"], *chain(*EXTRAS.values())])
def test_every_requirement_has_a_floor_and_a_pin_above_it(requirement: str) -> None:
    wanted = Requirement(requirement)
    assert ">=" in str(wanted.specifier)
    assert wanted.url is None
    assert wanted.specifier.contains(PINS[canonicalize_name(wanted.name)])


def test_no_requirement_is_named_twice() -> None:
    for extra in EXTRAS.values():
        names = [Requirement(text).name for text in (*PROJECT["dependencies"], *extra)]
        assert sorted(names) == sorted(set(names))


def test_the_lock_holds_versions_and_nothing_else() -> None:
    for name, version in PINS.items():
        assert name == canonicalize_name(name)
        assert re.fullmatch(r"[\w.+!]+", version)


def test_the_test_server_stops_when_its_user_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.OVERRIDE, raising=False)
    code = (
        "from tests.support.postgres import postgres\nwith postgres() as url:\n    print(url, flush=True)\n    input()"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with user:
        assert user.stdout is not None
        url = user.stdout.readline().strip()
        home = Path(str(conninfo_to_dict(url)["host"])).parent
        with psycopg.connect(url) as db:
            offered = db.execute("SELECT name FROM pg_available_extensions").fetchall()
        assert {("pg_trgm",), ("unaccent",)} <= set(offered)
        user.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while home.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not home.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
