"""What admins may say of categories."""

from typing import Annotated

from pydantic import ConfigDict, Field

from deskhand.kit.inputs import Input
from deskhand.kit.text import Line, Slug

Position = Annotated[int, Field(ge=0, le=10_000)]


class NewCategory(Input):
    """`position` left out means: at the end."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"slug": "integrations", "name": "Integrations", "description": "SDKs, webhooks, plug-ins"}]
        },
    )

    slug: Slug
    name: Annotated[str, Line(80)]
    description: Annotated[str, Line(300, blank=True)] = ""
    position: Position | None = None


class CategoryChange(Input):
    """Any subset. The slug never changes: tickets and integrations hold on to it."""

    name: Annotated[str, Line(80)] = None  # type: ignore[assignment]
    description: Annotated[str, Line(300, blank=True)] = None  # type: ignore[assignment]
    position: Position = None  # type: ignore[assignment]
    retired: bool = None  # type: ignore[assignment]
