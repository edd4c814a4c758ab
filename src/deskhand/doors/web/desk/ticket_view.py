"""What the ticket's page shows, read in one go."""

from typing import Any

from sqlalchemy import Connection

from deskhand.accounts import people
from deskhand.accounts.actor import Actor
from deskhand.accounts.queries import team
from deskhand.categories import queries as categories
from deskhand.csat import ops as csat_ops
from deskhand.csat import queries as csat
from deskhand.csat import wire as csat_wire
from deskhand.doors import shapes
from deskhand.doors.web import threads
from deskhand.kit.clock import now, rfc3339
from deskhand.kit.markdown import render as render_markdown
from deskhand.tickets import access, glances, held, presence, snapshot, staff_wire
from deskhand.tickets.staff_wire import HistoryEntry, StaffMessage

# What a message or the ticket itself tells already.
_TOLD = {"ticket.created", "ticket.replied", "ticket.noted", "ticket.rated"}
_PAST = 6


def read(tx: Connection, actor: Actor, ref: str, language: str, zone: str) -> dict[str, Any]:
    """Everything about one ticket; `timeline` is None where `thread` was rendered a moment ago. Raises NotFound."""
    ticket = access.get(tx, actor, ref)
    key = threads.key("desk", ticket.id, ticket.version, language, zone)
    thread = threads.find(key)
    staff = [{"id": row["id"], "name": row["name"]} for row in team(tx)]
    past = glances.recent_of(tx, actor, ticket.requester_id, _PAST + 1)
    return {
        "ticket": shapes.desk_ticket(tx, ticket),
        "thread": thread,
        "thread_key": key,
        "timeline": None if thread is not None else timeline(*shapes.desk_entries(tx, ticket)),
        "enrichment": staff_wire.enrichment_of(snapshot.find(tx, ticket.id)) or {},
        "satisfaction": csat_wire.rating(csat_ops.find(tx, ticket.id)),
        "team": staff,
        "categories": [{"slug": row["slug"], "name": row["name"]} for row in categories.list_active(tx)],
        "names": {person["id"]: person["name"] for person in staff},
        "on_its_way": [_held(row, actor) for row in held.of_ticket(tx, ticket.id)],
        "others": presence.others(tx, actor, ticket.id),
        "customer": _customer(tx, ticket.requester_id),
        "past": [row for row in past if row.id != ticket.id][:_PAST],
        "latest": glances.latest_of_others(tx, actor, ticket.id),
        "ratings": csat.of_person(tx, ticket.requester_id),
    }


def timeline(messages: list[StaffMessage], history: list[HistoryEntry]) -> list[tuple[str, Any]]:
    """Messages, and between them what was changed, in the order in which it happened."""
    said: list[tuple[str, int, Any]] = [(it["created_at"], 0, it) for it in messages]
    changes: list[tuple[str, int, Any]] = [(it["at"], 1, it) for it in history if _worth_telling(it)]
    ordered = sorted([*said, *changes], key=lambda entry: entry[:2])
    return [("change" if kind else "message", it) for _, kind, it in ordered]


def _worth_telling(entry: HistoryEntry) -> bool:
    return "field" in entry or entry["event"] not in _TOLD


def _held(row: held.Held, actor: Actor) -> dict[str, Any]:
    body = row.given.get("body", "")
    return {
        "id": row.id,
        "kind": row.kind,
        "own": row.author_id == actor.user_id,
        "author": row.author_name,
        "body_html": render_markdown(body) if body else "",
        "problem": row.problem,
        "due_at": rfc3339(row.due_at),
        "seconds": max(1, (row.due_at - now()) // 1_000_000),
    }


def _customer(tx: Connection, user_id: str) -> dict[str, Any]:
    user = people.get(tx, user_id)
    account = people.find_account(tx, account_id=user["account_id"]) if user["account_id"] else None
    return {
        "id": user_id,
        "name": user["name"],
        "email": user["email"],
        "verified": user["email_verified_at"] is not None,
        "since": rfc3339(user["created_at"]),
        "account": dict(account) if account else None,
    }
