"""What was uploaded. The bytes live in the storage, under `storage_key`."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from deskhand.kit.schema import Id, Time, metadata

_UNBOUND = text("bound_at IS NULL")

# Message and ticket belong to a package above this one, hence no foreign keys. Unbound rows are few and looked for by
# person (the quota) and by age (the sweep): partial indexes keep both free of the many bound ones.
attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uploader_id", Id, ForeignKey("users.id"), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("content_type", String(120), nullable=False),  # as it is served
    Column("inline", Boolean, nullable=False),
    Column("size", Integer, nullable=False),  # bytes as they are served
    Column("sha256", String(64), nullable=False),
    Column("storage_key", String(80), nullable=False),
    Column("thumbnail_key", String(80)),
    Column("thumbnail_size", Integer),
    Column("message_id", Id),
    Column("ticket_id", Id),
    Column("internal", Boolean, nullable=False),  # bound to a note: for staff alone
    Column("created_at", Time, nullable=False),
    Column("bound_at", Time),
    Column("held_by", Id),  # part of something not sent yet: nothing else can have it, and the sweep leaves it
    Index("ix_attachments_message_id", "message_id"),
    Index("ix_attachments_ticket_id", "ticket_id"),
    Index("ix_attachments_unbound_by", "uploader_id", sqlite_where=_UNBOUND, postgresql_where=_UNBOUND),
    Index("ix_attachments_unbound_since", "created_at", sqlite_where=_UNBOUND, postgresql_where=_UNBOUND),
)
