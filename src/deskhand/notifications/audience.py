"""Who is told what. Pure reading: an event in, the mails that follow from it out.

The team is the assignee, or everyone active in it while there is none. Nobody is told of their own act, nor of a ticket
they muted. A customer's switches decide about the customer's mails; the team's have none. Whoever stopped all mails by
a digest's link gets only what has to reach them: links to sign in by, and an answer that waits for its link.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, select

from deskhand.accounts import people
from deskhand.accounts.actor import SYSTEM
from deskhand.accounts.queries import active_staff, team
from deskhand.kit.errors import NotFound
from deskhand.notifications import preferences
from deskhand.notifications.tables import mutes
from deskhand.notifications.tables import preferences as switches
from deskhand.tickets import access
from deskhand.tickets.model import Status, Ticket

TICKET_EVENTS = ("ticket.created", "ticket.replied", "ticket.closed", "ticket.reopened", "ticket.changed")
ACCOUNT_KINDS = {"user.signed_up": "verify_email", "user.reset_asked": "password_reset", "user.invited": "invitation"}

# Sent at once even to those who gather their news: without them there is no way in, or they answer a stranger.
_URGENT = {"contact_link", "unverified_reply", *ACCOUNT_KINDS.values()}
_DONE = (Status.RESOLVED, Status.CLOSED)
_MUTED = select(mutes.c.user_id).where(mutes.c.ticket_id == bindparam("ticket"))
_STOPPED = select(switches.c.user_id).where(
    switches.c.user_id.in_(bindparam("users", expanding=True)), switches.c.stopped
)


class Notice(NamedTuple):
    """One mail to be: `kind` names its template."""

    kind: str
    user: RowMapping

    @property
    def urgent(self) -> bool:
        return self.kind in _URGENT


def notices(tx: Connection, event: RowMapping) -> list[Notice]:
    """The mails that follow from `event`."""
    if kind := ACCOUNT_KINDS.get(event["name"]):
        found, silent = [Notice(kind, people.get(tx, event["subject_id"]))], set()
    else:
        try:
            ticket = access.get(tx, SYSTEM, event["subject_id"])
        except NotFound:
            return []
        found = [*_to_team(tx, event, ticket), *_to_requester(tx, event, ticket)]
        silent = _silent(tx, ticket, found)
    return [
        notice
        for notice in found
        if notice.user["email"] and notice.user["disabled_at"] is None and notice.user["id"] not in silent
    ]


def _silent(tx: Connection, ticket: Ticket, found: list[Notice]) -> set[str]:
    """Who will hear nothing of this ticket, or nothing that can wait."""
    muted = tx.execute(_MUTED, {"ticket": ticket.id}).scalars()
    may_wait = [notice.user["id"] for notice in found if not notice.urgent]
    return {*muted, *tx.execute(_STOPPED, {"users": may_wait}).scalars()}


def _to_team(tx: Connection, event: RowMapping, ticket: Ticket) -> list[Notice]:
    kind = _team_kind(event)
    if kind is None:
        return []
    assignee = active_staff(tx, ticket.assignee_id) if ticket.assignee_id else None
    members = [assignee] if assignee else team(tx)
    return [Notice(kind, member) for member in members if member["id"] != event["actor_id"]]


def _team_kind(event: RowMapping) -> str | None:
    if event["name"] == "ticket.created":
        return "new_ticket"
    before, after = _status_change(event)
    if after == Status.OPEN and (before in _DONE or event["name"] == "ticket.reopened"):
        return "reopened"
    return "customer_reply" if event["name"] == "ticket.replied" and event["actor_type"] == "customer" else None


def _to_requester(tx: Connection, event: RowMapping, ticket: Ticket) -> list[Notice]:
    requester = people.get(tx, ticket.requester_id)
    if event["name"] == "ticket.created":
        return [Notice("contact_link", requester)] if event["data"].get("link_mail") else []
    if event["actor_id"] == requester["id"]:
        return []
    answered = event["name"] == "ticket.replied"
    if not ticket.verified:
        # The address may be a stranger's: nothing but an agent's own words goes there.
        return [Notice("unverified_reply", requester)] if answered else []
    wanted = preferences.get(tx, requester["id"])
    kind = "reply" if answered and wanted["notify_on_reply"] else _status_kind(event, wanted)
    return [Notice(kind, requester)] if kind else []


def _status_kind(event: RowMapping, wanted: Any) -> str | None:
    _, after = _status_change(event)
    if after is None:
        return None
    if after == Status.CLOSED:
        return "closed" if wanted["notify_on_close"] else None
    return "status_changed" if wanted["notify_on_status_change"] else None


def _status_change(event: RowMapping) -> tuple[str | None, str | None]:
    before, after = (event["data"].get("changes") or {}).get("status", (None, None))
    return before, after
