"""Enrichment: what staff see beside a ticket, as it was when the ticket was filed."""

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from deskhand.accounts import people
from deskhand.accounts.actor import Actor, Client, Identity, Role
from deskhand.kit.clock import rfc3339
from deskhand.kit.settings import Settings
from deskhand.kit.statements import Statement
from deskhand.tickets.model import Ticket
from deskhand.tickets.tables import enrichments, tickets

_t, _e = tickets.c, enrichments.c
_RECENT = Statement(
    select(_t.id, _t.readable_id, _t.subject, _t.status, _t.created_at)
    .where(_t.requester_id == bindparam("requester"), _t.id != bindparam("ticket"))
    .order_by(_t.created_at.desc(), _t.id.desc())
    .limit(5)
)
_INSERT = Statement(enrichments.insert())
_FIND = Statement(select(enrichments).where(_e.ticket_id == bindparam("ticket")))


def take(tx: Connection, settings: Settings, ticket: Ticket, requester: RowMapping, client: Client) -> None:
    """Keep account, usage, client and recent tickets. Usage nobody gave is asked for later, if a URL is configured."""
    account, usage = known(tx, requester)
    state = "given" if usage else "waiting" if settings.enrich_url else "none"
    row = {
        "ticket_id": ticket.id,
        "account": account,
        "usage": usage,
        "client": {"via": client.via, "user_agent": client.user_agent, "ip": client.ip},
        "recent": [_brief(*row) for row in _RECENT.rows(tx, {"requester": ticket.requester_id, "ticket": ticket.id})],
        "usage_state": state,
    }
    _INSERT.run(tx, row)


def known(tx: Connection, requester: RowMapping) -> tuple[dict[str, Any], dict[str, Any]]:
    """Account and usage: what the host pushed, over what the person's last token claimed."""
    claims = requester["claims"] or {}
    account, usage = dict(claims.get("account") or {}), dict(claims.get("usage") or {})
    if requester["account_id"] and (row := people.find_account(tx, account_id=requester["account_id"])):
        pushed = {"id": row["external_id"], "name": row["name"], "plan": row["plan"], "traits": row["traits"]}
        account |= {key: value for key, value in pushed.items() if value}
        usage |= row["usage"]
    return account, usage


def find(tx: Connection, ticket_id: str) -> RowMapping | None:
    return _FIND.mapping(tx, {"ticket": ticket_id})


def keep_usage(tx: Connection, ticket_id: str, usage: dict[str, Any]) -> None:
    """The host's answer, once it came."""
    waiting = update(enrichments).where(_e.ticket_id == ticket_id, _e.usage_state != "given")
    if tx.execute(waiting.values(usage=usage, usage_state="fetched")).rowcount:
        _touch(tx, ticket_id)


def give_up_usage(tx: Connection, ticket_id: str) -> None:
    waiting = update(enrichments).where(_e.ticket_id == ticket_id, _e.usage_state == "waiting")
    if tx.execute(waiting.values(usage_state="failed")).rowcount:
        _touch(tx, ticket_id)


def _touch(tx: Connection, ticket_id: str) -> None:
    """Staff see it, so their version of the ticket is a new one."""
    tx.execute(update(tickets).where(_t.id == ticket_id).values(version=_t.version + 1))


def on_behalf(requester: RowMapping, client: Client) -> Actor:
    """The requester as author of words that somebody else handed in."""
    return Actor(
        requester["id"],
        Role.CUSTOMER,
        requester["name"],
        requester["email"],
        identity=Identity.UNVERIFIED,
        client=client,
    )


def _brief(ticket_id: str, readable_id: str, subject: str, status: str, created_at: int) -> dict[str, Any]:
    return {
        "id": ticket_id,
        "readable_id": readable_id,
        "subject": subject,
        "status": status,
        "created_at": rfc3339(created_at),
    }
