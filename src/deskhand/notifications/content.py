"""What stands in each mail: reads the ticket, the message and the person, and hands them to `compose`."""

from collections.abc import Iterable
from email.message import EmailMessage
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, select

from deskhand.accounts.actor import SYSTEM
from deskhand.accounts.links import LIFETIMES
from deskhand.brand import queries as brands
from deskhand.kit import clock
from deskhand.kit.clock import DAY, HOUR
from deskhand.kit.settings import Settings
from deskhand.kit.signing import Signer
from deskhand.notifications import urls
from deskhand.notifications.audience import Notice
from deskhand.notifications.compose import Brand, Headers, compose
from deskhand.tickets import access
from deskhand.tickets.model import PRIORITIES, Ticket
from deskhand.tickets.queries import first_messages
from deskhand.tickets.tables import messages, tickets

_BODY = select(messages.c.body).where(messages.c.id == bindparam("message"))
_TICKETS = select(tickets.c.id, tickets.c.readable_id, tickets.c.subject).where(
    tickets.c.id.in_(bindparam("ids", expanding=True))
)
# What a digest says of each piece of news.
_NEWS = {
    "reply": "{actor} answered",
    "closed": "{actor} closed it",
    "status_changed": "It is {status} now",
    "reopened": "{actor} opened it again",
    "new_ticket": "{actor} filed it",
    "customer_reply": "{actor} replied",
}


class Matter(NamedTuple):
    """What the mails about one event of a ticket have in common. `told` is what each kind of them says."""

    event: RowMapping
    ticket: Ticket
    brand: Brand
    told: dict[str, dict[str, Any]]


def matter(tx: Connection, settings: Settings, event: RowMapping, kinds: Iterable[str]) -> Matter:
    """Read it, once for all who are told."""
    ticket = access.get(tx, SYSTEM, event["subject_id"])
    return Matter(event, ticket, brand_of(tx, settings), {kind: _told(tx, ticket, event, kind) for kind in kinds})


def ticket_mail(settings: Settings, signer: Signer, mail_id: str, matter: Matter, notice: Notice) -> EmailMessage:
    """The mail to one person about one event of a ticket."""
    event, ticket, brand, user = matter.event, matter.ticket, matter.brand, notice.user
    by_agent = event["actor_type"] == "agent" and notice.kind in {"reply", "unverified_reply"}
    headers = Headers(
        message_id=brand.message_id(mail_id),
        at=clock.now(),
        thread=brand.thread_id(ticket.id),
        author=event["actor_name"] if by_agent else None,
        reply_to=_reply_address(settings, signer, ticket, user["id"]),
        unsubscribe=None if notice.kind == "contact_link" else urls.silence(settings, signer, user["id"], ticket.id),
    )
    url = urls.ticket(settings, signer, ticket.id, ticket.readable_id, user, verified=ticket.verified)
    context = {"readable_id": ticket.readable_id, "ticket_url": url, **matter.told[notice.kind]}
    files = urls.files(settings, url)
    return compose(notice.kind, brand=brand, to=user["email"], context=context, headers=headers, files=files)


def account_mail(tx: Connection, settings: Settings, mail_id: str, notice: Notice, link: str) -> EmailMessage:
    """The mail that carries a single-use link."""
    brand = brand_of(tx, settings)
    purpose = {"verify_email": "verify", "password_reset": "reset", "invitation": "invite"}[notice.kind]
    context = {"link": link, "lasts": _span(LIFETIMES[purpose])}
    headers = Headers(message_id=brand.message_id(mail_id), at=clock.now())
    return compose(notice.kind, brand=brand, to=notice.user["email"], context=context, headers=headers)


def digest_mail(
    tx: Connection, settings: Settings, signer: Signer, mail_id: str, reader: RowMapping, news: list[RowMapping]
) -> EmailMessage:
    """All news that waited for one reader, grouped by ticket, in the order in which they happened."""
    brand = brand_of(tx, settings)
    about = {row.id: row for row in tx.execute(_TICKETS, {"ids": list({item["ticket_id"] for item in news})})}
    grouped: dict[str, list[str]] = {}
    for item in news:
        grouped.setdefault(item["ticket_id"], []).append(_line(item))
    told = [
        {
            "readable_id": about[ticket_id].readable_id,
            "subject": about[ticket_id].subject,
            "ticket_url": urls.ticket(settings, signer, ticket_id, about[ticket_id].readable_id, reader),
            "news": lines,
        }
        for ticket_id, lines in grouped.items()
    ]
    headers = Headers(
        message_id=brand.message_id(mail_id),
        at=clock.now(),
        unsubscribe=urls.silence(settings, signer, reader["id"], None),
    )
    return compose("digest", brand=brand, to=reader["email"], context={"tickets": told}, headers=headers)


def brand_of(tx: Connection, settings: Settings) -> Brand:
    return Brand(brands.get(tx, settings).name, settings.mail_from, settings.base_url)


def _told(tx: Connection, ticket: Ticket, event: RowMapping, kind: str) -> dict[str, Any]:
    """What a mail of this kind says beyond the ticket's number; see `compose.KINDS`."""
    author, subject = {"author": event["actor_name"]}, {"subject": ticket.subject}
    if kind == "contact_link":
        return {}
    if kind == "unverified_reply":
        return author | _body(tx, event)
    if kind == "new_ticket":
        (first,) = first_messages(tx, [ticket.id])
        named = {"author": first.author_name, "category": ticket.category, "priority": PRIORITIES[ticket.priority]}
        return subject | named | {"body": first.body}
    if kind == "closed":
        return subject | {"closed_by": event["actor_name"] if event["actor_type"] == "agent" else None}
    if kind == "status_changed":
        return subject | {"status": event["data"]["changes"]["status"][1]}
    return subject | author | _body(tx, event)


def _body(tx: Connection, event: RowMapping) -> dict[str, str]:
    """What was written, or nothing where the act was no message."""
    message_id = event["data"].get("message_id")
    found = tx.execute(_BODY, {"message": message_id}).scalar_one_or_none() if message_id else None
    return {"body": found or ""}


def _line(item: RowMapping) -> str:
    changes: Iterable[str] = (item["data"].get("changes") or {}).get("status", ("", ""))
    actor = item["data"]["actor"]
    if actor is None and item["kind"] == "closed":
        return "It was solved a while ago, so we closed it"
    return _NEWS[item["kind"]].format(actor=actor, status=list(changes)[1])


def _reply_address(settings: Settings, signer: Signer, ticket: Ticket, user_id: str) -> str | None:
    """By which an answer finds its ticket and its author, where answers by mail are set up."""
    if not settings.mail_reply_domain:
        return None
    return f"reply+{signer.reply_token(ticket.number, user_id)}@{settings.mail_reply_domain}"


def _span(lifetime: int) -> str:
    if lifetime < DAY:
        hours = lifetime // HOUR
        return "an hour" if hours == 1 else f"{hours} hours"
    days = lifetime // DAY
    return "a day" if days == 1 else f"{days} days"
