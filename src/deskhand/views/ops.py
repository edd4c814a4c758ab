"""Saving, changing and deleting views."""

from typing import Any

from sqlalchemy import Connection, delete, update

from deskhand.accounts import shared
from deskhand.accounts.actor import Actor
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import FieldError, Invalid
from deskhand.kit.ids import new_id
from deskhand.tickets import resolve
from deskhand.views import access
from deskhand.views.model import NewView, View, ViewChange
from deskhand.views.tables import saved_views

# The rail shows and counts all of them at once.
MAX_OWN, MAX_SHARED = 20, 30

_v = saved_views.c
_LAST = shared.last_position(saved_views)


def create(tx: Connection, actor: Actor, new: NewView) -> View:
    """Raises Invalid where a part of the query is not understood, Conflict where there is no room for more."""
    actor.require_staff()
    owner_id, moment = actor.require_user(), now()
    _check(tx, actor, new.query)
    _require_room(tx, owner_id, new.shared)
    row = new.model_dump() | {"id": new_id(), "owner_id": owner_id, "created_at": moment, "updated_at": moment}
    if new.position is None:
        row["position"] = tx.execute(_LAST, {"reader": owner_id}).scalar_one()
    tx.execute(saved_views.insert(), row)
    _record(tx, actor, "view.created", row["id"], new.name, new.shared)
    return access.get(tx, actor, row["id"])


def change(tx: Connection, actor: Actor, view: View, change: ViewChange) -> View:
    """Change what `change` names. `view` comes from `access.lock`; raises what `create` does."""
    asked = change.model_dump(exclude_unset=True)
    given = {name: value for name, value in asked.items() if getattr(view, name) != value}
    if not given:
        return view
    if "query" in given:
        _check(tx, actor, given["query"])
    if "shared" in given:
        _require_room(tx, view.owner_id, given["shared"])
    given["updated_at"] = now()
    tx.execute(update(saved_views).where(_v.id == view.id).values(given))
    changed = view._replace(**given)
    _record(tx, actor, "view.changed", view.id, changed.name, changed.shared)
    return changed


def remove(tx: Connection, actor: Actor, view: View) -> None:
    """Delete a view, which comes from `access.lock`."""
    tx.execute(delete(saved_views).where(_v.id == view.id))
    _record(tx, actor, "view.deleted", view.id, view.name, view.shared)


def _check(tx: Connection, actor: Actor, query: str) -> None:
    question = resolve.understand(tx, actor, query).question
    wrong = [part.problem for part in question.misread if part.problem and not part.key]
    if wrong:
        errors = [FieldError("query", problem.code, problem.message) for problem in wrong]
        raise Invalid(wrong[0].message, errors)


def _require_room(tx: Connection, owner_id: str, for_all: bool) -> None:
    most = MAX_SHARED if for_all else MAX_OWN
    shared.require_room(tx, saved_views, owner_id, shared=for_all, most=most)


def _record(tx: Connection, actor: Actor, name: str, view_id: str, called: str, for_all: bool) -> None:
    data: dict[str, Any] = {"name": called, "shared": for_all}
    events.record(tx, name, view_id, actor=actor.author, data=data, staff_only=True)
