"""What exists is documented: routes, limits, dependencies. Settings, events and commands have tests beside them."""

import re
import tomllib
from pathlib import Path

import pytest

from deskhand import wiring
from deskhand.kit.settings import Settings
from tests.support.app import Desk

ROOT = Path(__file__).parent.parent
DOCS = {path: path.read_text() for path in (ROOT / "docs").rglob("*.md")}
EVERYTHING = "\n".join(DOCS.values())


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_every_route_is_named_with_its_method(desk: Desk) -> None:
    paths = desk.client.get("/api/openapi.json").json()["paths"]
    named = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert len(named) > 40
    written = _nameless(EVERYTHING)
    assert sorted(route for route in named if not any(f"`{form}" in written for form in _forms(route))) == []


def test_every_page_is_named() -> None:
    page = _nameless(DOCS[ROOT / "docs/pages.md"])
    named = set(re.findall(r"`(/[^`\s?]*)(?:\?[^`]*)?`", page))
    # What lies below a page that is named is a form or a part of it; below these lie pages of their own.
    roots = {"/", "/help", "/support", "/desk", "/desk/kb", "/desk/settings", "/login"}
    paths = {_nameless(route.path) for route in wiring.PAGES}
    parts = {path for path in paths if any(path.startswith(f"{above}/") for above in named - roots)}
    assert len(paths) > 60
    assert sorted(paths - named - parts) == []


def test_every_limit_stands_in_the_table_with_its_default() -> None:
    table = DOCS[ROOT / "docs/api/README.md"]
    limits = {name: field.default for name, field in Settings.model_fields.items() if name.startswith("limit_")}
    assert limits
    for name, default in limits.items():
        (row,) = [line for line in table.splitlines() if f"`DESKHAND_{name.upper()}`" in line]
        assert default in row, row


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    page = DOCS[ROOT / "docs/dependencies.md"]
    names = [re.split(r"[\[<>=~!]", requirement)[0] for requirement in wanted]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_relative_link_leads_somewhere() -> None:
    pages = DOCS | {ROOT / "README.md": (ROOT / "README.md").read_text()}
    broken = [
        f"{path.name}: {target}"
        for path, text in pages.items()
        for target in re.findall(r"\]\((?!https?:|mailto:|attachment:|#)([^)#\s]+)[^)]*\)", text)
        if not (path.parent / target).exists()
    ]
    assert broken == []


def _forms(route: str) -> tuple[str, ...]:
    """As a page may write it: whole, or without what all of its routes have in common."""
    whole = _nameless(route)
    return whole, whole.replace("/api/v1/support", ""), whole.replace("/api/v1", "")


def _nameless(text: str) -> str:
    return re.sub(r"\{\w+\}", "{}", text)
