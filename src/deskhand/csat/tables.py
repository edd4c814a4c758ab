"""One rating a ticket, held to one by its key."""

from sqlalchemy import Column, ForeignKey, SmallInteger, String, Table

from deskhand.kit.schema import Id, Time, metadata

ratings = Table(
    "ratings",
    metadata,
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("rating", SmallInteger, nullable=False),  # 1 to 5
    Column("comment", String(2000)),
    Column("created_at", Time, nullable=False, index=True),
)
