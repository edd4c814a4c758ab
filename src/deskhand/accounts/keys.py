"""API keys: `dh_live_`, 32 random characters, and a checksum by which typing errors and secret scanners know them.

Stored is the SHA-256 alone. A slow hash would protect nothing here: 190 random bits cannot be guessed.
"""

import re
import secrets
import string
import zlib
from hashlib import sha256
from typing import NamedTuple

KEY_START = "dh_live_"

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 32
_CHECKSUM = 6  # 62**6 exceeds 2**32
_LISTED = 14
_KEY = re.compile(rf"{KEY_START}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}")


class NewKey(NamedTuple):
    """`plain` is shown once, `prefix` is listed, `hash` (64 hexadecimal digits) is what finds the key again."""

    plain: str
    prefix: str
    hash: str


def new_key() -> NewKey:
    start = KEY_START + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    plain = start + _checksum(start)
    return NewKey(plain, plain[:_LISTED], _hash(plain))


def parse(text: str) -> str | None:
    """The hash to look up, or None where `text` cannot be a key."""
    if not _KEY.fullmatch(text) or text[-_CHECKSUM:] != _checksum(text[:-_CHECKSUM]):
        return None
    return _hash(text)


def _hash(plain: str) -> str:
    return sha256(plain.encode()).hexdigest()


def _checksum(text: str) -> str:
    """CRC-32 in base 62."""
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
