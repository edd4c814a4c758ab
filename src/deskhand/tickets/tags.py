"""Tags of tickets."""

from collections import defaultdict

from sqlalchemy import Connection, bindparam, delete, select

from deskhand.tickets.tables import ticket_tags

_g = ticket_tags.c
_OF = select(_g.ticket_id, _g.tag).where(_g.ticket_id.in_(bindparam("ids", expanding=True))).order_by(_g.tag)


def of(tx: Connection, ticket_ids: list[str]) -> dict[str, list[str]]:
    """The tags of each ticket, sorted, in one query."""
    found: dict[str, list[str]] = defaultdict(list)
    if ticket_ids:
        for ticket_id, tag in tx.execute(_OF, {"ids": ticket_ids}):
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
