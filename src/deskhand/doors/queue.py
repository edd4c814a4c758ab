"""The desk's queue as a door asks for it: a view, a query, and parameters, each outranking what stands before it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import NamedTuple

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.tickets import resolve
from deskhand.tickets.ask import Question
from deskhand.tickets.filters import Filter, narrowed


class Asked(NamedTuple):
    """What to list, and what was typed, with what was not understood of it."""

    filter: Filter
    question: Question


def ask(
    tx: Connection, actor: Actor, *, view: str = "all", query: str = "", given: Filter, zone: tzinfo = UTC
) -> Asked:
    """`view` is `all`, `mine` or `unassigned`; `given` has the page, and what the parameters say."""
    typed = resolve.understand(tx, actor, query, zone=zone)
    asked = narrowed(typed.filter, given)
    if view != "all":
        asked = replace(asked, assignee=_WHOSE[view](actor))
    return Asked(asked, typed.question)


_WHOSE: dict[str, Callable[[Actor], tuple[str, ...]]] = {
    "mine": lambda actor: (actor.require_user(),),
    "unassigned": lambda _: ("none",),
}
