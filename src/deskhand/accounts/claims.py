"""What tokens claim: times, texts and objects as strangers write them, checked before anything is made of them."""

import math
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic_core import PydanticCustomError

from deskhand.accounts.jws import refuse
from deskhand.kit import clock
from deskhand.kit.text import email, plain_line

_MAX_TEXT = 255
_MAX_OBJECT = 16 * 1024  # bytes of JSON, for `account` and `usage`
# Later dates are milliseconds taken for seconds, or an attempt to overflow something.
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


@dataclass(frozen=True, slots=True)
class Claims:
    """What a host's token says: `subject` is who; `email` and `name` are usable or None, `everything` is all."""

    subject: str
    expires_at: int  # microseconds
    email: str | None
    name: str | None
    account: dict[str, Any] | None
    usage: dict[str, Any] | None
    everything: dict[str, Any] = field(repr=False)


def host_claims(payload: dict[str, Any], expires_at: int) -> Claims:
    return Claims(
        subject=payload["sub"],
        expires_at=expires_at,
        email=_email(payload.get("email")),
        name=_name(payload.get("name")),
        account=_object(payload.get("account")),
        usage=_object(payload.get("usage")),
        everything=payload,
    )


def times(payload: dict[str, Any], leeway: int) -> int:
    """The end of the token's life in microseconds. Raises BadToken before its beginning and after its end."""
    now = clock.now() / clock.SECOND
    expires = _number(payload.get("exp"), "exp")
    if expires + leeway <= now:
        refuse("expired")
    for name in ("nbf", "iat"):
        if name in payload and _number(payload[name], name) > now + leeway:
            refuse(f"{name} lies in the future")
    return int(expires * clock.SECOND)


def text(payload: dict[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_TEXT:
        refuse(f"{name} is missing or of a wrong length")
    if value.isspace() or _without_controls(value) != value:
        refuse(f"{name} is blank or has control characters")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(f"{name} is not a number")
    if not math.isfinite(value) or abs(value) > _LAST_SECOND:
        refuse(f"{name} is out of range")
    return value


def _email(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return email(value)
    except PydanticCustomError:
        return None


def _name(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return plain_line(value, _MAX_TEXT) or None


def _object(value: Any) -> dict[str, Any] | None:
    """`value` where it is an object that can be stored."""
    if not isinstance(value, dict):
        return None
    try:
        size = len(orjson.dumps(value))
    except TypeError:  # nested too deeply to be written again
        return None
    return value if size <= _MAX_OBJECT else None


def _without_controls(value: str) -> str:
    return "".join(c for c in value if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
