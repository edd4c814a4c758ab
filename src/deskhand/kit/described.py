"""What the API's description says of fields in answers. Nothing of it is checked when an answer is given."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"}, examples=["01a209a6-b354-71b6-9fc9-617097eabf15"])]
Stamp = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-05-18T10:23:00Z"])]


def one_of(values: Iterable[str]) -> Any:
    """For `Annotated[str, …]`: one of these."""
    return Field(json_schema_extra={"enum": [str(value) for value in values]})
