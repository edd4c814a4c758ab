"""Sends one mail by SMTP. Knows nothing of what is in it."""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from ipaddress import ip_address
from typing import Literal, cast, get_args
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from deskhand.kit.jobs import GiveUp, TryLater
from deskhand.kit.mail_message import ascii_address, policy_of

TIMEOUT = 30.0  # seconds for a mail, from looking up the server's name to its answer
_GOODBYE = 2.0

Starttls = Literal["required", "auto", "off"]


class Temporary(TryLater):
    """The mail did not go now but may later: no connection, no answer in time, a refusal for the moment."""


class Permanent(GiveUp):
    """The server will never take this mail: it refused the recipient or the content."""


@dataclass(frozen=True)
class Server:
    """Where mails go. `password` stays out of the representation, and so out of logs."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False  # from the first byte
    starttls: Starttls = "auto"


class Mailer:
    """Sends mails one by one, each over a connection of its own; safe to use from several threads."""

    def __init__(self, server: Server, *, timeout: float = TIMEOUT) -> None:
        self.server = server
        self.timeout = timeout

    def send(self, message: EmailMessage, to: str) -> str:
        """Hands `message` over for `to` alone, whatever its headers say, and returns the server's answer.

        Blocks for `timeout` seconds and a moment at most. Raises Temporary and Permanent. When a connection breaks
        between the mail's end and the answer, nobody knows whether it went: that is Temporary, so a mail may arrive
        twice, with the same Message-ID.
        """
        return asyncio.run(self._send(message, to))

    async def _send(self, message: EmailMessage, to: str) -> str:
        sender = message["From"].addresses[0]
        client = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            use_tls=self.server.tls,
            start_tls={"required": True, "auto": None, "off": False}[self.server.starttls],
            username=self.server.user or None,
            password=self.server.password or None,
            tls_context=self._tls,
            # The library would ask the DNS for this machine's name, and wait.
            local_hostname=(ascii_address(sender.addr_spec) or sender.addr_spec).rpartition("@")[2],
            timeout=None,
        )
        transport = None
        try:
            async with asyncio.timeout(self.timeout):
                await client.connect()
                transport = cast(asyncio.WriteTransport, client.transport)
                answer = await _hand_over(client, message, sender.addr_spec, to)
            # The mail has gone: trouble with the goodbye must not send it again.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE)
            return self._clean(answer)
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise self._classified(problem) from None
        finally:
            client.close()
            if transport:
                transport.abort()  # else a TLS connection would wait for the other side to part as well

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Reading the system's certificates takes 30 ms, more than all else that is done for a mail.
        return ssl.create_default_context()

    def _classified(self, problem: Exception) -> Temporary | Permanent:
        if isinstance(problem, aiosmtplib.SMTPRecipientsRefused):
            problem = problem.recipients[0]
        refused = isinstance(problem, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
        if isinstance(problem, aiosmtplib.SMTPResponseException):
            said = self._clean(f"{problem.code} {problem.message}")
            # A 5xx to anything else (greeting, login, sender) is about the set-up, and ends once that is mended.
            if refused and problem.code >= 500:
                return Permanent(f"The mail server refused this mail: {said}")
            return Temporary(f"The mail server did not take this mail: {said}")
        if isinstance(problem, TimeoutError):
            return Temporary(f"The mail server gave no answer within {self.timeout:g} seconds.")
        if isinstance(problem, aiosmtplib.SMTPServerDisconnected):
            return Temporary("The mail server closed the connection.")
        return Temporary(f"The mail server could not be used: {self._clean(str(problem))}")

    def _clean(self, text: str) -> str:
        """`text` on one short line without our credentials, which servers may echo."""
        for secret in (self.server.password, self.server.user):
            text = text.replace(secret, "***") if secret else text
        return " ".join(re.sub(r"[^\x20-\x7e]+", " ", text).split())[:200]


def mailer_for(url: str) -> Mailer | None:
    """The mailer of `DESKHAND_SMTP_URL`, or None where it is empty: then mails stay in the outbox.

    Raises ValueError.
    """
    return Mailer(parse_url(url)) if url else None


def parse_url(url: str) -> Server:
    """The server in `smtp[s]://user:pass@host:port?starttls=required|auto|off`; user and password percent-encoded.

    Without a word on STARTTLS it is required where a password would go over a network, else used if offered.
    Raises ValueError, without the password in it.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("should look like smtp://user:pass@host:port")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is no number between 1 and 65535") from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    tls = parts.scheme == "smtps"
    starttls = _starttls(parts.query, "required" if user and not _is_loopback(parts.hostname) else "auto")
    default_port = 465 if tls else 587 if user else 25
    return Server(parts.hostname, port or default_port, user, password, tls, "off" if tls else starttls)


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage, sender: str, to: str) -> str:
    options: list[str] = []
    if not to.isascii() and not (to := ascii_address(to) or to).isascii():
        if not client.supports_extension("smtputf8"):
            raise Permanent("The mail server cannot write to an address with such letters (it has no SMTPUTF8).")
        options = ["SMTPUTF8"]
    content = message.as_bytes(policy=policy_of(message))
    _, answer = await client.sendmail(sender, [to], content, mail_options=options)
    return answer


def _starttls(query: str, default: Starttls) -> Starttls:
    given = parse_qs(query, keep_blank_values=True)
    value = given.pop("starttls", [default])[-1]
    if given or value not in get_args(Starttls):
        raise ValueError("knows one option: starttls=required, auto or off")
    return cast(Starttls, value)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
