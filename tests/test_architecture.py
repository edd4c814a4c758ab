"""The layout's rules, enforced: imports point down, private names stay at home, files and functions stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"

# From the top down. A package imports what stands on a lower line; those on one line don't know of each other.
LAYERS = (
    ("wiring",),
    ("migrations",),
    ("doors",),
    ("reports",),
    ("notifications", "webhooks", "csat", "macros", "views"),
    ("tickets", "kb", "brand"),
    ("attachments", "categories"),
    ("accounts",),
    ("kit",),
)
DOORS = (
    "api",
    "cli",
    "mail",
    "mcp",
    "web",
    "worker",
)  # strangers to each other; what else is in doors/ serves them all
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
TOP = ("wiring", "migrations")  # reached by what starts the program, and by nothing else below them
STARTERS = ("deskhand.__main__", "deskhand.doors.cli")
FILE_LINES, FUNCTION_LINES = 250, 40
REVISIONS = "deskhand.migrations.versions"  # history, written by a machine, as long as the schema is wide


def violations(module: str, source: str) -> list[str]:
    """What is wrong with `source` as the text of `module` (a dotted name; of a package: that of its `__init__`)."""
    tree = ast.parse(source)
    found = [*_misplaced(module), *(problem for name in _imports(tree) for problem in _import_problems(module, name))]
    found += _private_attributes(module, tree)
    if not _within(module, REVISIONS):
        found += _too_long(source, tree)
    if not (module.endswith("tables") or _within(module, "deskhand.kit") or _within(module, REVISIONS)):
        found += ["declares a table outside tables.py" for node in ast.walk(tree) if _is_table(node)]
    return found


def _misplaced(module: str) -> Iterator[str]:
    if _unit(module) not in (*RANK, "", "__main__"):
        yield f"{_unit(module)} has no line in the layers"


def _imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what is imported anywhere in the file; `from a.b import c` is `a.b.c`, be `c` a module or not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def _import_problems(module: str, name: str) -> Iterator[str]:
    if name.startswith("."):
        yield f"imports {name} relatively"
    if not name.startswith("deskhand."):
        return
    here, there = _unit(module), _unit(name)
    if _within(module, REVISIONS) and there != "migrations":
        yield f"a revision depends on {name}, which will change under it"
    if here != there and not _may_import(module, here, there):
        yield f"{here} imports {name}"
    if there == here == "doors" and _door(name) in DOORS and _door(name) != _door(module):
        yield f"one door imports another: {name}"
    if (owner := _owner_of_private(name)) and not _within(module, owner):
        yield f"imports {name}, which is private to {owner}"


def _may_import(module: str, here: str, there: str) -> bool:
    if there not in RANK or here not in RANK:  # the version in deskhand/__init__, and what __main__ starts
        return True
    starts = there in TOP and any(_within(module, starter) for starter in STARTERS)
    return starts or RANK[here] < RANK[there]


def _owner_of_private(name: str) -> str | None:
    """The package that a path with an underscore in it belongs to: a module's private names are its package's."""
    parts = name.split(".")
    for at, part in enumerate(parts):
        if part.startswith("_") and not part.startswith("__"):
            owner = ".".join(parts[:at])
            return ".".join(parts[: at - 1]) if _is_module(owner) else owner
    return None


def _private_attributes(module: str, tree: ast.AST) -> Iterator[str]:
    """`ops._helper`, where `ops` is a module of another package."""
    elsewhere = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deskhand")
        for alias in node.names
        if _is_module(f"{node.module}.{alias.name}")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in elsewhere:
            name = f"{elsewhere[node.value.id]}.{node.attr}"
            owner = _owner_of_private(name)
            if owner and not _within(module, owner):
                yield f"uses {name}, which is private to {owner}"


def _too_long(source: str, tree: ast.AST) -> Iterator[str]:
    if (lines := len(source.splitlines())) > FILE_LINES:
        yield f"{lines} lines are too many for a file"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{lines} lines are too many for a function: {node.name}"


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Table"


def _is_module(name: str) -> bool:
    return (SOURCE / name.replace(".", "/")).with_suffix(".py").exists()


def _unit(module: str) -> str:
    return (*module.split("."), "")[1]


def _door(module: str) -> str:
    return (*module.split("."), "", "")[2]


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((SOURCE / "deskhand").rglob("*.py")):
        yield ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"), path


@pytest.mark.parametrize(("module", "path"), [pytest.param(*pair, id=pair[0]) for pair in _modules()])
def test_the_layout_is_kept(module: str, path: Path) -> None:
    assert violations(module, path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("deskhand.kit.jobs", "from deskhand.tickets import ops"),
        ("deskhand.kit.jobs", "import deskhand.accounts.model"),
        ("deskhand.kit.jobs", "def late():\n    from deskhand.kb import ops"),
        ("deskhand.tickets.ops", "from deskhand.kb.queries import search"),
        ("deskhand.tickets.ops", "from deskhand.doors.api import errors"),
        ("deskhand.tickets.ops", "from .model import NewTicket"),
        ("deskhand.tickets.ops", "from deskhand.kit import _sqlite"),
        ("deskhand.tickets.ops", "from deskhand.kit.db import _helper"),
        ("deskhand.tickets.ops", "from deskhand.kit import db\n\ndb._helper()"),
        ("deskhand.tickets.ops", "from sqlalchemy import Table\n\ntickets = Table('tickets', metadata)"),
        ("deskhand.doors.api.tickets", "from deskhand.doors.web import shell"),
        ("deskhand.doors.services", "from deskhand.doors.api import app"),
        ("deskhand.doors.api.tickets", "from deskhand import wiring"),
        ("deskhand.doors.api.tickets", "from deskhand.migrations import upgrade"),
        ("deskhand.doors.cli.serve", "from deskhand.doors.api import app"),
        ("deskhand.migrations", "from deskhand.wiring import build_app"),
        ("deskhand.migrations.versions.0001_first", "from deskhand.tickets.tables import tickets"),
        ("deskhand.helpers", ""),
        ("deskhand.kit.jobs", "\n" * 251),
        ("deskhand.kit.jobs", "def long():\n" + "    pass\n" * 40),
    ],
)
def test_a_breach_is_seen(module: str, source: str) -> None:
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("deskhand.wiring", "from deskhand.doors.api import app"),
        ("deskhand.wiring", "from deskhand.migrations import upgrade"),
        ("deskhand.doors.cli.serve", "from deskhand import __version__, migrations, wiring"),
        ("deskhand.__main__", "from deskhand.doors.cli import main"),
        ("deskhand.doors.api.tickets", "from deskhand.doors.api import errors"),
        ("deskhand.doors.api.tickets", "from deskhand.doors.services import Services"),
        ("deskhand.tickets.ops", "from deskhand.attachments import ops\n\nops.bind()"),
        ("deskhand.kit.db", "from deskhand.kit._sqlite import SqliteStore"),
        ("deskhand.tickets.tables", "from sqlalchemy import Table\n\ntickets = Table('tickets', metadata)"),
        ("deskhand.kit.jobs", "def long():\n" + "    pass\n" * 39),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    assert violations(module, source) == []
