"""Sees to it that there is a Chromium for the tests of the pages: the system's, or one that it can install.

python scripts/browser.py   prints where it is, or says what to do
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
OVERRIDE = "DESKHAND_TEST_CHROMIUM"
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """The path of a Chromium, or None."""
    if named := os.environ.get(OVERRIDE):
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if MAC.exists() else _own())


def install() -> None:
    """By Debian's package manager where we may, else by Playwright's own download."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
        subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def _own() -> str | None:
    """Playwright's, where it has downloaded one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        place = playwright.chromium.executable_path
    return place if Path(place).exists() else None


if __name__ == "__main__":
    if find() is None:
        install()
    if (place := find()) is None:
        sys.exit(
            "The tests of the pages need Chromium, and it could not be installed here. Install it (apt-get install\n"
            f"chromium, or make test as root), or name one: {OVERRIDE}=/path/to/chrome make test"
        )
    print(f"Chromium: {place}")
