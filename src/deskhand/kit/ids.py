"""Ids: UUIDv7 as lower-case text, so that they sort by time."""

import re
import secrets

from uuid_utils import uuid7

from deskhand.kit import clock

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh UUIDv7, `550e8400-e29b-71d4-a716-446655440000`."""
    moment = clock.pretended()
    return str(uuid7() if moment is None else uuid7(nanoseconds=moment * 1000))


def parse_id(text: str) -> str | None:
    """`text` in canonical form, or None where it is not a UUID."""
    lowered = text.lower()
    return lowered if _UUID.fullmatch(lowered) else None


def new_secret(nbytes: int = 32) -> str:
    """A random URL-safe string of `nbytes` bytes of entropy."""
    return secrets.token_urlsafe(nbytes)
