"""Categories of tickets, and what the team's corrections taught the classifier."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from deskhand.kit.schema import Id, Time, metadata

categories = Table(
    "categories",
    metadata,
    Column("slug", String(120), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("description", String(300), nullable=False),
    Column("position", Integer, nullable=False),
    Column("retired_at", Time),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)

# One lesson a ticket: the last word of the team on it.
category_lessons = Table(
    "category_lessons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", Id, nullable=False, unique=True),
    Column("slug", String(120), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_category_lessons_slug", "slug"),
)
