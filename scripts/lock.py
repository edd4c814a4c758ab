"""Writes requirements.lock: the exact version of everything that Deskhand and its tests stand on.

    python scripts/lock.py             keeps the versions in it, adds what pyproject.toml newly asks for
    python scripts/lock.py --upgrade   takes the newest that pyproject.toml allows

Run it with the oldest Python that Deskhand supports. The file serves pip as a constraint, so that one list holds for
every platform and for installing with and without extras: pip takes from it what it needs.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEADER = "# Exact versions, written by `make lock`. Used as a constraint: pip install -c requirements.lock -e '.[dev]'"


def main(upgrade: bool) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    known = [] if upgrade or not LOCK.exists() else ["--constraint", str(LOCK)]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        if subprocess.run([*pip, "install", "-qq", *known, *wanted], check=False).returncode:
            sys.exit("Where the versions in the lock stand in the way: make lock UPGRADE=1")
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    pins = sorted(_pin(line) for line in frozen.splitlines())
    LOCK.write_text("\n".join([HEADER, *pins, ""]))


def _pin(line: str) -> str:
    name, equals, version = line.partition("==")
    if not equals or "@" in line or line.startswith("-"):
        sys.exit(f"requirements.lock holds versions only, and this tells a place: {line}")
    return f"{re.sub('[-_.]+', '-', name).lower()}=={version}"


if __name__ == "__main__":
    main("--upgrade" in sys.argv[1:])
