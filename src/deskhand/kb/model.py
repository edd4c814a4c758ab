"""Articles as rows, and one input type for each act with all its validation."""

from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, ConfigDict
from pydantic_core import PydanticCustomError

from deskhand.kit.inputs import Input, member_of
from deskhand.kit.text import Block, Line, Slug

MAX_BODY = 262_144
MAX_COMMENT = 1000
MAX_FILES = 100  # that one article shows
RESERVED = "search"  # GET /kb/search is no article


class Status(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class Article(NamedTuple):
    """A row of `articles`, with the names of its category and its author. In lists both bodies are empty."""

    id: str
    slug: str
    title: str
    summary: str
    body: str
    body_html: str
    category_slug: str | None
    status: str
    author_id: str | None
    helpful_count: int
    not_helpful_count: int
    version: int
    published_at: int | None
    created_at: int
    updated_at: int
    category: str | None
    author_name: str | None

    @property
    def is_published(self) -> bool:
        return self.status == Status.PUBLISHED


class Revision(NamedTuple):
    """What an article said once: 1 is what it was created with, and each change of its words adds one."""

    number: int
    title: str
    summary: str
    body: str
    author_id: str | None
    author_name: str
    created_at: int


def _free(slug: str) -> str:
    if slug == RESERVED:
        raise PydanticCustomError("reserved", "This slug is reserved.")
    return slug


StatusIn = Annotated[Status, member_of(Status)]
ArticleSlug = Annotated[Slug, AfterValidator(_free)]
CategorySlug = Annotated[str, Line(120)]
Title = Annotated[str, Line(255)]
Summary = Annotated[str, Line(500, blank=True)]
Body = Annotated[str, Block(MAX_BODY)]


class NewArticle(Input):
    """`slug` left out means: made from the title."""

    title: Title
    slug: ArticleSlug | None = None
    summary: Summary = ""
    body: Body
    category_slug: CategorySlug | None = None
    status: StatusIn = Status.DRAFT

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Why is the content empty?",
                    "summary": "Pages that build themselves with JavaScript need `render_js`.",
                    "body": "## Switch rendering on\n\nSend `render_js=true` with the request.",
                    "category_slug": "technical-issue",
                    "status": "published",
                }
            ]
        }
    )


class ArticleChange(Input):
    """Any subset; fields left out stay as they are. `category_slug: null` takes the article out of its category."""

    title: Title = None  # type: ignore[assignment]
    slug: ArticleSlug = None  # type: ignore[assignment]
    summary: Summary = None  # type: ignore[assignment]
    body: Body = None  # type: ignore[assignment]
    category_slug: CategorySlug | None = None
    status: StatusIn = None  # type: ignore[assignment]


class NewVote(Input):
    """`comment` is for the team. Left out, an earlier one stays, unless the vote turns; empty, it goes."""

    helpful: bool
    comment: Annotated[str, Block(MAX_COMMENT, blank=True)] | None = None
