"""Logins: throttled attempts, the sessions they open, and their end."""

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from deskhand.accounts.actor import Actor, Client, Identity, Role
from deskhand.accounts.tables import sessions, users
from deskhand.kit import limits
from deskhand.kit.clock import HOUR, now
from deskhand.kit.errors import Unauthenticated
from deskhand.kit.ids import new_id
from deskhand.kit.settings import Settings
from deskhand.kit.statements import Statement
from deskhand.kit.text import normal_email

_s, _u = sessions.c, users.c
_LIVE = Statement(
    select(_u.id, _u.role, _u.name, _u.email, _s.id.label("session_id"))
    .join(sessions, _s.user_id == _u.id)
    .where(
        _s.id == bindparam("session"),
        _s.user_id == bindparam("user"),
        _s.ended_at.is_(None),
        _s.expires_at > bindparam("moment"),
        _u.disabled_at.is_(None),
    )
)


def spend_attempt(tx: Connection, settings: Settings, email: str, ip: str) -> None:
    """Count a login before its password is looked at, so that parallel guesses count too. Raises TooMany."""
    limits.spend(tx, "login", normal_email(email), settings.limit_logins)
    limits.spend(tx, "login-ip", ip, settings.limit_logins_ip)


def start(tx: Connection, user_id: str, client: Client, settings: Settings) -> str:
    """Open a session; returns its id, which the session JWT carries."""
    moment, session_id = now(), new_id()
    row = {
        "id": session_id,
        "user_id": user_id,
        "created_at": moment,
        "expires_at": moment + settings.session_hours * HOUR,
        "user_agent": client.user_agent[:255],
        "ip": client.ip,
    }
    tx.execute(sessions.insert(), row)
    return session_id


def succeed(tx: Connection, email: str, ip: str) -> None:
    """A right password gives the attempts back."""
    limits.forget(tx, "login", normal_email(email))
    limits.refund(tx, "login-ip", ip)


def authenticate(tx: Connection, user_id: str, session_id: str, client: Client) -> Actor:
    """The actor behind an own token whose signature holds. Raises Unauthenticated once the session has ended."""
    row = _LIVE.mapping(tx, {"session": session_id, "user": user_id, "moment": now()})
    if row is None:
        raise Unauthenticated
    return actor_from(row, client, Identity.SESSION, session_id=session_id)


def end(tx: Connection, session_id: str) -> None:
    tx.execute(update(sessions).where(_s.id == session_id, _s.ended_at.is_(None)).values(ended_at=now()))


def end_all(tx: Connection, user_id: str) -> None:
    tx.execute(update(sessions).where(_s.user_id == user_id, _s.ended_at.is_(None)).values(ended_at=now()))


def sweep(tx: Connection) -> int:
    """Delete sessions that have expired; returns how many."""
    return tx.execute(delete(sessions).where(_s.expires_at < now())).rowcount


def actor_from(
    row: RowMapping,
    client: Client,
    identity: Identity,
    *,
    session_id: str | None = None,
    scopes: frozenset[str] | None = None,
) -> Actor:
    role = Role(row["role"])
    return Actor(
        user_id=row["id"],
        role=role,
        name=row["name"],
        email=row["email"],
        identity=identity,
        client=client,
        scopes=scopes,
        session_id=session_id,
        exempt=role in {Role.AGENT, Role.ADMIN},
    )
