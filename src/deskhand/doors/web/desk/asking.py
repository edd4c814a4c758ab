"""What the queue is asked for, by its address: a view, what was typed into it, and where to go on from."""

from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.requests import Request

from deskhand.accounts.actor import Actor
from deskhand.kit.text import plain_line
from deskhand.tickets import resolve
from deskhand.tickets.ask import MAX_QUERY, Question, write
from deskhand.tickets.filters import Filter, narrowed
from deskhand.views import access as views
from deskhand.views.model import View

# Each is a query like any other; what is typed outranks it.
VIEWS = {
    "mine": "assignee:me status:open,pending sort:-updated_at",
    "unassigned": "assignee:none status:open",
    "open": "status:open",
    "pending": "status:pending sort:-updated_at",
    "resolved": "status:resolved sort:-updated_at",
    "all": "",
}
PER_PAGE = 30
_FARTHEST = 1_000


class Asked(NamedTuple):
    """`cursor` and `page` say where to go on: pages are for what a search found, which is ranked."""

    view: str
    typed: str
    zone: str
    cursor: str | None = None
    page: int = 1

    @property
    def fresh(self) -> bool:
        """Whether this is the list from its beginning."""
        return self.cursor is None and self.page == 1

    def url(self, typed: str | None = None, *, view: str | None = None, path: str = "/desk", **more: object) -> str:
        """The address of this list, or of one that is asked a little differently."""
        said = {"view": view or self.view, "q": self.typed if typed is None else typed, **more}
        return f"{path}?{urlencode({name: value for name, value in said.items() if value not in ('', None)})}"


class Understood(NamedTuple):
    """`question` is what was typed, `whole` the view's with it; `saved` is the view, where it is one that was saved."""

    filter: Filter
    question: Question
    whole: str
    saved: View | None


def asked(request: Request, zone: str) -> Asked:
    """What an address asks for: without a view it is the unassigned tickets, or all of them where words were typed."""
    given = request.query_params
    typed = plain_line(given.get("q", ""), MAX_QUERY)
    page = given.get("page", "")
    return Asked(
        given.get("view", "")[:40] or ("all" if typed else "unassigned"),
        typed,
        zone,
        given.get("cursor") or None,
        min(int(page), _FARTHEST) if page.isdecimal() and int(page) > 0 else 1,
    )


def understand(tx: Connection, actor: Actor, asked: Asked) -> Understood:
    """Raises NotFound for a view that there is not."""
    saved = None if asked.view in VIEWS else views.get(tx, actor, asked.view)
    query = saved.query if saved else VIEWS[asked.view]
    own, typed = resolve.understand_all(tx, actor, [query, asked.typed], zone=ZoneInfo(asked.zone))
    found = narrowed(own.filter, typed.filter)
    if saved and saved.sort and not found.sort:
        found = replace(found, sort=saved.sort)
    return Understood(found, typed.question, _together(own.question, typed.question), saved)


def _together(own: Question, typed: Question) -> str:
    """One query that asks for both."""
    outranked = {part.key for part in typed.parts} - {"", "tag"}
    return write(Question((*(part for part in own.parts if part.key not in outranked), *typed.parts)))
