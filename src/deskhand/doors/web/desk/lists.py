"""Tickets as the desk's lists show them: in the wire's shape, with what was said last and who it is about."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from deskhand.accounts import queries as people
from deskhand.tickets import latest
from deskhand.tickets.model import Status
from deskhand.tickets.staff_wire import StaffTicket


def rows(tx: Connection, tickets: Sequence[StaffTicket]) -> list[dict[str, Any]]:
    """Each with `latest`, the requester's `account`, and `waits`: the customer has spoken last, and it is our turn."""
    said = latest.of(tx, [ticket["id"] for ticket in tickets])
    accounts = people.accounts_of(tx, [ticket["requester"]["id"] for ticket in tickets]) if tickets else {}
    return [
        {
            **ticket,
            "latest": said.get(ticket["id"]),
            "account": accounts.get(ticket["requester"]["id"]),
            "waits": ticket["status"] == Status.OPEN and _is_customers(said.get(ticket["id"])),
        }
        for ticket in tickets
    ]


def _is_customers(message: latest.Latest | None) -> bool:
    return message is not None and message.author_type == "customer"
