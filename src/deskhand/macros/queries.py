"""Macros in their order."""

from sqlalchemy import Connection, bindparam, func, select

from deskhand.accounts import shared
from deskhand.accounts.actor import Actor
from deskhand.macros.access import VISIBLE
from deskhand.macros.model import Macro
from deskhand.macros.tables import macros

_m = macros.c
_LIST = VISIBLE.order_by(_m.position, _m.name, _m.id).limit(bindparam("limit")).offset(bindparam("offset"))
_COUNT = select(func.count()).select_from(macros).where(shared.visible(macros))
_ALL = 1_000  # more than there may be


def list_for(tx: Connection, actor: Actor, *, limit: int = _ALL, offset: int = 0) -> tuple[list[Macro], int]:
    """The team's macros and the actor's own, in their order, and how many there are."""
    actor.require_staff()
    values = {"reader": actor.require_user(), "limit": limit, "offset": offset}
    found = [Macro._make(row) for row in tx.execute(_LIST, values)]
    return found, tx.execute(_COUNT, values).scalar_one()
