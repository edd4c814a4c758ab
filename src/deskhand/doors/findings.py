"""What pydantic found wrong, in our words: the same codes and messages through every door."""

from collections.abc import Sequence
from typing import Any

from deskhand.kit.errors import FieldError
from deskhand.kit.phrases import Phrase

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
# For people, who did not make the request themselves. Programs get pydantic's own words.
_PAGES = {
    "enum": "Please choose one of what is offered.",
    "is_instance_of": "Please choose one of what is offered.",
    "literal_error": "Please choose one of what is offered.",
    "int_parsing": "This must be a whole number.",
    "int_type": "This must be a whole number.",
    "greater_than_equal": "This must be at least {ge}.",
    "less_than_equal": "This may be at most {le}.",
    "string_too_long": "This may be at most {max_length} characters long.",
    "string_too_short": "This must be at least {min_length} characters long.",
    "too_long": "These may be at most {max_length}.",
    "too_short": "These must be at least {min_length}.",
}


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """One for each of the first findings; fields are dotted where nested, `$` where it is the input as a whole."""
    return [
        FieldError(
            ".".join(str(part) for part in error["loc"])[:_LONGEST_FIELD] or "$",
            _CODES.get(error["type"], error["type"]),
            _message(error),
        )
        for error in errors[:_MOST]
    ]


def _message(error: Any) -> str:
    kind, values = error["type"], error.get("ctx", {})
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    if said := values.get("said"):
        return said
    text = error["msg"].removeprefix("Value error, ")
    sentence = text if text.endswith((".", "!", "?")) else text + "."
    # Validators of ours have codes that are also pydantic's, but no values then.
    known = kind in _PAGES and (values or "{" not in _PAGES[kind])
    return Phrase(_PAGES[kind], instead=sentence, **values) if known else sentence
