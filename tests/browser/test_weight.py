"""How much a first view weighs: the page, its style sheets and scripts, compressed as a proxy would."""

import gzip
import re

import pytest

from tests.support.app import Desk
from tests.support.pages import Browser

BUDGET = 100_000  # bytes
OWN_SCRIPT_LINES = 400


@pytest.mark.parametrize("path", ["/help", "/contact", "/support", "/support/new", "/desk", "/desk/reports"])
def test_a_first_view_is_light(desk: Desk, path: str) -> None:
    desk.new_ticket()
    text = Browser(desk, "ada").get(path).text
    assets = re.findall(r'(?:href|src)="(/(?:static/|brand)[^"]*\.(?:css|js)[^"]*)"', text)
    assert len(assets) >= 4
    modules = [name for name in _modules(desk, assets) if name not in assets]
    size = sum(len(gzip.compress(desk.client.get(name).content)) for name in [*assets, *modules])
    assert size + len(gzip.compress(text.encode())) < BUDGET


def _modules(desk: Desk, assets: list[str]) -> set[str]:
    """The scripts that scripts import."""
    found: set[str] = set()
    for name in (name for name in assets if "/js/" in name):
        folder = name.rpartition("/")[0]
        found |= {f"{folder}/{other}" for other in re.findall(r'from "\./([\w.]+)"', desk.client.get(name).text)}
    return found


def test_own_scripts_are_few_lines() -> None:
    from deskhand.doors.web.assets import FOLDER

    lines = [line for file in FOLDER.joinpath("js").iterdir() for line in file.read_text().splitlines()]
    assert len(lines) < OWN_SCRIPT_LINES


def test_assets_are_kept_by_browsers_and_compressed(desk: Desk) -> None:
    (sheet,) = re.findall(r'"(/static/[^"]+\.css)"', desk.client.get("/help").text)
    answer = desk.client.get(sheet, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    old = re.sub(r"/static/\w+/", "/static/older/", sheet)
    assert desk.client.get(old).headers["cache-control"] == "no-cache"
