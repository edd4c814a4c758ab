"""Mails as bytes: headers that say exactly what they were given, and nothing more.

The standard library's own folding breaks long message ids and addresses apart as if they were prose, loses spaces in
long subjects, and takes `=?utf-8?q?…?=` in what people type for its own encoding.
"""

import re
from contextlib import suppress
from email import message_from_string
from email.header import Header
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import lru_cache
from typing import Any, cast

from email_validator import EmailNotValidError, validate_email

# Line ends and other control characters, and marks that turn the direction of the text around them.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_SAFE_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+/^_`{|}~-]*")
_ADDRESSES = frozenset(("from", "to", "reply-to", "sender"))
_TOKENS = frozenset(
    ("message-id", "in-reply-to", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post", "date")
)


class _Policy(EmailPolicy):
    """Folds the headers that we write by ourselves; those of a message read from text stay as they stood there."""

    def fold(self, name: str, value: Any) -> str:
        return self._written(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        written = self._written(name, value)
        return written.encode() if written else super().fold_binary(name, value)

    def _written(self, name: str, value: Any) -> str | None:
        kind, used = name.lower(), len(name) + 2
        if not hasattr(value, "name"):  # text, not a parsed header
            return None
        if kind == "subject":
            folded = _prose(str(value), used)
        elif kind in _ADDRESSES:
            folded = ",\r\n ".join(_mailbox(address, used, self.utf8) for address in value.addresses)
        elif kind in _TOKENS:
            folded = _tokens(str(value), used)
        else:
            return None
        return f"{name}: {folded}\r\n"


# Those that stay from mail to mail, and one mail's own; each takes some 9 kB.
_HEADERS_KEPT = 32


class _Headers(HeaderRegistry):
    """Keeps what it made: the library makes a class for each header and parses its value, over a millisecond a mail,
    while most headers are the same from mail to mail. They are values: nothing changes one."""

    def __init__(self) -> None:
        super().__init__()
        self._made = lru_cache(_HEADERS_KEPT)(super().__call__)

    def __call__(self, name: str, value: Any) -> Any:
        return self._made(name, value)


# 7bit: neither 8BITMIME nor the storage of mails as text need be thought of.
POLICY = _Policy(linesep="\r\n", cte_type="7bit", refold_source="none", header_factory=_Headers())
UTF8_POLICY = POLICY.clone(utf8=True)


def prose(text: str) -> str:
    """A value for `message["Subject"]` that reads back as `text`, whatever that looks like, on one line."""
    line = one_line(text)
    return Header(line, "utf-8", maxlinelen=10_000).encode() if "=?" in line else line


def mailbox(name: str, address: str) -> str:
    """A value for `message["From"]` and its like: one address with any name, its domain as the DNS knows it."""
    line = one_line(name)
    spec = ascii_address(address) or address
    if not line:
        return spec
    if _SAFE_NAME.fullmatch(line):
        return f"{line} <{spec}>"
    return f"{Header(line, 'utf-8', maxlinelen=10_000).encode()} <{spec}>"


def one_line(text: str) -> str:
    return " ".join(_UNFIT.sub(" ", text).split())


def ascii_address(address: str) -> str | None:
    """`address` in ASCII, by its domain's DNS form; None where the part before the @ has none."""
    if address.isascii():
        return address
    with suppress(EmailNotValidError):
        return validate_email(address, check_deliverability=False, test_environment=True).ascii_email
    return None


def policy_of(message: EmailMessage) -> _Policy:
    """Headers in ASCII, unless an address in them cannot be."""
    fields = [message[name] for name in _ADDRESSES if message[name]]
    ascii_only = all(address.addr_spec.isascii() for line in fields for address in line.addresses)
    return POLICY if ascii_only else UTF8_POLICY


def to_text(message: EmailMessage) -> str:
    """The mail as text with CRLF line ends, as it goes over the wire: fit to be stored."""
    return message.as_bytes(policy=policy_of(message)).decode()


def from_text(text: str) -> EmailMessage:
    """The mail that `to_text` made."""
    return cast(EmailMessage, message_from_string(text, policy=UTF8_POLICY))


def _prose(text: str, used: int) -> str:
    line = one_line(text)
    plain = line.isascii() and "=?" not in line and len(line) + used <= 78
    return line if plain else _encoded(line, used)


def _mailbox(address: Any, used: int, utf8: bool) -> str:
    spec, line = address.addr_spec, one_line(address.display_name)
    if not spec.isascii() and not utf8:
        raise ValueError("this address needs UTF-8 headers")
    if not line:
        return spec
    if _SAFE_NAME.fullmatch(line) and len(line) + used <= 78:
        return f"{line}\r\n <{spec}>" if len(line) + len(spec) + used > 75 else f"{line} <{spec}>"
    return f"{_encoded(line, used)}\r\n <{spec}>"


def _encoded(line: str, used: int) -> str:
    return Header(line, "utf-8", maxlinelen=74, header_name="x" * (used - 2)).encode(linesep="\r\n")


def _tokens(text: str, used: int) -> str:
    """`text` broken only at its spaces, each line under 78 characters where a single word is not longer itself."""
    lines, room = [""], 78 - used
    for word in one_line(text).split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = 77
        else:
            lines[-1] += (" " if lines[-1] else "") + word
    return "\r\n ".join(lines)
