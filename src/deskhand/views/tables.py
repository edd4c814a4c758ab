"""Saved views of the queue."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from deskhand.kit.schema import Id, Time, metadata

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, ForeignKey("users.id"), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("name", String(60), nullable=False),
    Column("query", String(500), nullable=False),  # in the language of tickets/ask.py
    Column("sort", String(20)),
    Column("position", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_saved_views_owner_id", "owner_id"),
    Index("ix_saved_views_shared", "shared"),
)
