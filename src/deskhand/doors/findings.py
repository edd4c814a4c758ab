"""What pydantic found wrong, in our words: the same codes and messages through every door."""

from collections.abc import Sequence
from typing import Any

from deskhand.kit.errors import FieldError

# Fields that there are not are named by the sender: neither their number nor their names may swell the answer.
_MOST, _LONGEST_FIELD = 60, 100

_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_unicode": "characters",
    "json_invalid": "json",
    "model_attributes_type": "type",
    "model_type": "type",
    "dict_type": "type",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "enum": "choice",
    "literal_error": "choice",
    "is_instance_of": "choice",
    "greater_than_equal": "range",
    "less_than_equal": "range",
}
_MESSAGES = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "string_unicode": "This contains characters that cannot be stored.",
    "json_invalid": "The body is not valid JSON.",
    "model_attributes_type": "This must be a JSON object.",
    "model_type": "This must be a JSON object.",
    "dict_type": "This must be a JSON object.",
}


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """One for each of the first findings; fields are dotted where nested, `$` where it is the input as a whole."""
    return [
        FieldError(
            ".".join(str(part) for part in error["loc"])[:_LONGEST_FIELD] or "$",
            _CODES.get(error["type"], error["type"]),
            _MESSAGES.get(error["type"]) or _sentence(error["msg"]),
        )
        for error in errors[:_MOST]
    ]


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text if text.endswith((".", "!", "?")) else text + "."
