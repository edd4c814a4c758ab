"""Routers by audience. Each holds whole paths and says whom its routes are for; wiring lays them out flat."""

from fastapi import APIRouter

from deskhand.accounts.actor import Role, Scope
from deskhand.doors.api.auth import Open, guarded

ROOT = "/api/v1"
SUPPORT = f"{ROOT}/support"


def for_everyone(tag: str, prefix: str = SUPPORT) -> APIRouter:
    """No login needed; a credential that is shown must be right."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=Open)


def for_customers(tag: str, read: Scope = Scope.TICKETS_READ, write: Scope = Scope.TICKETS_WRITE) -> APIRouter:
    """Whoever is signed in, on the customers' side: staff too see only what is their own."""
    return APIRouter(prefix=SUPPORT, tags=[tag], route_class=guarded(Role.CUSTOMER, read, write))


def for_signed_in(tag: str, prefix: str = SUPPORT, read: Scope | None = None, write: Scope | None = None) -> APIRouter:
    """Whoever is signed in, as what they are."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=guarded(None, read, write))


def for_staff(tag: str, path: str = "", *, admins_only: bool = False) -> APIRouter:
    """Agents and admins, or admins alone; below `/staff`."""
    who = Role.ADMIN if admins_only else Role.AGENT
    route_class = guarded(who, Scope.STAFF_READ, Scope.STAFF_WRITE)
    return APIRouter(prefix=f"{SUPPORT}/staff{path}", tags=[f"Staff: {tag}"], route_class=route_class)
