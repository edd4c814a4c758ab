"""Signed links that work once: first admin, reset, verification, invitation, handoff. Signature says what, row once."""

from sqlalchemy import ColumnElement, Connection, delete, select, update

from deskhand.accounts.tables import single_use_links
from deskhand.kit.clock import DAY, HOUR, MINUTE, now
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import new_id
from deskhand.kit.signing import BadSignature, Signer

LIFETIMES = {"reset": 1 * HOUR, "verify": 3 * DAY, "invite": 7 * DAY, "first-admin": 7 * DAY, "handoff": MINUTE}
# Somebody may open two pages at once.
_SIDE_BY_SIDE = {"handoff"}

_l = single_use_links.c


class BadLink(NotFound):
    code = "bad_link"
    title = "This link is not valid any more. Please ask for a new one"


def issue(tx: Connection, signer: Signer, purpose: str, user_id: str | None, *more: str) -> str:
    """A token for a link, which also says `more`; earlier ones of the same purpose and person stop working."""
    moment, link_id = now(), new_id()
    if purpose not in _SIDE_BY_SIDE:
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
    return signer.sign(purpose, [link_id, *more], lifetime)


def redeem(tx: Connection, signer: Signer, *purposes: str, token: str) -> str | None:
    """Use up a link made for one of `purposes` and return whose it is. Raises BadLink if forged, expired or used."""
    link_id = _link_id(signer, purposes, token)
    spent = update(single_use_links).where(_l.id == link_id, *_alive()).values(used=True)
    row = tx.execute(spent.returning(_l.user_id)).one_or_none()
    if row is None:
        raise BadLink
    return row.user_id


def peek(tx: Connection, signer: Signer, *purposes: str, token: str) -> str | None:
    """As `redeem`, but uses nothing up."""
    link_id = _link_id(signer, purposes, token)
    row = tx.execute(select(_l.user_id).where(_l.id == link_id, *_alive())).one_or_none()
    if row is None:
        raise BadLink
    return row.user_id


def sweep(tx: Connection) -> int:
    """Delete links that have expired; returns how many."""
    return tx.execute(delete(single_use_links).where(_l.expires_at < now())).rowcount


def _alive() -> tuple[ColumnElement[bool], ...]:
    return _l.used.is_(False), _l.expires_at > now()


def _link_id(signer: Signer, purposes: tuple[str, ...], token: str) -> str:
    """The signature is bound to its purpose: a verification's link resets no password."""
    for purpose in purposes:
        try:
            link_id, *_ = signer.read(token, purpose)
        except BadSignature:
            continue
        return link_id
    raise BadLink
