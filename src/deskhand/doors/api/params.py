"""Parameters that several routes share."""

from typing import Annotated, Literal

from fastapi import Header, Query
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.kit.text import Line
from deskhand.tickets.model import PriorityIn, Status

MAX_PAGE = 10**9

Page = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Page, from 1. One past the end is empty.")]
PerPage = Annotated[int, Query(ge=1, le=100, description="Entries a page.")]
Word = Annotated[str, Line(255)]

IfMatch = Annotated[str | None, Header(description="The ETag that was read: refuses to overwrite a newer state (412).")]

# Optional ones: the None stands inside, for what is described outside of it would be lost.
Text = Annotated[
    Annotated[str, Line(1000, blank=True)] | None, Query(description='Words to find; "exact words" in quotes.')
]
Category = Annotated[Word | None, Query(description="A category's slug.")]
OfPriority = Annotated[PriorityIn | None, Query(description="A priority.")]
Sort = Annotated[
    Literal["-created_at", "created_at", "-updated_at", "updated_at", "-priority"] | None,
    Query(description="Order; `-` is descending. With `q`, best match first unless a sort is given."),
]


def id_of(text: str) -> str:
    """The id in a path. Raises NotFound: what is no id at all is the id of nothing."""
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


def statuses(text: str | None) -> tuple[Status, ...]:
    """The statuses that `Statuses` names."""
    return tuple(Status(word) for word in text.split(",")) if text else ()


def _some_statuses(value: str) -> str:
    words = [part.strip() for part in value.split(",")]
    if not set(words) <= set(Status):
        allowed = ", ".join(Status)
        raise PydanticCustomError(
            "choice", "Use one or several of {allowed}, separated by commas.", {"allowed": allowed}
        )
    return ",".join(words)


# Text on purpose: a sequence would be read from a parameter that is repeated.
_Named = Annotated[
    str,
    AfterValidator(_some_statuses),
    WithJsonSchema({"type": "string", "pattern": "^(open|pending|resolved|closed)(,(open|pending|resolved|closed))*$"}),
]
Statuses = Annotated[
    _Named | None,
    Query(
        description="`open`, `pending`, `resolved`, `closed`; several separated by commas.",
        examples=["open", "open,pending"],
    ),
]
