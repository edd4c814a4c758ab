"""The only way to a macro: what somebody else keeps to themselves does not exist."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from deskhand.accounts import shared
from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.macros.model import Macro
from deskhand.macros.tables import macros

_m = macros.c
VISIBLE = (
    select(*(_m[name] for name in Macro._fields[:-1]), users.c.name.label("owner_name"))
    .join(users, users.c.id == _m.owner_id)
    .where(shared.visible(macros))
)
_ONE = VISIBLE.where(_m.id == bindparam("macro"))
_LOCKED = _ONE.with_for_update(of=macros)


class NoSuchMacro(NotFound):
    title = "There is no such macro"


def get(tx: Connection, actor: Actor, macro_id: str) -> Macro:
    """A macro of the team's or of the actor's own. Raises NotFound."""
    return _fetch(tx, actor, macro_id, _ONE)


def lock(tx: Connection, actor: Actor, macro_id: str) -> Macro:
    """As `get`, for acts. Raises Forbidden for a shared one that somebody else made, unless by an admin."""
    macro = _fetch(tx, actor, macro_id, _LOCKED)
    shared.require_owner(actor, macro.owner_id)
    return macro


def _fetch(tx: Connection, actor: Actor, macro_id: str, statement: Any) -> Macro:
    actor.require_staff()
    wanted = parse_id(macro_id)
    row = wanted and tx.execute(statement, {"macro": wanted, "reader": actor.require_user()}).one_or_none()
    if not row:
        raise NoSuchMacro
    return Macro._make(row)
