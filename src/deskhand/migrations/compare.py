"""How tables and database are compared: what is ours to see, and how types are written into a revision."""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from deskhand.kit.schema import Id, Json


def comparison(connection: Connection) -> dict[str, Any]:
    """Options for Alembic's `configure`."""
    foreign = _engine_tables(connection)
    return {
        "compare_type": True,
        "compare_server_default": False,
        "include_name": lambda name, kind, _parents: kind != "table" or name not in foreign,
        "render_as_batch": True,
        "render_item": _render,
    }


def _engine_tables(connection: Connection) -> frozenset[str]:
    """Full-text tables and the shadows that SQLite keeps for them; raw DDL makes them, and the metadata has none."""
    if connection.dialect.name != "sqlite":
        return frozenset()
    return frozenset(connection.scalars(text("SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')")))


def _render(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "type" and item is Id:
        return "ID"
    return False
