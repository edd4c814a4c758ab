"""Events: one row for each act, written in the act's transaction.

The row is the history that staff read, the payload of webhooks and the outbox of the worker, all in one.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    bindparam,
    select,
    update,
)

from deskhand.kit.clock import now
from deskhand.kit.ids import new_id
from deskhand.kit.schema import Id, Json, Time, metadata
from deskhand.kit.statements import Statement

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("name", String(60), nullable=False),  # noun.verb in the past tense: ticket.replied
    Column("subject_id", Id),  # what it happened to: the ticket, the article, the user
    Column("actor_id", Id),
    Column("actor_type", String(10), nullable=False),  # customer, agent, system
    Column("actor_name", String(255), nullable=False),
    Column("staff_only", Boolean, nullable=False),
    Column("data", Json, nullable=False),
    Column("at", Time, nullable=False),
    Column("dispatched_at", Time),
    Index("ix_events_subject", "subject_id", "seq"),
    Index("ix_events_name_at", "name", "at"),
)
# The worker's queue is the few rows not yet dispatched, however many there are in all.
Index(
    "ix_events_waiting",
    events.c.seq,
    sqlite_where=events.c.dispatched_at.is_(None),
    postgresql_where=events.c.dispatched_at.is_(None),
)

_INSERT = Statement(events.insert())
_OF_SUBJECT = select(events).where(events.c.subject_id == bindparam("subject")).order_by(events.c.seq)
_PUBLIC_OF_SUBJECT = _OF_SUBJECT.where(events.c.staff_only.is_(False))
_BY_ID = select(events).where(events.c.id == bindparam("event"))
_WAITING_AT_ALL = select(events.c.seq).where(events.c.dispatched_at.is_(None)).limit(1)
_WAITING = (
    select(events)
    .where(events.c.dispatched_at.is_(None))
    .order_by(events.c.seq)
    .limit(bindparam("n"))
    .with_for_update(skip_locked=True)
)
_DISPATCHED = (
    update(events).where(events.c.seq.in_(bindparam("seqs", expanding=True))).values(dispatched_at=bindparam("moment"))
)


def record(
    tx: Connection,
    name: str,
    subject_id: str | None,
    *,
    actor: tuple[str | None, str, str],
    data: Mapping[str, Any] | None = None,
    staff_only: bool = False,
) -> str:
    """Write one event; `actor` is (user id, type, name). Returns the event's id."""
    event_id = new_id()
    actor_id, actor_type, actor_name = actor
    row = {
        "id": event_id,
        "name": name,
        "subject_id": subject_id,
        "actor_id": actor_id,
        "actor_type": actor_type,
        "actor_name": actor_name,
        "staff_only": staff_only,
        "data": dict(data or {}),
        "at": now(),
    }
    _INSERT.run(tx, row)
    return event_id


def get(tx: Connection, event_id: str) -> RowMapping:
    """One event. It exists: events are never deleted."""
    return tx.execute(_BY_ID, {"event": event_id}).mappings().one()


def of_subject(tx: Connection, subject_id: str) -> list[RowMapping]:
    """All that happened to one thing, oldest first."""
    return list(tx.execute(_OF_SUBJECT, {"subject": subject_id}).mappings())


def public_of_subject(tx: Connection, subject_id: str) -> list[RowMapping]:
    """What happened to one thing that the customer whose it is may be told, oldest first."""
    return list(tx.execute(_PUBLIC_OF_SUBJECT, {"subject": subject_id}).mappings())


def any_waiting(tx: Connection) -> bool:
    """Whether some event is not yet dispatched."""
    return tx.execute(_WAITING_AT_ALL).first() is not None


def take_waiting(tx: Connection, limit: int) -> list[RowMapping]:
    """Events no reaction has been queued for yet, locked against other workers until the transaction ends."""
    return list(tx.execute(_WAITING, {"n": limit}).mappings())


def mark_dispatched(tx: Connection, seqs: list[int]) -> None:
    if seqs:
        tx.execute(_DISPATCHED, {"seqs": seqs, "moment": now()})
