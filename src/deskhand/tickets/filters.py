"""What a list of tickets is asked for, and the conditions that this makes; each statement's shape is built once."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, bindparam, or_, select

from deskhand.accounts.tables import users
from deskhand.tickets.model import SORTS, Priority, Status
from deskhand.tickets.tables import ticket_tags, tickets

T = TypeVar("T")
_t, _g = tickets.c, ticket_tags.c


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is asked for. `None` and empty mean: any. Of several values one must fit, of tags all.

    `assignee` holds users' ids and `none`. `requester` is an e-mail, `people` the ids of requesters: no id, no ticket.
    `since` and `until` (exclusive) bound `created_at`.
    """

    status: tuple[Status, ...] = ()
    category: tuple[str, ...] = ()
    priority: tuple[Priority, ...] = ()
    q: str | None = None
    assignee: tuple[str, ...] = ()
    requester: str | None = None
    people: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    verified: bool | None = None
    since: int | None = None
    until: int | None = None
    sort: str | None = None
    page: int = 1
    per_page: int = 20
    cursor: str | None = None


def narrowed(base: Filter, by: Filter) -> Filter:
    """The pages of `by`, of what `base` asks for where `by` asks for nothing; words and tags of both must be found."""
    outranked = {name: getattr(base, name) for name in _NARROWING if getattr(by, name) in (None, ())}
    words = " ".join(filter(None, (base.q, by.q))) or None
    return replace(by, **outranked, q=words, tags=tuple(dict.fromkeys(base.tags + by.tags)))


def some(value: T | None) -> tuple[T, ...]:
    """A filter's one value, or any."""
    return () if value is None else (value,)


_NARROWING = {field.name for field in fields(Filter)} - {"q", "tags", "page", "per_page", "cursor"}


class Shape(NamedTuple):
    """What decides a statement's text; the values come with each call."""

    scope: str  # own, link, desk
    ids: bool
    status: bool
    category: bool
    priority: bool
    unassigned: bool
    assignee: bool
    requester: bool
    people: bool
    tags: int
    channel: bool
    verified: bool | None
    since: bool
    until: bool
    sort: str


def shape(asked: Filter, scope: str, *, ids: bool = False) -> Shape:
    return Shape(
        scope=scope,
        ids=ids,
        status=bool(asked.status),
        category=bool(asked.category),
        priority=bool(asked.priority),
        unassigned="none" in asked.assignee,
        assignee=any(one != "none" for one in asked.assignee),
        requester=asked.requester is not None,
        people=asked.people is not None,
        tags=len(asked.tags),
        channel=bool(asked.channel),
        verified=asked.verified,
        since=asked.since is not None,
        until=asked.until is not None,
        sort=asked.sort or SORTS[0],
    )


def values(asked: Filter, suffix: str = "") -> dict[str, Any]:
    """What `where` binds, of the same suffix."""
    given: dict[str, Any] = {
        "statuses": list(asked.status) or None,
        "categories": list(asked.category) or None,
        "priorities": [one.rank for one in asked.priority] or None,
        "assignees": [one for one in asked.assignee if one != "none"] or None,
        "requester": asked.requester,
        "people": None if asked.people is None else list(asked.people),
        "channels": list(asked.channel) or None,
        "since": asked.since,
        "until": asked.until,
    }
    given |= {f"tag_{number}": tag for number, tag in enumerate(asked.tags)}
    return {name + suffix: value for name, value in given.items() if value is not None}


def where(shape: Shape, suffix: str = "") -> list[ColumnElement[bool]]:
    """The conditions; `suffix` keeps the parameters of several apart that stand in one statement."""

    def given(name: str) -> Any:
        return bindparam(name + suffix)

    def some(name: str) -> Any:
        return bindparam(name + suffix, expanding=True)

    email = select(users.c.id).where(users.c.email == given("requester"))
    conditions = [
        (shape.scope != "desk", lambda: _t.requester_id == bindparam("owner")),
        (shape.scope == "link", lambda: _t.id == bindparam("only")),
        (shape.ids, lambda: _t.id.in_(some("ids"))),
        (shape.status, lambda: _t.status.in_(some("statuses"))),
        (shape.category, lambda: _t.category_slug.in_(some("categories"))),
        (shape.priority, lambda: _t.priority.in_(some("priorities"))),
        (shape.assignee or shape.unassigned, lambda: _assigned(shape, some("assignees"))),
        (shape.requester, lambda: _t.requester_id.in_(email)),
        (shape.people, lambda: _t.requester_id.in_(some("people"))),
        (shape.channel, lambda: _t.channel.in_(some("channels"))),
        (shape.verified is not None, lambda: _t.verified.is_(shape.verified)),
        (shape.since, lambda: _t.created_at >= given("since")),
        (shape.until, lambda: _t.created_at < given("until")),
    ]
    tagged = [_t.id.in_(select(_g.ticket_id).where(_g.tag == given(f"tag_{number}"))) for number in range(shape.tags)]
    return [condition() for wanted, condition in conditions if wanted] + tagged


def _assigned(shape: Shape, some: Any) -> ColumnElement[bool]:
    either = [(shape.unassigned, _t.assignee_id.is_(None)), (shape.assignee, _t.assignee_id.in_(some))]
    return or_(*(condition for wanted, condition in either if wanted))
