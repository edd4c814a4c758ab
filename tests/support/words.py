"""What ticket search keeps, as the engine at hand keeps it."""

from typing import Any

from sqlalchemy import Connection, text

_ENTRIES = {
    "sqlite": "SELECT number, key, labels, title, body FROM fulltext_keys JOIN fulltext ON fulltext.rowid = number",
    "postgresql": "SELECT number, key, labels, title, body, vector FROM fulltext",
}


def entries(tx: Connection, key: str | None = None) -> list[dict[str, Any]]:
    """All entries, or those of one ticket, in order of number."""
    sql = _ENTRIES[tx.dialect.name] + (" WHERE key = :key" if key else "") + " ORDER BY number"
    return [dict(row) for row in tx.execute(text(sql), {"key": key} if key else {}).mappings()]
