"""From the host product into the pages: an address that signs one person in, once.

The product's server asks for a link with its user's token and redirects the browser there. Or it puts that token itself
into the address: then the token is good for this once, however long it would live elsewhere.
"""

from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, delete

from deskhand.accounts import host_users, links, people
from deskhand.accounts.actor import Actor, Identity
from deskhand.accounts.claims import Claims
from deskhand.accounts.jwt import MAX_LEEWAY
from deskhand.accounts.links import BadLink
from deskhand.accounts.model import NewHandoff
from deskhand.accounts.tables import spent_tokens
from deskhand.kit.clock import SECOND, now
from deskhand.kit.errors import Forbidden, Unauthenticated
from deskhand.kit.schema import insert
from deskhand.kit.signing import Signer

PURPOSE = "handoff"
_SPEND = insert(spent_tokens).on_conflict_do_nothing(index_elements=["digest"])


class Handed(NamedTuple):
    """Who is to be signed in, and where they want to go: a path of ours, below `DESKHAND_BASE_URL`."""

    user_id: str
    return_to: str


def offer(tx: Connection, signer: Signer, actor: Actor, new: NewHandoff) -> str:
    """The token of a link that is good for a minute. Raises Forbidden for API keys: what leaked must not open pages."""
    if actor.identity is Identity.API_KEY:
        raise Forbidden("A sign-on link is made by a session, not by an API key.", code="session_required")
    return links.issue(tx, signer, PURPOSE, actor.require_user(), new.return_to)


def redeem(tx: Connection, signer: Signer, token: str) -> Handed:
    """Use the link up. Raises BadLink if it is forged, expired or used, or its person may not come in any more."""
    user_id = links.redeem(tx, signer, PURPOSE, token=token)
    _, return_to = signer.read(token, PURPOSE)
    if user_id is None or people.get(tx, user_id)["disabled_at"] is not None:
        raise BadLink
    return Handed(user_id, return_to)


def enter(tx: Connection, token: str, claims: Claims, staff_claim: str) -> RowMapping:
    """The user whom a host's token names, made or refreshed; the token is used up as a link by that.

    `claims` are what the verifier found in `token`. Raises BadLink the second time, and Unauthenticated.
    """
    spend(tx, token, claims)
    user = host_users.refresh(tx, claims, host_users.role_of(claims, staff_claim))
    if user["disabled_at"] is not None:
        raise Unauthenticated
    return user


def spend(tx: Connection, token: str, claims: Claims) -> None:
    """Use a host's token up as a link. Raises BadLink the second time."""
    # Of what is signed alone: an ECDSA signature has a twin that is as valid, and a token with it would be another.
    signed = token.rpartition(".")[0]
    row = {"digest": sha256(signed.encode()).hexdigest(), "expires_at": claims.expires_at + MAX_LEEWAY * SECOND}
    if tx.execute(_SPEND, row).rowcount == 0:
        raise BadLink


def sweep(tx: Connection) -> int:
    """Forget tokens that have expired; returns how many."""
    return tx.execute(delete(spent_tokens).where(spent_tokens.c.expires_at < now())).rowcount
