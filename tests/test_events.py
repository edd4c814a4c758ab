"""The page on events and the page on mails name what there is, and nothing else."""

import ast
import re
from pathlib import Path

from deskhand import wiring
from deskhand.notifications import compose

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"[a-z_]+\.[a-z_]+")
RECORDERS = {"record", "_record", "_turn"}


def recorded() -> set[str]:
    """Every event's name in the source: a literal among the arguments of what records events."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node.func) in RECORDERS:
                given = (constant for argument in node.args for constant in ast.walk(argument))
                words = (item.value for item in given if isinstance(item, ast.Constant) and isinstance(item.value, str))
                found |= {word for word in words if NAME.fullmatch(word)}
    return found


def first_cells(page: str) -> list[str]:
    return re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs" / page).read_text(), re.MULTILINE)


def test_every_event_is_on_its_page() -> None:
    names = recorded()
    assert len(names) > 20
    assert {name for name in first_cells("events.md") if "." in name} == names


def test_whatever_is_reacted_to_is_recorded() -> None:
    assert set(wiring.PLAN.reactions) <= recorded()


def test_every_mail_is_on_its_page() -> None:
    assert set(first_cells("mail.md")) == set(compose.KINDS)


def _called(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
