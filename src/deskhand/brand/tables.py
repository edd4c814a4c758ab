"""How the desk presents itself: one row, once an admin has changed anything."""

from sqlalchemy import Column, Integer, String, Table, Text

from deskhand.kit.schema import Time, metadata

# Nulls stand for what the settings say. The picture comes last: what is read at every page stops before it.
brand = Table(
    "brand",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("name", String(60)),
    Column("accent", String(7)),  # #rrggbb
    Column("support_address", String(254)),  # "" for none
    Column("version", Integer, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("logo_width", Integer),
    Column("logo_height", Integer),
    Column("logo", Text),  # a PNG, as base64
)
