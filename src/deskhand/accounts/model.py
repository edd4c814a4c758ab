"""What the doors may ask of accounts: one input type for each act, with all its validation."""

import json
import re
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from deskhand.accounts.actor import Role, Scope
from deskhand.kit.clock import now
from deskhand.kit.inputs import Input, member_of
from deskhand.kit.text import Email, Line, storable
from deskhand.kit.times import Moment

MAX_OBJECT = 16_384  # bytes of JSON that a host may push for one account


def _future(value: int | None) -> int | None:
    if value is not None and value <= now():
        raise PydanticCustomError("past", "This must lie in the future.")
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    try:
        written = orjson.dumps(value)
        json.dumps(value, allow_nan=False)  # NaN is no JSON, though it is read as if it were
    except (TypeError, ValueError):
        raise PydanticCustomError("characters", "This contains what cannot be stored.") from None
    if len(written) > MAX_OBJECT or b"\\u0000" in written:
        raise PydanticCustomError("too_large", "This may be at most 16 KiB of JSON, without NUL characters.")
    return value


Object = Annotated[dict[str, Any], AfterValidator(_small)]
Password = Annotated[
    str, Field(min_length=1, max_length=1024, description="10 to 128 characters."), AfterValidator(storable)
]
LinkToken = Annotated[str, Field(max_length=1000), AfterValidator(storable)]
# The roles that a person can be given.
_GIVEN = (Role.CUSTOMER, Role.AGENT, Role.ADMIN)
GivenRole = Annotated[Role, Field(json_schema_extra={"enum": [*_GIVEN]}), member_of(Role, _GIVEN)]


ExternalId = Annotated[str, Line(255)]  # of an account, in the host product


_PATH = r"/(?:support|help|desk)(?:/[A-Za-z0-9._~%-]+)*/?(?:[?#][A-Za-z0-9._~!$&'()*+,;=:@/?#%-]*)?"
# A browser takes them for steps, and would end elsewhere.
_DOTS = re.compile(r"[^?#]*/(?:\.|%2e){1,2}(?:[/?#]|$)", re.IGNORECASE)


def _path(value: str) -> str:
    if not re.fullmatch(_PATH, value) or _DOTS.match(value):
        raise PydanticCustomError("path", "This must be a path below /support, /help or /desk.")
    return value


ReturnTo = Annotated[
    str,
    AfterValidator(_path),
    Field(max_length=500),
    WithJsonSchema({"type": "string", "maxLength": 500, "pattern": f"^{_PATH}$"}),
]


class Login(Input):
    email: Annotated[str, Line(320)]
    password: Password


class SignUp(Input):
    email: Email
    name: Annotated[str, Line(120)]
    password: Password


class ResetRequest(Input):
    email: Email


class ResetConfirm(Input):
    token: LinkToken
    password: Password


class VerifyConfirm(Input):
    token: LinkToken
    password: Password


class FirstAdmin(Input):
    """What the one-time link of the first start asks for."""

    token: LinkToken
    email: Email
    name: Annotated[str, Line(120)]
    password: Password


class NewUser(Input):
    email: Email
    name: Annotated[str, Line(120)]
    role: GivenRole = Role.CUSTOMER


class UserChange(Input):
    """Any subset; `role` and `disabled` are for admins."""

    name: Annotated[str, Line(120)] = None  # type: ignore[assignment]
    role: GivenRole = None  # type: ignore[assignment]
    disabled: bool = None  # type: ignore[assignment]


class NewApiKey(Input):
    name: Annotated[str, Line(80)]
    scopes: Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=5)] | None = None
    expires_at: Annotated[Moment, AfterValidator(_future)] | None = None


class NewHandoff(Input):
    """Where the browser goes once it is signed in: a path of the desk's, with a query if need be."""

    return_to: ReturnTo = "/support"


class AccountPush(Input):
    """What the host knows of one of its accounts; a push replaces what was known."""

    name: Annotated[str, Line(255, blank=True)] | None = None
    plan: Annotated[str, Line(120, blank=True)] | None = None
    traits: Object = Field(default_factory=dict)
    usage: Object = Field(default_factory=dict)
