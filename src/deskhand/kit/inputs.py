"""What every act's input type is made of."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Input(BaseModel):
    """Base of all inputs: unknown fields are refused, and JSON types are not bent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def prepare(self) -> None:
        """Work out beforehand what the act makes of it, where that is slow. The act does so itself where nobody did."""


def member_of(kind: type[StrEnum], only: Iterable[StrEnum] | None = None) -> BeforeValidator:
    """For `Annotated[Kind, …]`: text as the enum's member where it is one's value; strict validation says the rest."""
    values = frozenset(only or kind)
    return BeforeValidator(lambda value: kind(value) if isinstance(value, str) and value in values else value)
