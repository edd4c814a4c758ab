"""What a list of tickets is asked for, and the conditions that this makes; each statement's shape is built once."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, bindparam, or_, select

from deskhand.accounts.tables import users
from deskhand.kit.schema import unindexed
from deskhand.tickets.model import SORTS, Priority, Status
from deskhand.tickets.tables import ticket_tags, tickets

T = TypeVar("T")
_t, _g = tickets.c, ticket_tags.c
_MANY = 2_000  # up to so many tickets are gathered and sorted in a few milliseconds


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
    kept = {name: getattr(base, name) for name, any_ in _NARROWING.items() if getattr(by, name) == any_}
    words = " ".join(filter(None, (base.q, by.q))) or None
    return replace(by, **kept, q=words, tags=tuple(dict.fromkeys(base.tags + by.tags)))


def some(value: T | None) -> tuple[T, ...]:
    """A filter's one value, or any."""
    return () if value is None else (value,)


# Nobody, as `people`, is an answer and not the same as anybody.
_OWN_WAYS = {"q", "tags", "page", "per_page", "cursor"}
_NARROWING = {field.name: field.default for field in fields(Filter) if field.name not in _OWN_WAYS}


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
    walk: bool = False  # in the list's order, looking at each ticket; for SQLite, see `ends_soon`


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


def ends_soon(asked: Filter, shape: Shape, total: int) -> bool:
    """Whether walking the list in its order finds a page sooner than gathering and sorting all that match.

    PostgreSQL sees that for itself. SQLite knows nothing of how many there are and would always gather, which takes
    a second for fifty thousand tickets; so it is told, unless one index has just these tickets in this order.
    """
    conditions = shape._replace(scope="", sort="", since=False, until=False)
    few = [len(asked.status), len(asked.category), len(asked.channel)]
    by_time, created = shape.sort.lstrip("-") in {"created_at", "updated_at"}, shape.sort.endswith("created_at")
    in_order = (
        conditions == _NOTHING
        or (by_time and few[0] == 1 and conditions == _NOTHING._replace(status=True))
        or (created and few[1] == 1 and conditions == _NOTHING._replace(category=True))
        or (created and few[2] == 1 and conditions == _NOTHING._replace(channel=True))
        or (created and conditions == _NOTHING._replace(verified=False))
    )
    return total > _MANY and not in_order


def narrows(shape: Shape) -> bool:
    """Whether it lets through less than all that its scope has, however that is ordered; one ticket is not all."""
    return shape._replace(scope="", ids=False, sort="") != _NOTHING or shape.scope == "link"


def where(shape: Shape, suffix: str = "") -> list[ColumnElement[bool]]:
    """The conditions; `suffix` keeps the parameters of several apart that stand in one statement."""

    def given(name: str) -> Any:
        return bindparam(name + suffix)

    def some(name: str) -> Any:
        return bindparam(name + suffix, expanding=True)

    def of(name: str) -> Any:
        return unindexed(_t[name]) if shape.walk else _t[name]

    email = select(users.c.id).where(users.c.email == given("requester"))
    moment = _t.created_at if shape.sort.endswith("created_at") else of("created_at")
    conditions = [
        (shape.scope != "desk", lambda: _t.requester_id == bindparam("owner")),
        (shape.scope == "link", lambda: _t.id == bindparam("only")),
        (shape.ids, lambda: _t.id.in_(some("ids"))),
        (shape.status, lambda: of("status").in_(some("statuses"))),
        (shape.category, lambda: of("category_slug").in_(some("categories"))),
        (shape.priority, lambda: of("priority").in_(some("priorities"))),
        (shape.assignee or shape.unassigned, lambda: _assigned(shape, of("assignee_id"), some("assignees"))),
        (shape.requester, lambda: of("requester_id").in_(email)),
        (shape.people, lambda: of("requester_id").in_(some("people"))),
        (shape.channel, lambda: of("channel").in_(some("channels"))),
        (shape.verified is not None, lambda: of("verified").is_(shape.verified)),
        (shape.since, lambda: moment >= given("since")),
        (shape.until, lambda: moment < given("until")),
    ]
    # The first one leads to its tickets, unless they are walked through; of these each other is looked up.
    tagged = [_tagged(given(f"tag_{number}"), looked_up=shape.walk or number > 0) for number in range(shape.tags)]
    return [condition() for wanted, condition in conditions if wanted] + tagged


def _assigned(shape: Shape, assignee: Any, some: Any) -> ColumnElement[bool]:
    either = [(shape.unassigned, assignee.is_(None)), (shape.assignee, assignee.in_(some))]
    return or_(*(condition for wanted, condition in either if wanted))


def _tagged(tag: Any, *, looked_up: bool) -> ColumnElement[bool]:
    if looked_up:
        return select(_g.tag).where(_g.ticket_id == _t.id, _g.tag == tag).exists()
    return _t.id.in_(select(_g.ticket_id).where(_g.tag == tag))


_NOTHING = shape(Filter(), "")._replace(sort="")
