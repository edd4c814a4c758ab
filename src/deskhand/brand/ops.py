"""Changing the brand."""

import base64
from typing import Any

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.brand import queries
from deskhand.brand.logos import Logo
from deskhand.brand.model import Brand, BrandChange
from deskhand.brand.tables import brand
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.schema import insert
from deskhand.kit.settings import Settings


def change(tx: Connection, actor: Actor, settings: Settings, change: BrandChange) -> Brand:
    """Change what `change` names. One to nothing else does nothing."""
    actor.require_admin()
    before, given = queries.get(tx, settings), change.model_dump(exclude_unset=True)
    if not given:
        return before
    _write(tx, given)
    after = queries.get(tx, settings)
    changes = {name: [getattr(before, name), getattr(after, name)] for name in given}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    events.record(tx, "brand.changed", None, actor=actor.author, data={"changes": changes}, staff_only=True)
    return after


def set_logo(tx: Connection, actor: Actor, settings: Settings, logo: Logo) -> Brand:
    """Show this logo from now on."""
    data = base64.b64encode(logo.data).decode()
    return _set_logo(tx, actor, settings, logo=data, logo_width=logo.width, logo_height=logo.height)


def remove_logo(tx: Connection, actor: Actor, settings: Settings) -> Brand:
    """Show the name alone."""
    return _set_logo(tx, actor, settings, logo=None, logo_width=None, logo_height=None)


def _set_logo(tx: Connection, actor: Actor, settings: Settings, **columns: Any) -> Brand:
    actor.require_admin()
    before = queries.get(tx, settings)
    _write(tx, columns)
    after = queries.get(tx, settings)
    changes = {"logo": [before.has_logo, after.has_logo]}
    events.record(tx, "brand.changed", None, actor=actor.author, data={"changes": changes}, staff_only=True)
    return after


def _write(tx: Connection, columns: dict[str, Any]) -> None:
    values = columns | {"updated_at": now()}
    fresh = insert(brand).values(id=1, version=1, **values)
    tx.execute(fresh.on_conflict_do_update(index_elements=["id"], set_=values | {"version": brand.c.version + 1}))
