"""Macros: answers and changes prepared for use on many tickets."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from deskhand.kit.schema import Id, Json, Time, metadata

macros = Table(
    "macros",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, ForeignKey("users.id"), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("name", String(80), nullable=False),
    Column("body", Text, nullable=False),
    Column("actions", Json, nullable=False),  # model.Actions, what it leaves alone left out
    Column("position", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_macros_owner_id", "owner_id"),
    Index("ix_macros_shared", "shared"),
)
