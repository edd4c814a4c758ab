"""What each person wants to hear of, and the mails that say it."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from deskhand.kit.schema import Id, Json, Time, metadata

preferences = Table(
    "preferences",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("notify_on_reply", Boolean, nullable=False),
    Column("notify_on_close", Boolean, nullable=False),
    Column("notify_on_status_change", Boolean, nullable=False),
    Column("email_digest", Boolean, nullable=False),
    Column("stopped", Boolean, nullable=False),  # by a digest's link: no mails, whatever they are, until it is unset
    Column("updated_at", Time, nullable=False),
)

mutes = Table(
    "mutes",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
)

# Every mail ever meant to go out: the local outbox where no SMTP is configured, the record of delivery where it is.
mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dedupe_key", String(200), nullable=False, unique=True),  # one mail for each event and person
    Column("kind", String(30), nullable=False),
    # A visitor's stand-in may go; what was to be mailed goes out all the same, and stays on record.
    Column("user_id", Id, ForeignKey("users.id", ondelete="SET NULL")),
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE")),
    Column("recipient", String(320), nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False),  # the message as it goes over the wire
    Column("state", String(10), nullable=False),  # waiting, sent, kept (no SMTP), failed
    Column("error", Text),
    Column("created_at", Time, nullable=False),
    Column("sent_at", Time),
    Index("ix_mails_state", "state", "id"),
    Index("ix_mails_recipient", "recipient", "created_at"),
    Index("ix_mails_ticket_id", "ticket_id"),
)

# News that waits for its reader's daily digest.
digest_items = Table(
    "digest_items",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Id, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("data", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("mail_id", Id),  # the digest that carried it
    Index("uq_digest_items_event", "user_id", "event_id", unique=True),
    Index("ix_digest_items_waiting", "mail_id", "user_id"),
)
