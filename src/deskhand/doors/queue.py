"""The desk's queue as a door asks for it: a view, a query, and parameters, each outranking what stands before it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import NamedTuple

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.tickets import resolve
from deskhand.tickets.ask import NOTHING_ASKED, Part, Question
from deskhand.tickets.filters import Filter, narrowed
from deskhand.views import access as views
from deskhand.views.model import View

_WHOSE: dict[str, Callable[[Actor], tuple[str, ...]]] = {
    "mine": lambda actor: (actor.require_user(),),
    "unassigned": lambda _: ("none",),
}
VIEWS = ("all", *_WHOSE)  # those that every desk has


class Asked(NamedTuple):
    """What to list; what was typed; and the saved view with its own question, where one was named."""

    filter: Filter
    question: Question
    saved: View | None = None
    saved_question: Question = NOTHING_ASKED

    @property
    def misread(self) -> list[Part]:
        return self.saved_question.misread + self.question.misread


def ask(
    tx: Connection, actor: Actor, *, view: str = "all", query: str = "", given: Filter, zone: tzinfo = UTC
) -> Asked:
    """`view` is of `VIEWS` or a saved one's id, `given` has the page and what parameters say. Raises NotFound."""
    saved = None if view in VIEWS else views.get(tx, actor, view)
    kept, typed = resolve.understand_all(tx, actor, [saved.query if saved else "", query], zone=zone)
    asked = Filter(sort=saved.sort if saved else None)
    for by in (kept.filter, typed.filter, given):
        asked = narrowed(asked, by)
    if view in _WHOSE:
        asked = replace(asked, assignee=_WHOSE[view](actor))
    return Asked(asked, typed.question, saved, kept.question)
