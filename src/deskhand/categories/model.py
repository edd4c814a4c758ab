"""What admins may say of categories."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from deskhand.kit.text import Line, slug

Slug = Annotated[str, AfterValidator(slug)]
Position = Annotated[int, Field(ge=0, le=10_000)]


class NewCategory(BaseModel):
    """`position` left out means: at the end."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"slug": "integrations", "name": "Integrations", "description": "SDKs, webhooks, plug-ins"}]
        },
    )

    slug: Slug
    name: Annotated[str, Line(80)]
    description: Annotated[str, Line(300, blank=True)] = ""
    position: Position | None = None


class CategoryChange(BaseModel):
    """Any subset. The slug never changes: tickets and integrations hold on to it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Line(80)] = None  # type: ignore[assignment]
    description: Annotated[str, Line(300, blank=True)] = None  # type: ignore[assignment]
    position: Position = None  # type: ignore[assignment]
    retired: bool = None  # type: ignore[assignment]
