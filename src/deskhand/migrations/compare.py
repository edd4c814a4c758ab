"""How tables and database are compared: what is ours to see, and how types are written into a revision."""

import re
from typing import Any

from alembic.autogenerate.api import AutogenContext

from deskhand.kit.schema import Id, Json

# Made by raw DDL, as the metadata cannot say it: the full-text table, and the shadows that SQLite keeps for it.
_NOT_DECLARED = re.compile(r"fulltext(_\w+)?")


def comparison() -> dict[str, Any]:
    """Options for Alembic's `configure`."""
    return {
        "compare_type": True,
        "include_name": lambda name, kind, _parents: kind != "table" or not _NOT_DECLARED.fullmatch(name),
        "render_as_batch": True,
        "render_item": _render,
    }


def _render(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "type" and item is Id:
        return "ID"
    return False
