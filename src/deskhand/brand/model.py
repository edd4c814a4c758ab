"""How the desk presents itself, and what an admin may change of it."""

from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from deskhand.kit import colours
from deskhand.kit.inputs import Input
from deskhand.kit.phrases import finding
from deskhand.kit.text import EMAIL_MAX, Line, email


class Brand(NamedTuple):
    """What people see. `support_address` may be empty; `version` is another whenever anything of this is."""

    name: str
    accent: str
    support_address: str
    logo_width: int | None
    logo_height: int | None
    version: int

    @property
    def has_logo(self) -> bool:
        return self.logo_width is not None


def _accent(text: str) -> str:
    colour = colours.parse(text)
    if colour is None:
        raise PydanticCustomError("colour", "A colour looks like #2f5bd3.")
    ratio = colours.contrast(colour, colours.WHITE)
    if ratio < colours.READABLE:
        raise finding(
            "contrast",
            "White on this colour has a contrast of {ratio}:1, which is hard to read; it takes 4.5:1. Try {darker}.",
            # Cut, not rounded: 4.496 is not enough, and must not read as if it were.
            ratio=Decimal(int(ratio * 100)).scaleb(-2),
            darker=colours.readable_on_white(colour),
        )
    return colour


def _address(text: str) -> str:
    return email(text) if text.strip() else ""


Accent = Annotated[str, AfterValidator(_accent), WithJsonSchema({"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"})]
Address = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "maxLength": EMAIL_MAX})]


class BrandChange(Input):
    """Any subset; null means what the settings say again, an empty address that none is shown."""

    name: Annotated[str, Line(60)] | None = None
    accent: Accent | None = None
    support_address: Address | None = None
