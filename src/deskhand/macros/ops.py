"""Making, changing, deleting and applying macros."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, update

from deskhand.accounts import shared
from deskhand.accounts.actor import Actor
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import FieldError, Invalid
from deskhand.kit.ids import new_id
from deskhand.kit.settings import Settings
from deskhand.macros import access
from deskhand.macros.fill import fill
from deskhand.macros.model import Macro, MacroChange, NewMacro
from deskhand.macros.tables import macros
from deskhand.tickets import ops as tickets
from deskhand.tickets.model import Message, NewStaffReply, StaffTicketChange, Status, Ticket

MAX_OWN, MAX_SHARED = 100, 300

_m = macros.c
_LAST = shared.last_position(macros)


class Applied(NamedTuple):
    """The ticket as it was changed, before the reply; and the reply, where the macro has words."""

    ticket: Ticket
    message: Message | None


def create(tx: Connection, actor: Actor, new: NewMacro) -> Macro:
    """Raises Invalid for a macro that does nothing, or names what there is not; Conflict where there is no room."""
    actor.require_staff()
    owner_id, moment = actor.require_user(), now()
    row = new.model_dump() | {"actions": new.actions.given(), "owner_id": owner_id}
    _check(tx, row["body"], row["actions"])
    _require_room(tx, owner_id, new.shared)
    row |= {"id": new_id(), "created_at": moment, "updated_at": moment}
    if new.position is None:
        row["position"] = tx.execute(_LAST, {"reader": owner_id}).scalar_one()
    tx.execute(macros.insert(), row)
    made = access.get(tx, actor, row["id"])
    _record(tx, actor, "macro.created", made)
    return made


def change(tx: Connection, actor: Actor, macro: Macro, change: MacroChange) -> Macro:
    """Change what `change` names. `macro` comes from `access.lock`; raises what `create` does."""
    asked = change.model_dump(exclude_unset=True)
    if "actions" in asked:
        asked["actions"] = change.actions.given()
    given = {name: value for name, value in asked.items() if getattr(macro, name) != value}
    if not given:
        return macro
    changed = macro._replace(**given, updated_at=now())
    _check(tx, changed.body, given.get("actions", {}), does_something=bool(changed.actions))
    if "shared" in given:
        _require_room(tx, macro.owner_id, changed.shared)
    tx.execute(update(macros).where(_m.id == macro.id).values(given | {"updated_at": changed.updated_at}))
    _record(tx, actor, "macro.changed", changed)
    return changed


def remove(tx: Connection, actor: Actor, macro: Macro) -> None:
    """Delete a macro, which comes from `access.lock`."""
    tx.execute(delete(macros).where(_m.id == macro.id))
    _record(tx, actor, "macro.deleted", macro)


def apply(
    tx: Connection,
    settings: Settings,
    actor: Actor,
    ticket: Ticket,
    macro: Macro,
    *,
    expected_version: int | None = None,
) -> Applied:
    """Change the ticket as the macro says and send its words, at once or not at all; `ticket` comes from `access.lock`.

    The reply makes the ticket pending unless the macro says otherwise. Raises what `fill` and the acts on tickets do.
    """
    filled = fill(tx, settings, actor, ticket, macro)
    if not filled.text.strip():
        return Applied(tickets.change(tx, actor, ticket, filled.change, expected_version=expected_version), None)
    given = filled.change.model_dump(exclude_unset=True)
    status = given.pop("status", Status.PENDING)
    with_it = StaffTicketChange.model_validate(given)
    changed = tickets.change(tx, actor, ticket, with_it, expected_version=expected_version)
    return Applied(changed, tickets.reply(tx, actor, changed, NewStaffReply(body=filled.text, status=status)))


def _check(tx: Connection, body: str, actions: Mapping[str, Any], *, does_something: bool = False) -> None:
    if not body.strip() and not actions and not does_something:
        raise Invalid.field("body", "blank", "A macro needs a text or an action.")
    named = {"category_slug": actions.get("category_slug"), "assignee_id": actions.get("assignee")}
    try:
        tickets.check(tx, {name: value for name, value in named.items() if value not in {None, "me", "none"}})
    except Invalid as problem:
        fields = {"category_slug": "actions.category_slug", "assignee_id": "actions.assignee"}
        errors = [FieldError(fields[error.field], error.code, error.message) for error in problem.errors]
        raise Invalid(problem.detail, errors) from None


def _require_room(tx: Connection, owner_id: str, for_all: bool) -> None:
    most = MAX_SHARED if for_all else MAX_OWN
    shared.require_room(tx, macros, owner_id, shared=for_all, most=most)


def _record(tx: Connection, actor: Actor, name: str, macro: Macro) -> None:
    data: dict[str, Any] = {"name": macro.name, "shared": macro.shared}
    events.record(tx, name, macro.id, actor=actor.author, data=data, staff_only=True)
