"""Tickets as rows, their vocabulary, and one input type for each act with all its validation."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, AliasChoices, ConfigDict, Field
from pydantic_core import PydanticCustomError

from deskhand.categories.classify import Reading, read
from deskhand.kit.ids import parse_id
from deskhand.kit.inputs import Input, member_of
from deskhand.kit.text import Block, Email, Line
from deskhand.tickets.metadata import Metadata
from deskhand.tickets.texts import Written

MAX_BODY = 65_536
MAX_TAGS = 20


class Status(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 low … 3 urgent: how the column holds it, so that it sorts."""
        return PRIORITIES.index(self)


PRIORITIES = tuple(Priority)
# Orders of a list; `-` is descending.
SORTS = ("-created_at", "created_at", "-updated_at", "updated_at", "-priority")


class Ticket(NamedTuple):
    """A row of `tickets`, with its category's name."""

    id: str
    number: int
    readable_id: str
    requester_id: str
    assignee_id: str | None
    subject: str
    status: str
    priority: int
    category_slug: str
    category_guess: dict[str, Any] | None
    metadata: dict[str, Any]
    channel: str
    verified: bool
    version: int
    created_at: int
    updated_at: int
    resolved_at: int | None
    closed_at: int | None
    first_reply_at: int | None
    staff_replied_at: int | None
    requester_read_at: int | None
    category: str

    @property
    def unread(self) -> bool:
        """Whether the team has answered since the requester last looked."""
        return (self.staff_replied_at or 0) > (self.requester_read_at or 0)


class Message(NamedTuple):
    """A row of `messages`: what a person wrote, or a note of the team's."""

    seq: int
    id: str
    ticket_id: str
    kind: str
    author_id: str | None
    author_type: str
    author_name: str
    identity: str
    via: str
    body: str
    body_html: str
    created_at: int


def _tags(value: list[str]) -> list[str]:
    unique = list(dict.fromkeys(tag.lower() for tag in value))
    if len(unique) > MAX_TAGS:
        raise PydanticCustomError("too_many", "A ticket has at most 20 tags.")
    return unique


def user_id(value: str) -> str:
    """`value` in canonical form; refuses what is no id."""
    found = parse_id(value)
    if found is None:
        raise PydanticCustomError("uuid", "This is not an id.")
    return found


Tags = Annotated[list[Annotated[str, Line(40)]], Field(max_length=100), AfterValidator(_tags)]
StatusIn = Annotated[Status, member_of(Status)]
PriorityIn = Annotated[Priority, member_of(Priority)]
UserId = Annotated[str, AfterValidator(user_id)]
Subject = Annotated[str, Line(255)]
Body = Annotated[str, Block(MAX_BODY)]
CategorySlug = Annotated[str, Line(120)]


class NewTicket(Input):
    """`category_slug` left out means: let the classifier choose."""

    subject: Subject
    body: Body
    category_slug: CategorySlug | None = None
    priority: PriorityIn = Priority.MEDIUM
    metadata: Metadata = Field(default_factory=dict)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "Scrape returning empty content for JavaScript-heavy site",
                    "body": "Since this morning `render_js=true` gives me an empty body.",
                    "category_slug": "technical-issue",
                    "priority": "medium",
                    "metadata": {"job_id": "job_8412"},
                }
            ]
        }
    )

    @cached_property
    def written(self) -> Written:
        return Written.of(self.body, self.subject)

    @cached_property
    def reading(self) -> Reading:
        """What the classifier reads in it."""
        return read(self.subject, self.body)

    def prepare(self) -> None:
        _ = self.written, self.category_slug or self.reading


class Requester(Input):
    email: Email
    name: Annotated[str, Line(120)] | None = None


class NewStaffTicket(NewTicket):
    """A ticket that an agent files for a customer."""

    requester: Requester
    tags: Tags = Field(default_factory=list)
    assignee_id: UserId | None = None


class NewPublicTicket(Input):
    """The contact form. `message` is another name for `body`; a filled `honeypot` marks a robot."""

    name: Annotated[str, Line(120)]
    email: Email
    subject: Subject
    body: Body = Field(validation_alias=AliasChoices("body", "message"))
    honeypot: Annotated[str, Block(2000, blank=True)] = ""

    @cached_property
    def ticket(self) -> NewTicket:
        return NewTicket.model_construct(
            subject=self.subject, body=self.body, category_slug=None, priority=Priority.MEDIUM, metadata={}
        )

    def prepare(self) -> None:
        self.ticket.prepare()


class NewReply(Input):
    body: Body

    @cached_property
    def written(self) -> Written:
        return Written.of(self.body)

    def prepare(self) -> None:
        _ = self.written


class NewStaffReply(NewReply):
    """`status` left out means `pending`: it is the customer's turn."""

    status: StatusIn = Status.PENDING


class NewNote(NewReply):
    """For the team's eyes only."""


class TicketChange(Input):
    """What customers may change. Any subset; fields left out stay as they are."""

    category_slug: CategorySlug = None  # type: ignore[assignment]
    priority: PriorityIn = None  # type: ignore[assignment]
    subject: Subject = None  # type: ignore[assignment]


class StaffTicketChange(TicketChange):
    status: StatusIn = None  # type: ignore[assignment]
    assignee_id: UserId | None = None
    tags: Tags = None  # type: ignore[assignment]


class BulkChange(StaffTicketChange):
    """For many tickets at once: also tags to give to each and to take from each, whatever others it has."""

    add_tags: Tags = Field(default_factory=list)
    remove_tags: Tags = Field(default_factory=list)
