"""What a host's program may attach to a ticket: a few scalars by name."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from deskhand.kit.text import is_storable


def _scalars(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > 50:
        raise PydanticCustomError("too_many", "Metadata has at most 50 keys.")
    for key, item in value.items():
        if not 1 <= len(key) <= 64:
            raise PydanticCustomError("key_length", "A metadata key has 1 to 64 characters.")
        if not is_storable(key) or (isinstance(item, str) and not is_storable(item)):
            raise PydanticCustomError("characters", "Metadata contains characters that cannot be stored.")
        if not _is_scalar(item):
            raise PydanticCustomError("not_scalar", "A metadata value is a text, a number, true, false or null.")
        if isinstance(item, str) and len(item) > 1024:
            raise PydanticCustomError("too_long", "A metadata value is at most 1,024 characters long.")
    return value


def _is_scalar(item: object) -> bool:
    if isinstance(item, int) and not isinstance(item, bool):
        return -(2**63) <= item < 2**63
    return item is None or isinstance(item, str | bool) or (isinstance(item, float) and math.isfinite(item))


Metadata = Annotated[
    dict[str, Any],
    AfterValidator(_scalars),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 50,
            "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": 1024},
        }
    ),
]
