"""Signed tokens for links and reply addresses: bound to one purpose, short, and unforgeable without the instance's key.

That a link works only once is the database's affair.
"""

import base64
import binascii
import hmac
import re
import uuid
from functools import lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from deskhand.kit import clock
from deskhand.kit.errors import NotFound

MIN_KEY = 32  # bytes

_VERSION = b"\x01"
_MAC = 16  # bytes
_EXPIRY = 5  # bytes, whole seconds since the epoch; zero for never
_MAX_TOKEN = 4096
_TOKEN = re.compile(r"[A-Za-z0-9_-]{30,}")

# An address's local part holds 64 characters (RFC 5321, 4.5.3.1.1), and mail servers may change their case. Two UUIDs
# and 80 bits of signature would need 65 even without "reply+", so the ticket goes by its number: 53 characters.
_REPLY_MAC = 12
_REPLY_NUMBER = 5
_REPLY = re.compile(r"[a-z2-7]{53}")

_UUID_JSON = re.compile(rb'"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"')
_UUID_PACKED = re.compile(rb"\x01(.{16})", re.DOTALL)


class BadSignature(NotFound):
    """The link or address was not made by this instance for this purpose."""

    code = "link_invalid"
    title = "This link is not valid"


class LinkExpired(BadSignature):
    """It was, and its time is over."""

    code = "link_expired"
    title = "This link has expired"


@lru_cache(maxsize=256)
def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF, RFC 5869), so that nothing signed for one passes for another.

    Raises ValueError where `key` is too short to be safe.
    """
    if len(key) < MIN_KEY:
        raise ValueError(f"a signing key needs at least {MIN_KEY} bytes")
    return HKDF(SHA256(), length=32, salt=None, info=b"deskhand:" + purpose.encode()).derive(key)


class Signer:
    """Signs with keys derived from `key`, at least 32 random bytes that the instance keeps."""

    def __init__(self, key: bytes) -> None:
        derive(key, "check")
        self._key = key

    def sign(self, purpose: str, payload: dict[str, Any] | list[Any], ttl_us: int | None) -> str:
        """A URL-safe token: 79 characters for two ids in a list. It ends after `ttl_us` microseconds, or never."""
        ends = 0 if ttl_us is None else -(-(clock.now() + ttl_us) // clock.SECOND)
        body = _VERSION + ends.to_bytes(_EXPIRY) + _pack(payload)
        return base64.urlsafe_b64encode(body + self._mac("link:" + purpose, body, _MAC)).rstrip(b"=").decode()

    def read(self, token: str, purpose: str) -> Any:
        """The payload. Raises BadSignature, and LinkExpired where nothing but the time is wrong."""
        signed = _decode(token)
        body, mac = signed[:-_MAC], signed[-_MAC:]
        if body[:1] != _VERSION or not hmac.compare_digest(mac, self._mac("link:" + purpose, body, _MAC)):
            raise BadSignature
        ends = int.from_bytes(body[1 : 1 + _EXPIRY])
        if ends and ends * clock.SECOND <= clock.now():
            raise LinkExpired
        return _unpack(body[1 + _EXPIRY :])

    def reply_token(self, ticket_number: int, user_id: str) -> str:
        """What goes between `reply+` and `@`: 53 characters that survive a change of case. It never ends."""
        body = ticket_number.to_bytes(_REPLY_NUMBER) + uuid.UUID(user_id).bytes
        return base64.b32encode(body + self._mac("reply-address", body, _REPLY_MAC)).rstrip(b"=").decode().lower()

    def read_reply_token(self, token: str) -> tuple[int, str]:
        """The ticket's number and the id of the user to whom the address was given. Raises BadSignature."""
        lowered = token.lower()
        if not token.isascii() or not _REPLY.fullmatch(lowered):
            raise BadSignature
        signed = base64.b32decode(lowered.upper() + "===")
        number = int.from_bytes(signed[:_REPLY_NUMBER])
        user_id = str(uuid.UUID(bytes=signed[_REPLY_NUMBER:-_REPLY_MAC]))
        # The whole is compared, for the last character has a bit to spare.
        if not hmac.compare_digest(lowered, self.reply_token(number, user_id)):
            raise BadSignature
        return number, user_id

    def _mac(self, purpose: str, body: bytes, size: int) -> bytes:
        return hmac.digest(derive(self._key, purpose), body, "sha256")[:size]


def _pack(payload: dict[str, Any] | list[Any]) -> bytes:
    """JSON with each UUID as a control character, which JSON text never holds, and its 16 bytes."""
    return _UUID_JSON.sub(lambda found: b"\x01" + uuid.UUID(found[1].decode()).bytes, orjson.dumps(payload))


def _unpack(packed: bytes) -> Any:
    return orjson.loads(_UUID_PACKED.sub(lambda found: b'"%s"' % str(uuid.UUID(bytes=found[1])).encode(), packed))


def _decode(token: str) -> bytes:
    """The bytes of a token, of which there is only one spelling."""
    if len(token) > _MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise BadSignature
    try:
        signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        raise BadSignature from None
    if base64.urlsafe_b64encode(signed).rstrip(b"=").decode() != token:
        raise BadSignature
    return signed
