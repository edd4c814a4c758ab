"""Texts for people that hold values, in English; who knows the reader's language says them anew."""

from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticCustomError


class Phrase(str):
    """`template` with its values filled in, a text as any other: `Phrase("At most {most} characters", most=128)`.

    `instead` is the text where that is another, as of a library that speaks to programmers.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, *, instead: str | None = None, **values: Any) -> "Phrase":
        made = super().__new__(cls, template.format(**values) if instead is None else instead)
        made.template, made.values = template, values
        return made

    def anew(self, template: str, form: Callable[[Any], Any]) -> str:
        """The values, each as `form` writes it, in another template."""
        return template.format(**{name: form(value) for name, value in self.values.items()})


def finding(code: str, template: str, **values: Any) -> PydanticCustomError:
    """What a validator raises. Pydantic hands on the text and not the template, unless the context holds it."""
    return PydanticCustomError(code, template, values | {"said": Phrase(template, **values)})  # type: ignore[arg-type]
