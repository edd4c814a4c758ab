"""Writes a mail. Pure: the same arguments make the same bytes, so a retry sends what the first attempt sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup

from deskhand.kit import clock
from deskhand.kit.mail_message import POLICY, mailbox, prose
from deskhand.kit.markdown import attachment_ids, render, to_text
from deskhand.kit.text import excerpt

# Stands above what a mail shows, where an answer by mail reaches the ticket; readers of answers cut there.
MARKER = "--- Please reply above this line ---"

_TICKET = {"readable_id", "ticket_url", "subject"}
# What each kind is told. A mail to an address that nobody confirmed has no place for what its visitor typed.
KINDS: dict[str, set[str]] = {
    "reply": _TICKET | {"author", "body"},
    "closed": _TICKET | {"closed_by"},  # a name, or None where time closed it
    "status_changed": _TICKET | {"status"},
    "reopened": _TICKET | {"author", "body"},  # body: "" where nothing was written
    "new_ticket": _TICKET | {"author", "category", "priority", "body"},
    "customer_reply": _TICKET | {"author", "body"},
    "contact_link": {"readable_id", "ticket_url"},
    "unverified_reply": {"readable_id", "ticket_url", "author", "body"},
    "digest": {"tickets"},  # each with readable_id, ticket_url, subject and news, a list of lines
    "verify_email": {"link", "lasts"},
    "password_reset": {"link", "lasts"},
    "invitation": {"link", "lasts"},
}


@dataclass(frozen=True, slots=True)
class Brand:
    """Whom mails come from: `sender` as `Name <address>` or an address, `base_url` as people reach the desk."""

    name: str
    sender: str
    base_url: str

    @property
    def host(self) -> str:
        """What message ids end in."""
        host = urlsplit(self.base_url).hostname or "localhost"
        return f"[IPv6:{host}]" if ":" in host else host.encode("idna").decode()

    def message_id(self, key: str) -> str:
        """The Message-ID for `key` (letters, digits, `-`, `.`): the same each time."""
        return f"<{key}@{self.host}>"

    def thread_id(self, ticket_id: str) -> str:
        """The id that all mails of a ticket answer to. No mail has it: the first that arrives opens the thread."""
        return self.message_id(f"ticket-{ticket_id}")


@dataclass(frozen=True, slots=True)
class Headers:
    """What stands around the text: `message_id` and `thread` come from Brand, `at` is in microseconds.

    `author` is whom the mail speaks for (`Sam via Acme`), `reply_to` a bare address, `unsubscribe` an https URL that
    takes a POST (RFC 8058), `references` further message ids of the thread, oldest first.
    """

    message_id: str
    at: int
    thread: str | None = None
    references: tuple[str, ...] = ()
    author: str | None = None
    reply_to: str | None = None
    unsubscribe: str | None = None


def compose(
    kind: str, *, brand: Brand, to: str, context: Mapping[str, Any], headers: Headers, files: str = ""
) -> EmailMessage:
    """The mail of `kind` for the bare address `to`. `context` holds exactly the keys of `KINDS[kind]`.

    `body` is Markdown; its attachments become links to the desk, where one signs in, or to `files` and their id.
    Raises ValueError for other keys.
    """
    if set(context) != KINDS[kind]:
        raise ValueError(f"a mail of kind {kind} takes {', '.join(sorted(KINDS[kind]))}")
    given = _given(context, brand, headers, files)
    subject = _template(f"{kind}/subject.txt").render(given)
    message = _addressed(brand, to, subject, headers)
    message.set_content(_storable(_template(f"{kind}/body.txt").render(given).strip() + "\n"))
    page = _template(f"{kind}/body.html").render(given | {"title": subject})
    message.add_alternative(_storable(page), subtype="html")
    # Else each writing of the same mail would draw another.
    message.set_boundary("=_" + sha256(headers.message_id.encode()).hexdigest()[:32])
    return message


def _given(context: Mapping[str, Any], brand: Brand, headers: Headers, files: str) -> dict[str, Any]:
    given = dict(context) | {
        "brand": brand.name,
        "unsubscribe": headers.unsubscribe,
        "marker": MARKER if headers.reply_to else None,
    }
    return given | _body(context["body"], brand.base_url, files) if "body" in context else given


@lru_cache(8)  # all who are told of an event get it one after the other
def _body(body: str, origin: str, files: str) -> dict[str, Any]:
    text = to_text(body, origin=origin)
    links = {id_: files + id_ for id_ in attachment_ids(body)} if files else {}
    page = render(body, images=False, origin=origin, links=links)
    return {
        "body_text": text,
        "body_html": Markup(page),  # noqa: S704 - nh3 has cleaned it
        "preview": excerpt(text, 120),
    }


def _addressed(brand: Brand, to: str, subject: str, headers: Headers) -> EmailMessage:
    name, address = parseaddr(brand.sender)
    message = EmailMessage(policy=POLICY)
    message["Message-ID"] = headers.message_id
    message["Date"] = format_datetime(clock.to_datetime(headers.at))
    message["From"] = mailbox(f"{headers.author} via {brand.name}" if headers.author else name or brand.name, address)
    message["To"] = mailbox("", to)
    if headers.reply_to:
        message["Reply-To"] = mailbox("", headers.reply_to)
    message["Subject"] = prose(subject)
    thread = [headers.thread] if headers.thread else []
    if references := [*thread, *headers.references]:
        message["In-Reply-To"] = references[-1]
        message["References"] = " ".join(references)
    # Answering machines should not answer: RFC 3834, and Microsoft's own word for it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if headers.unsubscribe:
        message["List-Id"] = f"<tickets.{brand.host}>"
        message["List-Unsubscribe"] = f"<{headers.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _storable(text: str) -> str:
    """`text` without what no mail and no database can hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


@cache
def _template(name: str) -> Template:
    return _EMAILS.get_template(name)


_EMAILS = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "emails"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    auto_reload=False,  # it would look for each template's file, at each mail
)
