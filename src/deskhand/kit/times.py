"""Times in inputs: RFC 3339 text with a zone, turned into the microseconds used inside."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from deskhand.kit.clock import from_datetime


def _inside(when: datetime) -> int:
    try:
        return from_datetime(when)
    except (OverflowError, ValueError):
        raise PydanticCustomError("time", "This is not a time we can keep.") from None


# An `int` of microseconds once validated.
Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    AfterValidator(_inside),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-05-18T10:23:00Z"]}),
]
