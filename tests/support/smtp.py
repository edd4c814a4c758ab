"""A real SMTP server on loopback that does as it is told."""

import asyncio
import ssl
import threading
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

Mode = Literal[
    "accept",
    "fail",  # 451 after the mail's content: try again later
    "echo",  # 451 to the recipient, with the user and the password in it
    "busy",  # 421 to the greeting
    "refuse",  # 550 to the recipient
    "reject",  # 554 after the content
    "refuse sender",  # 553 to the sender
    "stall",  # never answers the greeting
    "stall data",  # never answers the content
    "stall quit",  # takes the mail, never says goodbye
    "drop",  # takes the content and hangs up without a word
    "drop after",  # takes the content, says so and hangs up
]


class Received(EmailMessage):
    """A mail as it arrived, with its envelope."""

    mail_from: str
    rcpt_to: list[str]
    raw: bytes


class SmtpServer:
    """`with SmtpServer() as server:` then `server.url`, `server.messages`, `server.mode = "fail"`.

    `login` makes it ask for that user and password; `tls` is its context, for STARTTLS or, with `implicit`, from the
    first byte. `server.attempts` counts connections.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        smtputf8: bool = True,
    ) -> None:
        self.mode: Mode = "accept"
        self.messages: list[Received] = []
        self.attempts = 0
        self.port = 0
        self.login = login
        self._tls = tls
        self._implicit = implicit
        self._smtputf8 = smtputf8
        self._sessions: list[SMTP] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smtp", daemon=True)

    @property
    def url(self) -> str:
        return f"{'smtps' if self._implicit else 'smtp'}://127.0.0.1:{self.port}"

    def __enter__(self) -> "SmtpServer":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        server = await self._loop.create_server(
            self._session, "127.0.0.1", 0, ssl=self._tls if self._implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for session in self._sessions:
            if session.transport:
                # Python 3.11.2 fails here for a TLS connection whose other end has gone already.
                with suppress(AttributeError):
                    session.transport.abort()
        await asyncio.sleep(0.02)  # for transports to notice that they are closed

    def _session(self) -> SMTP:
        self.attempts += 1
        session = SMTP(
            _Handler(self),
            hostname="mail.test",
            enable_SMTPUTF8=self._smtputf8,
            tls_context=None if self._implicit else self._tls,
            require_starttls=bool(self._tls and not self._implicit),
            authenticator=self._authenticate,
            auth_require_tls=False,
            loop=self._loop,
        )
        self._sessions.append(session)
        return session

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any) -> AuthResult:
        matches = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=matches, handled=matches)


class _Handler:
    def __init__(self, owner: SmtpServer) -> None:
        self.owner = owner

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        if self.owner.mode == "stall":
            await self.owner._over.wait()
        session.host_name = hostname
        return ["421 too busy"] if self.owner.mode == "busy" else responses

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.owner.login and not session.authenticated:
            return "530 5.7.0 log in first"
        if self.owner.mode == "refuse sender":
            return "553 5.7.1 not your address"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.owner.mode == "refuse":
            return "550 5.1.1 no such user here"
        if self.owner.mode == "echo" and self.owner.login:
            return "451 " + " knows ".join(self.owner.login)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        if self.owner.mode == "stall quit":
            await self.owner._over.wait()
        return "221 bye"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        mode = self.owner.mode
        if mode == "stall data":
            await self.owner._over.wait()
        if mode == "fail":
            return "451 4.3.0 try again later"
        if mode == "reject":
            return "554 5.6.0 we do not like it"
        assert isinstance(envelope.content, bytes)
        received = message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), _class=Received, policy=policy.default)
        received.mail_from, received.rcpt_to, received.raw = (
            str(envelope.mail_from),
            envelope.rcpt_tos,
            envelope.content,
        )
        self.owner.messages.append(received)
        if mode == "drop":
            server.transport.abort()
        if mode == "drop after":
            server.transport.write(b"250 OK queued as 1\r\n")
            server.transport.close()
        return f"250 OK queued as {len(self.owner.messages)}"
