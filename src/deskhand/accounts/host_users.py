"""The host product's users: who the claims of its tokens say somebody is."""

from typing import Any

from sqlalchemy import Connection, RowMapping

from deskhand.accounts import people
from deskhand.accounts.actor import Role
from deskhand.accounts.claims import Claims


def role_of(claims: Claims, staff_claim: str) -> Role:
    """Customer, unless the configured claim says agent or admin (alone or in a list)."""
    said = claims.everything.get(staff_claim) if staff_claim else None
    words = said if isinstance(said, list) else [said]
    if Role.ADMIN in words:
        return Role.ADMIN
    return Role.AGENT if Role.AGENT in words else Role.CUSTOMER


def says_new(row: RowMapping, claims: Claims, role: Role) -> bool:
    """Whether the person's row does not know yet what the token says."""
    return (
        row["role"] != role
        or (claims.email is not None and row["email"] != people.normal_email(claims.email))
        or (claims.name is not None and row["name"] != claims.name)
        or any(row["claims"].get(name) != value for name, value in _snapshot(claims).items())
    )


def refresh(tx: Connection, claims: Claims, role: Role) -> RowMapping:
    """Make the person, or let the row know."""
    return people.from_host(
        tx, sub=claims.subject, email=claims.email, name=claims.name, claims=_snapshot(claims), role=role
    )


def _snapshot(claims: Claims) -> dict[str, Any]:
    given = {"account": claims.account, "usage": claims.usage}
    return {name: value for name, value in given.items() if value is not None}
