"""Tickets, their messages and notes, tags, the snapshot taken at creation, what waits to be sent, and spam."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    SmallInteger,
    String,
    Table,
    Text,
)

from deskhand.kit.schema import Id, Json, Time, Words, metadata

# PostgreSQL takes the readable number from here without making writers wait; SQLite has one writer and uses MAX + 1.
ticket_numbers = Sequence("ticket_numbers", metadata=metadata)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("readable_id", String(24), nullable=False, unique=True),
    Column("requester_id", Id, ForeignKey("users.id"), nullable=False),
    Column("assignee_id", Id, ForeignKey("users.id")),
    Column("subject", String(255), nullable=False),
    Column("status", String(10), nullable=False),
    Column("priority", SmallInteger, nullable=False),  # 0 low … 3 urgent, so that it sorts
    Column("category_slug", String(120), ForeignKey("categories.slug"), nullable=False),
    Column("category_guess", Json),  # {slug, probability, words} where the classifier chose
    Column("metadata", Json, nullable=False),
    Column("channel", String(10), nullable=False),  # api, web, contact, mail, staff
    Column("verified", Boolean, nullable=False),  # False until a contact form's link was opened
    Column("version", Integer, nullable=False),  # rises with every change that staff can see
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),  # moves with what the customer can see
    Column("resolved_at", Time),
    Column("closed_at", Time),
    Column("first_reply_at", Time),  # the first agent's reply
    Column("staff_replied_at", Time),  # the latest one
    Column("requester_read_at", Time),
)
_t = tickets.c
# Each list of one customer, and of the desk, is a walk along one of these.
Index("ix_tickets_mine_created", _t.requester_id, _t.created_at, _t.id)
Index("ix_tickets_mine_updated", _t.requester_id, _t.updated_at, _t.id)
Index("ix_tickets_mine_priority", _t.requester_id, _t.priority, _t.id)
Index("ix_tickets_mine_status", _t.requester_id, _t.status, _t.created_at, _t.id)
Index("ix_tickets_all_created", _t.created_at, _t.id)
Index("ix_tickets_all_updated", _t.updated_at, _t.id)
Index("ix_tickets_all_priority", _t.priority, _t.id)
Index("ix_tickets_status_created", _t.status, _t.created_at, _t.id)
Index("ix_tickets_status_updated", _t.status, _t.updated_at, _t.id)
Index("ix_tickets_category", _t.category_slug, _t.created_at, _t.id)
Index("ix_tickets_channel", _t.channel, _t.created_at, _t.id)
Index("ix_tickets_assignee", _t.assignee_id, _t.status, _t.created_at, _t.id)
Index(
    "ix_tickets_unverified",
    _t.created_at,
    _t.id,
    sqlite_where=_t.verified.is_(False),
    postgresql_where=_t.verified.is_(False),
)
Index(
    "ix_tickets_autoclose",
    _t.resolved_at,
    sqlite_where=_t.resolved_at.is_not(None),
    postgresql_where=_t.resolved_at.is_not(None),
)
# Reports ask what was answered and closed in a period; `ix_tickets_autoclose` tells what was resolved.
for _name, _column in (("ix_tickets_first_reply_at", _t.first_reply_at), ("ix_tickets_closed_at", _t.closed_at)):
    Index(_name, _column, sqlite_where=_column.is_not(None), postgresql_where=_column.is_not(None))

messages = Table(
    "messages",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),  # message, note
    Column("author_id", Id, ForeignKey("users.id")),
    Column("author_type", String(10), nullable=False),  # customer, agent, system
    Column("author_name", String(255), nullable=False),
    Column("identity", String(20), nullable=False),
    Column("via", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("body_html", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_messages_ticket", "ticket_id", "seq"),
    Index("ix_messages_author_id", "author_id"),
    sqlite_autoincrement=True,
)

ticket_tags = Table(
    "ticket_tags",
    metadata,
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(40), primary_key=True),
    Index("ix_ticket_tags_tag", "tag", "ticket_id"),
)

# What staff see beside a ticket, as it was when the ticket was filed.
enrichments = Table(
    "enrichments",
    metadata,
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Json, nullable=False),
    Column("usage", Json, nullable=False),
    Column("client", Json, nullable=False),  # {via, user_agent, ip}
    Column("recent", Json, nullable=False),  # the customer's last tickets
    Column("usage_state", String(10), nullable=False),  # given, waiting, fetched, failed
)

# Contact forms whose honeypot was filled; nothing of them reaches the queue. `id` and `number` are those that the
# answer named: the ticket that is made of it, should it be released, has them.
spam = Table(
    "spam",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("email", String(254), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("ip", String(64), nullable=False),
    Column("user_agent", String(255), nullable=False),
    Column("created_at", Time, nullable=False, index=True),
    Column("released_ticket_id", Id, ForeignKey("tickets.id", ondelete="SET NULL")),
)

# What staff sent and may still take back. Carried out, it is gone from here, in the same transaction as its effects.
held_acts = Table(
    "held_acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("author_id", Id, ForeignKey("users.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # reply, change
    Column("given", Json, nullable=False),  # reply: {body, status, change}; change: {change, add_tags, remove_tags}
    Column("due_at", Time, nullable=False),
    Column("problem", Words),  # why it could not be carried out
    Column("created_at", Time, nullable=False),
    Index("ix_held_acts_author_id", "author_id", "id"),
)

# Tickets without a foreign key: what was written must not vanish with one.
held_tickets = Table(
    "held_tickets",
    metadata,
    Column("held_id", Id, ForeignKey("held_acts.id", ondelete="CASCADE"), primary_key=True),
    Column("ticket_id", Id, primary_key=True),
    Index("ix_held_tickets_ticket_id", "ticket_id"),
)

# Who of the team looks at a ticket now, or did a moment ago.
presences = Table(
    "presences",
    metadata,
    Column("ticket_id", Id, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("writing", Boolean, nullable=False),
    Column("seen_at", Time, nullable=False),
)
