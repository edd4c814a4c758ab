"""What was held (`held`) and is due: carried out by the job that was queued for it, as its author.

A reply is read, rendered and stemmed before the transaction opens, so that nobody who writes waits for a long one. That
loses nothing: what is held never changes, and if it is gone by then, it was sent or taken back meanwhile.
"""

from sqlalchemy import Connection

from deskhand.accounts import sessions
from deskhand.accounts.actor import Actor, Client, Identity
from deskhand.accounts.queries import active_staff
from deskhand.attachments import holding
from deskhand.kit import jobs
from deskhand.kit.db import Store
from deskhand.kit.errors import Forbidden, Refusal, Unavailable
from deskhand.kit.phrases import Phrase
from deskhand.tickets import access, held, ops
from deskhand.tickets.held import Held
from deskhand.tickets.model import NewStaffReply, StaffTicketChange


def run(store: Store, held_id: str) -> None:
    """The job. Raises GiveUp where the act is refused; then it stays, with the reason beside it."""
    with store.reading() as tx:
        one = held.find(tx, held_id)
    if one is None:
        return
    new = _prepared(one) if one.kind == "reply" else None
    try:
        with store.begin() as tx:
            _carry_out(tx, one, new)
    except Unavailable:
        raise
    except Refusal as refusal:
        with store.begin() as tx:
            held.keep_problem(tx, held_id, refusal.detail)
        raise jobs.GiveUp(refusal.detail) from refusal


def _prepared(one: Held) -> NewStaffReply:
    new = NewStaffReply(body=one.given["body"], status=one.given["status"])
    new.prepare()
    return new


def _carry_out(tx: Connection, one: Held, new: NewStaffReply | None) -> None:
    """Do it as its author, who must still be in the team; what is no longer there was done before, or taken back."""
    if not held.claim(tx, one.id):
        return
    actor = _author(tx, one)
    if new is None:
        _change(tx, actor, one)
    else:
        holding.release(tx, uploader_id=one.author_id, held_by=one.id)
        _reply(tx, actor, one, new)


def _author(tx: Connection, one: Held) -> Actor:
    row = active_staff(tx, one.author_id)
    if row is None:
        message = Phrase("{name} is not in the team any more, so this was not sent.", name=one.author_name)
        raise Forbidden(message, code="staff_only")
    return sessions.actor_from(row, Client("web"), Identity.SESSION)


def _reply(tx: Connection, actor: Actor, one: Held, new: NewStaffReply) -> None:
    ticket = access.lock(tx, actor, one.ticket_ids[0])
    if change := one.given["change"]:
        ticket = ops.change(tx, actor, ticket, StaffTicketChange.model_validate(change))
    ops.reply(tx, actor, ticket, new)


def _change(tx: Connection, actor: Actor, one: Held) -> None:
    """Of many tickets those are left out that are gone meanwhile."""
    found = access.lock_all(tx, actor, one.ticket_ids)
    if not found:
        raise access.NoSuchTicket("None of these tickets is there any more.")
    wanted = held.check_tags(tx, found, one.given)
    for ticket in found:
        fields = one.given["change"] | ({"tags": wanted[ticket.id]} if ticket.id in wanted else {})
        ops.change(tx, actor, ticket, StaffTicketChange.model_validate(fields))
