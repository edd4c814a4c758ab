"""The contact form: tickets from visitors, what is held back, and the link by which a visitor comes back.

A form must be useless for writing to strangers: the address gets at most one mail of fixed text, and only while three
limits have room (per address and hour, per address, in all). Whether it goes is decided here, in the same transaction.
"""

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from deskhand.accounts import people
from deskhand.accounts.actor import SYSTEM, Actor, Client, Identity, Role
from deskhand.accounts.tables import users
from deskhand.categories import learning
from deskhand.kit import events, limits
from deskhand.kit.clock import DAY, HOUR, SECOND, now
from deskhand.kit.errors import Conflict, NotFound
from deskhand.kit.ids import new_id
from deskhand.kit.limits import Rate
from deskhand.kit.settings import Settings
from deskhand.kit.text import normal_email
from deskhand.tickets import access, create, search
from deskhand.tickets.model import NewPublicTicket, Priority, Status, Ticket
from deskhand.tickets.tables import messages, spam, tickets

SPAM_KEPT = 30 * DAY
HURRIED = 2 * SECOND  # in which nobody reads a form, fills it in and sends it
_ONE_AN_HOUR = Rate(1, HOUR // SECOND)

_t, _m, _s = tickets.c, messages.c, spam.c


class AlreadyReleased(Conflict):
    code = "already_released"
    title = "This was released before"


def submit(
    tx: Connection, settings: Settings, client: Client, new: NewPublicTicket, *, took: int | None = None
) -> Ticket:
    """File what a visitor sent. What a robot sent gets a ticket's answer too, but is only kept aside: a filled
    honeypot, or a form that `took` less time than a person needs (in microseconds, where there was a form)."""
    if new.honeypot:
        return _hold(tx, settings, client, new, "honeypot")
    if took is not None and took < HURRIED:
        return _hold(tx, settings, client, new, "too_fast")
    return _file(tx, settings, client, new)


def come_back(tx: Connection, ticket_id: str, client: Client) -> Actor | None:
    """The holder of a ticket's signed link; None while the link was never opened: then call `open_link`."""
    ticket = access.get(tx, SYSTEM, ticket_id)
    return _holder(tx, ticket, client) if ticket.verified else None


def open_link(tx: Connection, ticket_id: str, client: Client) -> Actor:
    """Whoever holds the signed link reads the address it went to: verify the ticket, once, and give it its account."""
    ticket = access.lock(tx, SYSTEM, ticket_id)
    return _holder(tx, ticket if ticket.verified else _verify(tx, ticket), client)


def list_spam(tx: Connection, actor: Actor, *, limit: int, offset: int) -> tuple[list[RowMapping], int]:
    """What is held back, newest first."""
    actor.require_staff()
    held = _s.released_ticket_id.is_(None)
    rows = tx.execute(select(spam).where(held).order_by(_s.id.desc()).limit(limit).offset(offset)).mappings()
    return list(rows), tx.execute(select(func.count()).select_from(spam).where(held)).scalar_one()


def release(tx: Connection, settings: Settings, actor: Actor, spam_id: str) -> Ticket:
    """It was no spam: file it as the form would have, as the ticket that was answered. NotFound, AlreadyReleased."""
    actor.require_staff()
    row = tx.execute(select(spam).where(_s.id == spam_id).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound
    if row["released_ticket_id"] is not None:
        raise AlreadyReleased
    client = Client("contact", row["ip"], row["user_agent"])
    new = NewPublicTicket.model_construct(
        name=row["name"], email=row["email"], subject=row["subject"], body=row["body"]
    )
    ticket = _file(tx, settings, client, new, create.Announced(row["id"], row["number"]))
    tx.execute(update(spam).where(_s.id == spam_id).values(released_ticket_id=ticket.id))
    events.record(tx, "spam.released", ticket.id, actor=actor.author, data={"spam_id": spam_id}, staff_only=True)
    return ticket


def sweep(tx: Connection) -> int:
    """Delete what was held back for 30 days; returns how much."""
    return tx.execute(delete(spam).where(_s.created_at < now() - SPAM_KEPT)).rowcount


def _holder(tx: Connection, ticket: Ticket, client: Client) -> Actor:
    """The requester, but on this ticket alone. Raises NoSuchTicket for one who was shut out."""
    owner = people.get(tx, ticket.requester_id)
    if owner["disabled_at"] is not None:
        raise access.NoSuchTicket
    return Actor(
        owner["id"],
        Role.CUSTOMER,
        owner["name"],
        owner["email"],
        identity=Identity.SIGNED_LINK,
        client=client,
        ticket_id=ticket.id,
    )


def _file(
    tx: Connection, settings: Settings, client: Client, new: NewPublicTicket, announced: create.Announced | None = None
) -> Ticket:
    requester = people.add_correspondent(tx, email=new.email, name=new.name, verified=False)
    visitor = Actor(requester["id"], Role.CUSTOMER, new.name, new.email, identity=Identity.UNVERIFIED, client=client)
    return create.file(
        tx,
        settings,
        visitor,
        requester,
        new.ticket,
        verified=False,
        announced=announced,
        link_mail=_may_mail(tx, settings, new.email),
    )


def _may_mail(tx: Connection, settings: Settings, email: str) -> bool:
    address = normal_email(email)
    caps: list[tuple[str, str, Rate | None]] = [
        ("contact-mail-hour", address, _ONE_AN_HOUR),
        ("contact-mail", address, settings.limit_public_recipient),
        ("contact-mail-global", "all", settings.limit_public_global),
    ]
    return limits.spend_all(tx, caps)


def _hold(tx: Connection, settings: Settings, client: Client, new: NewPublicTicket, reason: str) -> Ticket:
    """Keep the submission aside. The answer looks like any other, and takes a number like any other."""
    moment, held_id, number = now(), new_id(), create.next_number(tx, settings)
    row = {
        "id": held_id,
        "number": number,
        "name": new.name,
        "email": new.email,
        "subject": new.subject,
        "body": new.body,
        "reason": reason,
        "ip": client.ip,
        "user_agent": client.user_agent,
        "created_at": moment,
    }
    tx.execute(spam.insert(), row)
    guess = learning.suggest(tx, new.ticket.reading)
    fields = dict.fromkeys(Ticket._fields) | {
        "id": held_id,
        "number": number,
        "readable_id": f"{settings.ticket_prefix}-{number}",
        "subject": new.subject,
        "status": Status.OPEN,
        "priority": Priority.MEDIUM.rank,
        "category_slug": guess.slug,
        "category": create.category_slug_of(tx, guess.slug)["name"],
        "metadata": {},
        "created_at": moment,
        "updated_at": moment,
    }
    return Ticket(**fields)  # type: ignore[arg-type]


def _verify(tx: Connection, ticket: Ticket) -> Ticket:
    guest = people.get(tx, ticket.requester_id)
    known = people.find_by_email(tx, guest["email"])
    owner_id = known["id"] if known else guest["id"]
    values = {"verified": True, "requester_id": owner_id, "version": ticket.version + 1}
    tx.execute(update(tickets).where(_t.id == ticket.id).values(values))
    if known:
        tx.execute(update(messages).where(_m.author_id == guest["id"]).values(author_id=owner_id))
        search.move_owner(tx, ticket.id, owner_id)
        tx.execute(delete(users).where(users.c.id == guest["id"]))
    else:
        people.verify_email(tx, guest["id"])
    author = (owner_id, "customer", guest["name"])
    events.record(tx, "ticket.verified", ticket.id, actor=author, data={"requester_id": owner_id}, staff_only=True)
    return ticket._replace(**values)
