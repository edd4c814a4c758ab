"""`make screenshots`: every page of a demo desk, on a phone and a laptop, light and dark, into docs/screenshots.

The desk is made for it and thrown away; its data is that of `deskhand demo`.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from scripts.bench.server import serving
from scripts.browser import find

TARGET = Path(__file__).parents[1] / "docs" / "screenshots"
SIZES = {"phone": (390, 844), "laptop": (1440, 900)}
THEMES = ("light", "dark")
QUALITY = 62  # of WebP: some 20 kB a picture
VISITORS = {
    "help": "/help",
    "help-search": "/help/search?q=empty+content",
    "help-article": "/help/render-javascript-pages",
    "contact": "/contact",
    "login": "/login",
    "not-found": "/nothing/here",
}
CUSTOMERS = {
    "support": "/support",
    "support-ticket": "TICKET:/support/{}",
    "support-new": "/support/new",
    "support-preferences": "/support/preferences",
    "support-api-keys": "/support/api-keys",
}
STAFF = {
    "desk": "/desk?view=open",
    "desk-ticket": "TICKET:/desk/tickets/{}",
    "desk-search": "/desk?q=status%3Aopen%2Cpending+category%3Abilling",
    "desk-new-ticket": "/desk/tickets/new",
    "desk-customers": "/desk/customers",
    "desk-spam": "/desk/spam",
    "desk-kb": "/desk/kb",
    "desk-kb-editor": "/desk/kb/new",
    "desk-reports": "/desk/reports",
    "desk-settings": "/desk/settings",
    "desk-settings-staff": "/desk/settings/staff",
    "desk-settings-macros": "/desk/settings/macros",
    "desk-settings-brand": "/desk/settings/brand",
    "desk-settings-jobs": "/desk/settings/jobs",
}


def main() -> None:
    place = find()
    if place is None:
        sys.exit("There is no Chromium here: make screenshots installs one where it can.")
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deskhand-pictures-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/deskhand.db"
        password = _demo(url, folder)
        with serving(url, folder) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox", "--disable-gpu"])
            address = f"http://127.0.0.1:{server.port}"
            for device in SIZES:
                for theme in THEMES:
                    _visit(browser, address, device, theme, None, VISITORS)
                    _visit(browser, address, device, theme, ("alice.moreau@northlight.example", password), CUSTOMERS)
                    _visit(browser, address, device, theme, ("ada@altimeter.example", password), STAFF)
            browser.close()


def _demo(url: str, folder: Path) -> str:
    """Fill the desk; returns everybody's password."""
    environment = os.environ | {"DESKHAND_DATABASE_URL": url, "DESKHAND_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "deskhand", "demo"]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return told.splitlines()[0].split("\t")[2]


def _visit(
    browser: Browser, address: str, device: str, theme: str, login: tuple[str, str] | None, pages: dict[str, str]
) -> None:
    width, height = SIZES[device]
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if login:
        page.goto("/login")
        page.fill("#email", login[0])
        page.fill("#password", login[1])
        page.click("button.primary")
        page.wait_for_url(lambda url: "/login" not in url)
    for name, path in _resolved(page, pages):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        _save(page.screenshot(), TARGET / f"{name}-{device}-{theme}.webp")
    context.close()


def _resolved(page: Page, pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A list's first ticket stands for all."""
    for name, path in pages.items():
        if not path.startswith("TICKET:"):
            yield name, path
            continue
        page.goto("/support?status=all" if "/support/" in path else "/desk?view=open")
        found = re.search(r'href="/(?:support|desk/tickets)/([A-Z]+-\d+)"', page.content())
        assert found is not None, f"no ticket to show for {name}"
        yield name, path.removeprefix("TICKET:").format(found[1])


def _save(picture: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(picture)) as image:
        image.save(path, "WEBP", quality=QUALITY, method=6)
    print(path.name)


if __name__ == "__main__":
    main()
