"""Signed links that work once: first admin, reset, verification, invitation. Signature says what, row says once."""

from sqlalchemy import Connection, delete, select, update

from deskhand.accounts.tables import single_use_links
from deskhand.kit.clock import DAY, HOUR, now
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import new_id
from deskhand.kit.signing import Signer

LIFETIMES = {"reset": 1 * HOUR, "verify": 3 * DAY, "invite": 7 * DAY, "first-admin": 7 * DAY}

_l = single_use_links.c


class BadLink(NotFound):
    code = "bad_link"
    title = "This link is not valid any more. Please ask for a new one"


def issue(tx: Connection, signer: Signer, purpose: str, user_id: str | None) -> str:
    """A token for a link; earlier ones of the same purpose and person stop working."""
    moment, link_id = now(), new_id()
    earlier = update(single_use_links).where(_l.purpose == purpose, _l.user_id.is_not_distinct_from(user_id))
    tx.execute(earlier.values(used=True))
    lifetime = LIFETIMES[purpose]
    row = {
        "id": link_id,
        "purpose": purpose,
        "user_id": user_id,
        "expires_at": moment + lifetime,
        "used": False,
        "created_at": moment,
    }
    tx.execute(single_use_links.insert(), row)
    return signer.sign(purpose, [link_id], lifetime)


def redeem(tx: Connection, signer: Signer, purpose: str, token: str) -> str | None:
    """Use the link up and return whose it is. Raises BadLink for one that is forged, expired or used."""
    link_id = _link_id(signer, purpose, token)
    fresh = _l.used.is_(False) & (_l.expires_at > now())
    spent = update(single_use_links).where(_l.id == link_id, _l.purpose == purpose, fresh).values(used=True)
    row = tx.execute(spent.returning(_l.user_id)).one_or_none()
    if row is None:
        raise BadLink
    return row.user_id


def peek(tx: Connection, signer: Signer, purpose: str, token: str) -> bool:
    """Whether the link still works, without using it up."""
    try:
        link_id = _link_id(signer, purpose, token)
    except BadLink:
        return False
    live = select(_l.id).where(_l.id == link_id, _l.purpose == purpose, _l.used.is_(False), _l.expires_at > now())
    return tx.execute(live).one_or_none() is not None


def sweep(tx: Connection) -> int:
    """Delete links that have expired; returns how many."""
    return tx.execute(delete(single_use_links).where(_l.expires_at < now())).rowcount


def _link_id(signer: Signer, purpose: str, token: str) -> str:
    try:
        (link_id,) = signer.read(token, purpose)
    except Exception as problem:  # a payload of another shape is as good as a forgery
        raise BadLink from problem
    return link_id
