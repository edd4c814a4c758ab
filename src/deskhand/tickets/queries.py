"""Lists, threads and counts of tickets. Each statement's shape is built once and walks an index."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.kit.statements import Statement
from deskhand.tickets import cursors, filters, search
from deskhand.tickets.access import OWN_TICKETS, TICKETS
from deskhand.tickets.filters import Filter, Shape
from deskhand.tickets.model import Message, Ticket
from deskhand.tickets.tables import messages, tickets

# Beyond this many a search's tail is noise: nobody pages there, and ranking it would cost.
MAX_FOUND = 1000
# So many messages are looked through where a filter leaves less than a page of what the search found first, or where
# what is far back may come first.
_DEEPER = 16_000
_BACKWARDS = {"created_at", "updated_at", "-priority"}

_t, _m = tickets.c, messages.c
_requesters, _assignees = users.alias("requesters"), users.alias("assignees")
_MESSAGES = select(*(_m[name] for name in Message._fields)).order_by(_m.seq)
_THREAD = {
    False: Statement(_MESSAGES.where(_m.ticket_id == bindparam("ticket"), _m.kind == "message")),
    True: Statement(_MESSAGES.where(_m.ticket_id == bindparam("ticket"))),
}
_VERSIONS = Statement(
    select(_t.id, _t.readable_id, _t.version).where(_t.readable_id.in_(bindparam("names", expanding=True)))
)
# As people say which one they mean: ALT-1042, #1042, 1042.
_CALLED = re.compile(r"#?(?:([A-Za-z][A-Za-z0-9]{0,9})-)?([0-9]{1,12})", re.ASCII)
_NUMBERED = Statement(select(_t.id, _t.readable_id, _t.requester_id).where(_t.number == bindparam("number")))
_FIRST = _MESSAGES.where(
    _m.seq.in_(
        select(func.min(_m.seq)).where(_m.ticket_id.in_(bindparam("ids", expanding=True))).group_by(_m.ticket_id)
    )
)


class Person(NamedTuple):
    id: str
    name: str
    email: str | None


class Row(NamedTuple):
    """A ticket in a list. The people are there in the desk's lists only."""

    ticket: Ticket
    requester: Person | None = None
    assignee: Person | None = None


class Page(NamedTuple):
    """`next_cursor` leads on to any depth at the same cost; None at the end, and in lists ranked by a search."""

    rows: list[Row]
    total: int
    next_cursor: str | None


def list_own(tx: Connection, actor: Actor, asked: Filter) -> Page:
    """The actor's own tickets; by a signed link that one alone."""
    owner = actor.require_user()
    if actor.ticket_id is None:
        return _list(tx, asked, "own", {"owner": owner})
    return _list(tx, asked, "link", {"owner": owner, "only": actor.ticket_id})


def list_desk(tx: Connection, actor: Actor, asked: Filter) -> Page:
    """Every ticket, for the team."""
    actor.require_staff()
    return _list(tx, asked, "desk", {})


def changed(tx: Connection, actor: Actor, seen: Mapping[str, int]) -> list[Row]:
    """Of the tickets with these readable ids those that have another version by now than was seen; for the team."""
    actor.require_staff()
    if not seen:
        return []
    found = _VERSIONS.rows(tx, {"names": list(seen)})
    ids = [ticket_id for ticket_id, readable_id, version in found if seen[readable_id] != version]
    if not ids:
        return []
    shape = filters.shape(Filter(), "desk", ids=True)
    return _rows(_select(shape, False).rows(tx, {"ids": ids, "limit": len(ids), "offset": 0}), "desk")


def thread(tx: Connection, ticket_id: str, *, notes: bool) -> list[Message]:
    """The messages, oldest first, the ticket's own body at the head; notes for the team alone."""
    return [Message._make(row) for row in _THREAD[notes].rows(tx, {"ticket": ticket_id})]


def first_messages(tx: Connection, ticket_ids: list[str]) -> list[Message]:
    """The body that each ticket was filed with."""
    return [Message._make(row) for row in tx.execute(_FIRST, {"ids": ticket_ids})]


def person(tx: Connection, user_id: str) -> Person | None:
    row = tx.execute(select(users.c.id, users.c.name, users.c.email).where(users.c.id == user_id)).one_or_none()
    return Person._make(row) if row else None


