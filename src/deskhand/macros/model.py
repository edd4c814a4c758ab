"""What a macro says and does."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from deskhand.kit.phrases import finding
from deskhand.kit.text import Block, Line
from deskhand.tickets.model import MAX_BODY, CategorySlug, Input, PriorityIn, StatusIn, Tags, user_id

PLACEHOLDERS = (
    "customer.name",
    "customer.first_name",
    "ticket.id",
    "ticket.subject",
    "agent.name",
    "agent.first_name",
    "brand",
)
PLACEHOLDER = re.compile(r"\{\{([^{}\n]*)\}\}")


class Macro(NamedTuple):
    """A row of `macros`, with its owner's name. `actions` holds those fields of `Actions` that are given."""

    id: str
    owner_id: str
    shared: bool
    name: str
    body: str
    actions: dict[str, Any]
    position: int
    created_at: int
    updated_at: int
    owner_name: str


def _known_placeholders(body: str) -> str:
    for found in PLACEHOLDER.finditer(body):
        if found[1].strip() not in PLACEHOLDERS:
            known = ", ".join(PLACEHOLDERS)
            message = "There is no placeholder {name}. There are: {known}."
            raise finding("unknown_placeholder", message, name=found[1].strip()[:80], known=known)
    return body


Name = Annotated[str, Line(80)]
Body = Annotated[str, Block(MAX_BODY, blank=True), AfterValidator(_known_placeholders)]
Assignee = Annotated[
    str,
    AfterValidator(lambda value: value if value in {"me", "none"} else user_id(value)),
    WithJsonSchema({"type": "string", "description": "`me`, `none` or a user's id."}),
]
Position = Annotated[int, Field(ge=0, le=10_000)]


class Actions(Input):
    """What becomes of the ticket; what is left out, or null, stays as it is."""

    status: StatusIn | None = None
    priority: PriorityIn | None = None
    category_slug: CategorySlug | None = None
    assignee: Assignee | None = None
    add_tags: Tags = Field(default_factory=list)

    def given(self) -> dict[str, Any]:
        """The fields that do something, as JSON values."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value not in (None, [])}


class NewMacro(Input):
    """At least a body or one action. `position` left out means: at the end."""

    name: Name
    body: Body = ""
    actions: Actions = Field(default_factory=Actions)
    shared: bool = False
    position: Position | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Refund approved",
                    "body": "Hi {{customer.first_name}},\n\nthe refund has been made today.\n\n{{agent.first_name}}",
                    "actions": {"status": "resolved", "add_tags": ["refund"]},
                    "shared": True,
                }
            ]
        }
    )


class MacroChange(Input):
    """Any subset; `actions` are replaced as a whole."""

    name: Name = None  # type: ignore[assignment]
    body: Body = None  # type: ignore[assignment]
    actions: Actions = None  # type: ignore[assignment]
    shared: bool = None  # type: ignore[assignment]
    position: Position = None  # type: ignore[assignment]
