"""What each person wants to hear of: switches for all tickets, and a mute for one."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select
from typing_extensions import TypedDict

from deskhand.accounts.actor import SYSTEM, Actor
from deskhand.accounts.tables import users
from deskhand.kit.clock import now
from deskhand.kit.inputs import Input
from deskhand.kit.schema import insert
from deskhand.kit.statements import Statement
from deskhand.notifications.tables import digest_items, mutes, preferences
from deskhand.tickets import access
from deskhand.tickets.model import Ticket


class Preferences(TypedDict):
    notify_on_reply: bool
    notify_on_close: bool
    notify_on_status_change: bool
    email_digest: bool


class Muted(TypedDict):
    muted: bool


DEFAULTS: Preferences = {
    "notify_on_reply": True,
    "notify_on_close": True,
    "notify_on_status_change": False,
    "email_digest": False,
}


class PreferenceChange(Input):
    """Any subset; what is left out stays."""

    notify_on_reply: bool = None  # type: ignore[assignment]
    notify_on_close: bool = None  # type: ignore[assignment]
    notify_on_status_change: bool = None  # type: ignore[assignment]
    email_digest: bool = None  # type: ignore[assignment]


class Mute(Input):
    muted: bool


_p, _m, _d = preferences.c, mutes.c, digest_items.c
_FIND = select(*(_p[name] for name in DEFAULTS)).where(_p.user_id == bindparam("user"))
_GATHERING = Statement(select(_p.user_id).where(_p.user_id.in_(bindparam("users", expanding=True)), _p.email_digest))
_MUTED = Statement(select(_m.ticket_id).where(_m.user_id == bindparam("user"), _m.ticket_id == bindparam("ticket")))


def get(tx: Connection, user_id: str) -> Preferences:
    row = tx.execute(_FIND, {"user": user_id}).mappings().one_or_none()
    return DEFAULTS if row is None else {name: row[name] for name in DEFAULTS}  # type: ignore[return-value]


def gathering(tx: Connection, user_ids: Sequence[str]) -> set[str]:
    """Those of them who want a day's news in one mail."""
    return {user_id for (user_id,) in _GATHERING.rows(tx, {"users": user_ids})}


def change(tx: Connection, actor: Actor, change: PreferenceChange) -> Preferences:
    """Set the switches that `change` names; the others stay, also when two changes arrive at once.

    Whoever says what to be told wants to be told something again, even after stopping all mails by a link.
    """
    user_id, given = actor.require_user(), change.model_dump(exclude_unset=True)
    if given:
        _set(tx, user_id, given | {"stopped": False})
    return get(tx, user_id)


def set_mute(tx: Connection, actor: Actor, ticket: Ticket, muted: bool) -> None:
    """Hear no more of this ticket, or hear of it again. Both may be said twice."""
    user_id = actor.require_user()
    if muted:
        _mute(tx, user_id, ticket.id)
    else:
        tx.execute(delete(mutes).where(_m.user_id == user_id, _m.ticket_id == ticket.id))


def silence(tx: Connection, user_id: str, ticket_id: str | None) -> None:
    """What the link in a mail's footer does: no more of this ticket or, from a digest's, no more mails at all."""
    if ticket_id is not None:
        _mute(tx, _reader(tx, user_id, ticket_id), ticket_id)
    elif _exists(tx, user_id):
        _set(tx, user_id, dict.fromkeys(DEFAULTS, False) | {"stopped": True})
        tx.execute(delete(digest_items).where(_d.user_id == user_id, _d.mail_id.is_(None)))


def is_muted(tx: Connection, user_id: str, ticket_id: str) -> bool:
    return _MUTED.first(tx, {"user": user_id, "ticket": ticket_id}) is not None


def _mute(tx: Connection, user_id: str, ticket_id: str) -> None:
    key = {"user_id": user_id, "ticket_id": ticket_id}
    tx.execute(insert(mutes).on_conflict_do_nothing(index_elements=["user_id", "ticket_id"]), key)
    # What waits for the digest is news of this ticket as well.
    waiting = delete(digest_items).where(_d.user_id == user_id, _d.ticket_id == ticket_id, _d.mail_id.is_(None))
    tx.execute(waiting)


def _reader(tx: Connection, user_id: str, ticket_id: str) -> str:
    """Whom a mail about this ticket went to: a visitor's stand-in is gone once the ticket has found its account."""
    return user_id if _exists(tx, user_id) else access.get(tx, SYSTEM, ticket_id).requester_id


def _exists(tx: Connection, user_id: str) -> bool:
    return tx.execute(select(users.c.id).where(users.c.id == user_id)).first() is not None


def _set(tx: Connection, user_id: str, given: dict[str, bool]) -> None:
    fresh = {**DEFAULTS, "stopped": False, **given, "user_id": user_id, "updated_at": now()}
    known = {**given, "updated_at": fresh["updated_at"]}
    tx.execute(insert(preferences).values(fresh).on_conflict_do_update(index_elements=["user_id"], set_=known))
