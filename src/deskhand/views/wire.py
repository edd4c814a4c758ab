"""The shape of views."""

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from deskhand.kit.clock import rfc3339
from deskhand.kit.described import Stamp, Uuid, one_of
from deskhand.tickets.counts import Rail
from deskhand.tickets.model import SORTS
from deskhand.views.model import View
from deskhand.views.queries import Counted


class Owner(TypedDict):
    id: Uuid
    name: str


class ViewOut(TypedDict):
    id: Uuid
    name: str
    query: str
    sort: Annotated[str, one_of(SORTS)] | None
    shared: bool
    position: int
    owner: Owner
    created_at: Stamp
    updated_at: Stamp


class ViewsOut(TypedDict):
    views: list[ViewOut]


class ViewCount(TypedDict):
    id: Uuid
    name: str
    count: Annotated[int | None, Field(description="Null for a view that searches for words.")]


@with_config(ConfigDict(json_schema_extra={"description": "1000 means: that many, or more."}))
class CountsOut(TypedDict):
    mine: Annotated[int, Field(description="Open and pending ones that are yours.")]
    unassigned: Annotated[int, Field(description="Open ones that are nobody's.")]
    open: int
    pending: int
    resolved: int
    spam: int
    views: list[ViewCount]


def view(row: View) -> ViewOut:
    return {
        "id": row.id,
        "name": row.name,
        "query": row.query,
        "sort": row.sort,
        "shared": row.shared,
        "position": row.position,
        "owner": {"id": row.owner_id, "name": row.owner_name},
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def counts(rail: Rail, views: list[Counted]) -> CountsOut:
    return {
        "mine": rail.mine,
        "unassigned": rail.unassigned,
        "open": rail.open,
        "pending": rail.pending,
        "resolved": rail.resolved,
        "spam": rail.spam,
        "views": [{"id": one.view.id, "name": one.view.name, "count": one.count} for one in views],
    }
