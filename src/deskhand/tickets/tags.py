"""Tags of tickets."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, Integer, String, bindparam, delete, func, select

from deskhand.kit.statements import Statement
from deskhand.tickets.tables import ticket_tags

_g = ticket_tags.c
_OF = Statement(select(_g.ticket_id, _g.tag).where(_g.ticket_id.in_(bindparam("ids", expanding=True))).order_by(_g.tag))

MAX_SUGGESTED = 100
_LATEST = 5_000  # tags on the tickets that were filed last: enough to tell which are in use, at the same cost always
_latest = select(_g.tag).order_by(_g.ticket_id.desc(), _g.tag.desc()).limit(_LATEST).subquery()
_COMMON = (
    select(_latest.c.tag, func.count().label("tickets"))
    .where(func.substr(_latest.c.tag, 1, bindparam("length", type_=Integer)) == bindparam("begins", type_=String))
    .group_by(_latest.c.tag)
    .order_by(func.count().desc(), _latest.c.tag)
    .limit(bindparam("limit"))
)


class Common(NamedTuple):
    """A tag, and how many of the latest tags are this one."""

    tag: str
    tickets: int


def common(tx: Connection, *, begins: str = "", limit: int = 20) -> list[Common]:
    """The tags that were used most lately, of those that begin so."""
    begins = begins.lower()
    values = {"begins": begins, "length": len(begins), "limit": min(limit, MAX_SUGGESTED)}
    return [Common._make(row) for row in tx.execute(_COMMON, values)]


def of(tx: Connection, ticket_ids: list[str]) -> dict[str, list[str]]:
    """The tags of each ticket, sorted, in one query."""
    found: dict[str, list[str]] = defaultdict(list)
    if ticket_ids:
        for ticket_id, tag in _OF.rows(tx, {"ids": ticket_ids}):
            found[ticket_id].append(tag)
    return found


def replace(tx: Connection, ticket_id: str, tags: list[str]) -> list[str] | None:
    """Make these the ticket's tags; returns the former ones, or None where nothing changed."""
    before = of(tx, [ticket_id])[ticket_id]
    if set(before) == set(tags):
        return None
    tx.execute(delete(ticket_tags).where(_g.ticket_id == ticket_id))
    if tags:
        tx.execute(ticket_tags.insert(), [{"ticket_id": ticket_id, "tag": tag} for tag in tags])
    return before