def _list(tx: Connection, asked: Filter, scope: str, scope_values: dict[str, Any]) -> Page:
    values = scope_values | filters.values(asked)
    if asked.q is not None:
        return _ranked(tx, asked, scope, values)
    shape = filters.shape(asked, scope, ids=False)
    total: int = _count(shape).value(tx, values)
    if tx.dialect.name == "sqlite" and filters.ends_soon(asked, shape, total):
        shape = shape._replace(walk=True)
    values |= {"limit": asked.per_page + 1, "offset": (asked.page - 1) * asked.per_page}
    if asked.cursor:
        values |= cursors.read(asked.cursor, shape.sort) | {"offset": 0}
    rows = _rows(_select(shape, bool(asked.cursor)).rows(tx, values), scope)
    following = cursors.write(rows[asked.per_page - 1].ticket, shape.sort) if len(rows) > asked.per_page else None
    return Page(rows[: asked.per_page], total, following)


def _ranked(tx: Connection, asked: Filter, scope: str, values: dict[str, Any]) -> Page:
    """Search first, then filter what was found; in order of rank unless a sort was asked for. First of all is the
    ticket that is called so."""
    called = _called(tx, asked.q or "", values.get("owner"))
    shape = filters.shape(asked, scope, ids=True)
    first = slice((asked.page - 1) * asked.per_page, asked.page * asked.per_page)
    ordered: list[str] = []
    for depth in (search.DEPTH, _DEEPER):
        found = search.search(tx, asked.q or "", owner_id=values.get("owner"), limit=depth, depth=depth)
        ids = list(dict.fromkeys([*called, *(hit.ticket_id for hit in found.hits)]))
        ordered = _passing(tx, asked, shape, values | {"ids": ids})
        enough = len(ordered) >= first.stop or not filters.narrows(shape)
        if found.complete or (enough and asked.sort not in _BACKWARDS):
            break
    page = values | {"ids": ordered[first], "limit": asked.per_page, "offset": 0}
    by_id = {row.ticket.id: row for row in _rows(_select(shape, False).rows(tx, page), scope)}
    return Page([by_id[ticket_id] for ticket_id in ordered[first] if ticket_id in by_id], len(ordered), None)


def _called(tx: Connection, typed: str, owner_id: str | None) -> list[str]:
    """The ticket of that name or number, if it is the owner's, where there is one."""
    said = _CALLED.fullmatch(typed.strip())
    row = _NUMBERED.first(tx, {"number": int(said[2])}) if said else None
    if said is None or row is None:
        return []
    ticket_id, readable_id, requester_id = row
    meant = said[1] is None or readable_id == said[0].removeprefix("#").upper()
    return [ticket_id] if meant and owner_id in (None, requester_id) else []


def _passing(tx: Connection, asked: Filter, shape: Shape, values: dict[str, Any]) -> list[str]:
    """Of the tickets that a search found those that the filter lets through."""
    if not filters.narrows(shape) and asked.sort is None:
        return values["ids"]
    passing = [ticket_id for (ticket_id,) in _select_ids(shape).rows(tx, values)]
    if asked.sort is not None:
        return passing
    among = set(passing)
    return [ticket_id for ticket_id in values["ids"] if ticket_id in among]


def _rows(found: Any, scope: str) -> list[Row]:
    width = len(Ticket._fields)
    if scope != "desk":
        return [Row(Ticket._make(row)) for row in found]
    return [
        Row(
            Ticket._make(row[:width]),
            Person._make(row[width : width + 3]),
            Person._make(row[width + 3 :]) if row[width + 3] else None,
        )
        for row in found
    ]


@lru_cache(1024)
def _count(shape: Shape) -> Statement:
    return Statement(select(func.count()).select_from(tickets).where(*filters.where(shape)))


@lru_cache(1024)
def _select_ids(shape: Shape) -> Statement:
    return Statement(select(_t.id).where(*filters.where(shape)).order_by(*cursors.order(shape.sort)).limit(MAX_FOUND))


@lru_cache(1024)
def _select(shape: Shape, after_cursor: bool) -> Statement:
    statement: Any = TICKETS if shape.scope == "desk" else OWN_TICKETS
    if shape.scope == "desk":
        r, a = _requesters.c, _assignees.c
        statement = statement.join(_requesters, r.id == _t.requester_id).outerjoin(_assignees, a.id == _t.assignee_id)
        statement = statement.add_columns(r.id, r.name, r.email, a.id, a.name, a.email)
    statement = statement.where(*filters.where(shape), *([cursors.after(shape.sort)] if after_cursor else []))
    ordered = statement.order_by(*cursors.order(shape.sort))
    return Statement(ordered.limit(bindparam("limit")).offset(bindparam("offset")))
