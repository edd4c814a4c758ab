"""API keys: made once, shown once, listed by prefix, revoked for good."""

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, update

from deskhand.accounts import keys
from deskhand.accounts.actor import Actor, Client, Identity, Scope
from deskhand.accounts.model import NewApiKey
from deskhand.accounts.sessions import actor_from
from deskhand.accounts.tables import api_keys, users
from deskhand.kit import events
from deskhand.kit.clock import MINUTE, now
from deskhand.kit.errors import Conflict, Forbidden, NotFound, Unauthenticated
from deskhand.kit.ids import new_id
from deskhand.kit.phrases import Phrase
from deskhand.kit.statements import Statement

MAX_KEYS = 50
CUSTOMER_SCOPES = frozenset({Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.PREFERENCES})

_k, _u = api_keys.c, users.c
_LIVE = Statement(
    select(_u.id, _u.role, _u.name, _u.email, _k.id.label("key_id"), _k.scopes, _k.last_used_at)
    .join(users, _u.id == _k.user_id)
    .where(
        _k.hash == bindparam("hash"),
        _k.revoked_at.is_(None),
        or_(_k.expires_at.is_(None), _k.expires_at > bindparam("moment")),
        _u.disabled_at.is_(None),
    )
)


def create(tx: Connection, actor: Actor, new: NewApiKey) -> tuple[RowMapping, str]:
    """(row, the key itself: it is stored nowhere). A key reaches no further than its owner."""
    user_id = _owner(actor)
    allowed = frozenset(Scope) if actor.is_staff else CUSTOMER_SCOPES
    scopes = frozenset(new.scopes or allowed)
    if not scopes <= allowed:
        raise Forbidden("You cannot give a key scopes that you do not have.", code="scope_not_allowed")
    plain, prefix, digest = keys.new_key()
    row = {
        "id": new_id(),
        "user_id": user_id,
        "name": new.name,
        "prefix": prefix,
        "hash": digest,
        "scopes": sorted(scopes),
        "expires_at": new.expires_at,
        "created_at": now(),
    }
    if len(list_for(tx, actor)) >= MAX_KEYS:
        message = Phrase("There are {most} keys already. Please revoke one first.", most=MAX_KEYS)
        raise Conflict(message, code="too_many_keys")
    tx.execute(api_keys.insert(), row)
    events.record(tx, "api_key.created", row["id"], actor=actor.author, data={"name": new.name, "prefix": prefix})
    return _get(tx, user_id, row["id"]), plain


def list_for(tx: Connection, actor: Actor) -> list[RowMapping]:
    """The actor's keys that are not revoked, newest first."""
    mine = select(api_keys).where(_k.user_id == actor.require_user(), _k.revoked_at.is_(None))
    return list(tx.execute(mine.order_by(_k.id.desc())).mappings())


def revoke(tx: Connection, actor: Actor, key_id: str) -> None:
    """Raises NotFound for a key that is not the actor's or has been revoked before."""
    live = update(api_keys).where(_k.id == key_id, _k.user_id == _owner(actor), _k.revoked_at.is_(None))
    if tx.execute(live.values(revoked_at=now())).rowcount == 0:
        raise NotFound
    events.record(tx, "api_key.revoked", key_id, actor=actor.author)


def authenticate(tx: Connection, digest: str, client: Client) -> tuple[Actor, str | None]:
    """(actor, the key's id where its last use should be noted anew). Raises Unauthenticated."""
    moment = now()
    row = _LIVE.mapping(tx, {"hash": digest, "moment": moment})
    if row is None:
        raise Unauthenticated
    actor = actor_from(row, client, Identity.API_KEY, scopes=frozenset(row["scopes"]))
    # To the minute: a write with every request would cost more than it tells.
    stale = (row["last_used_at"] or 0) < moment - MINUTE
    return actor, row["key_id"] if stale else None


def touch(tx: Connection, key_id: str) -> None:
    tx.execute(update(api_keys).where(_k.id == key_id).values(last_used_at=now()))


def _owner(actor: Actor) -> str:
    """Raises Forbidden for who comes by a key: one that leaked must neither outlive itself nor cut off the others."""
    if actor.identity is Identity.API_KEY:
        raise Forbidden("API keys are made and revoked by a signed-in person.", code="session_required")
    return actor.require_user()


def _get(tx: Connection, user_id: str, key_id: str) -> RowMapping:
    return tx.execute(select(api_keys).where(_k.id == key_id, _k.user_id == user_id)).mappings().one()
