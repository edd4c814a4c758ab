"""How the rows of a report are called."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from deskhand.accounts.tables import users
from deskhand.categories import queries as categories


class Names(NamedTuple):
    """`categories` in their order."""

    categories: dict[str, str]
    agents: dict[str, str]


def find(tx: Connection, agent_ids: Iterable[str | None]) -> Names:
    """The names of all categories, and of these people."""
    ids = [agent_id for agent_id in agent_ids if agent_id]
    people = tx.execute(select(users.c.id, users.c.name).where(users.c.id.in_(ids))) if ids else []
    return Names({row["slug"]: row["name"] for row in categories.list_all(tx)}, {row[0]: row[1] for row in people})
