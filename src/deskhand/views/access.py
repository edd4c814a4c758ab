"""The only way to a view: what somebody else keeps to themselves does not exist."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from deskhand.accounts import shared
from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.views.model import View
from deskhand.views.tables import saved_views

_v = saved_views.c
VISIBLE = (
    select(*(_v[name] for name in View._fields[:-1]), users.c.name.label("owner_name"))
    .join(users, users.c.id == _v.owner_id)
    .where(shared.visible(saved_views))
)
_ONE = VISIBLE.where(_v.id == bindparam("view"))
_LOCKED = _ONE.with_for_update(of=saved_views)


class NoSuchView(NotFound):
    title = "There is no such view"


def get(tx: Connection, actor: Actor, view_id: str) -> View:
    """A view of the team's or of the actor's own. Raises NotFound."""
    return _fetch(tx, actor, view_id, _ONE)


def lock(tx: Connection, actor: Actor, view_id: str) -> View:
    """As `get`, for acts. Raises Forbidden for a shared one that somebody else made, unless by an admin."""
    view = _fetch(tx, actor, view_id, _LOCKED)
    shared.require_owner(actor, view.owner_id)
    return view


def _fetch(tx: Connection, actor: Actor, view_id: str, statement: Any) -> View:
    actor.require_staff()
    wanted = parse_id(view_id)
    row = wanted and tx.execute(statement, {"view": wanted, "reader": actor.require_user()}).one_or_none()
    if not row:
        raise NoSuchView
    return View._make(row)
