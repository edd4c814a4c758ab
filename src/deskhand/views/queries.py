"""Views in their order, and how many tickets each finds."""

from datetime import UTC, tzinfo
from typing import NamedTuple

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.tickets import counts, resolve
from deskhand.views.access import VISIBLE
from deskhand.views.model import View
from deskhand.views.tables import saved_views

_v = saved_views.c
_LIST = VISIBLE.order_by(_v.position, _v.name, _v.id)


class Counted(NamedTuple):
    """`count` stops at `counts.MOST`; None where the view searches for words, which takes too long for a number."""

    view: View
    count: int | None


def list_for(tx: Connection, actor: Actor) -> list[View]:
    """The team's views and the actor's own, in their order; there are never so many that they need pages."""
    actor.require_staff()
    return [View._make(row) for row in tx.execute(_LIST, {"reader": actor.require_user()})]


def counted(tx: Connection, actor: Actor, *, zone: tzinfo = UTC) -> list[Counted]:
    """As `list_for`, with what each finds: all are counted by one statement."""
    views = list_for(tx, actor)
    understood = resolve.understand_all(tx, actor, [view.query for view in views], zone=zone)
    found = counts.count(tx, actor, [one.filter for one in understood])
    return [Counted(view, count) for view, count in zip(views, found, strict=True)]
