"""What a saved view says."""

from typing import Annotated, Literal, NamedTuple

from pydantic import ConfigDict, Field

from deskhand.kit.inputs import Input
from deskhand.kit.text import Line
from deskhand.tickets.ask import MAX_QUERY

Name = Annotated[str, Line(60)]
Query = Annotated[str, Line(MAX_QUERY, blank=True)]
Sort = Literal["-created_at", "created_at", "-updated_at", "updated_at", "-priority"]
Position = Annotated[int, Field(ge=0, le=10_000)]


class View(NamedTuple):
    """A row of `saved_views`, with its owner's name."""

    id: str
    owner_id: str
    shared: bool
    name: str
    query: str
    sort: str | None
    position: int
    created_at: int
    updated_at: int
    owner_name: str


class NewView(Input):
    """`position` left out means: at the end. Without `sort` newest first, or best match first where words are asked."""

    name: Name
    query: Query
    sort: Sort | None = None
    shared: bool = False
    position: Position | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "VIPs who wait", "query": "status:open tag:vip", "sort": "created_at"}],
        }
    )


class ViewChange(Input):
    """Any subset; fields left out stay as they are."""

    name: Name = None  # type: ignore[assignment]
    query: Query = None  # type: ignore[assignment]
    sort: Sort | None = None
    shared: bool = None  # type: ignore[assignment]
    position: Position = None  # type: ignore[assignment]
