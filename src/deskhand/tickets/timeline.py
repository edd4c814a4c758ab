"""What happened to a ticket between its messages, as its requester may be told: never what is the team's alone."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from sqlalchemy import Connection, RowMapping
from typing_extensions import TypedDict

from deskhand.categories import queries as categories
from deskhand.kit import events
from deskhand.kit.clock import rfc3339
from deskhand.kit.described import Stamp, one_of
from deskhand.tickets.model import Status
from deskhand.tickets.wire import Author

_FIELDS = {"status": "status", "priority": "priority", "category_slug": "category", "subject": "subject"}
# Whose turn it is follows from who wrote last, and goes without saying.
_TURNS = {Status.OPEN, Status.PENDING}


class Step(TypedDict):
    """One field that somebody changed. A category goes by its name; `own` says that the reader did it."""

    field: Annotated[str, one_of(_FIELDS.values())]
    old: str
    new: str
    actor: Author
    own: bool
    at: Stamp


def steps(tx: Connection, ticket_id: str, reader_id: str) -> dict[str, list[Step]]:
    """By the id of the message that each step came after, oldest first. The caller may see the ticket."""
    found: dict[str, list[Step]] = {}
    latest = ""
    for event in events.public_of_subject(tx, ticket_id):
        latest = event["data"].get("message_id", latest)
        if told := list(_steps(event, reader_id)):
            found.setdefault(latest, []).extend(told)
    _name_categories(tx, (step for told in found.values() for step in told))
    return found


def _steps(event: RowMapping, reader_id: str) -> Iterator[Step]:
    # One act may change what everybody sees and what is the team's: of that not even the name of the field is told.
    changes: dict[str, list[Any]] = event["data"].get("changes") or {}
    actor: Author = {"type": event["actor_type"], "name": event["actor_name"]}
    own = event["actor_id"] == reader_id
    for name, (old, new) in changes.items():
        if name in _FIELDS and not (event["name"] == "ticket.replied" and _TURNS.issuperset((old, new))):
            at = rfc3339(event["at"])
            yield {"field": _FIELDS[name], "old": old, "new": new, "actor": actor, "own": own, "at": at}


def _name_categories(tx: Connection, told: Iterable[Step]) -> None:
    moved = [step for step in told if step["field"] == "category"]
    names = {row["slug"]: row["name"] for row in categories.list_all(tx)} if moved else {}
    for step in moved:
        step["old"], step["new"] = names.get(step["old"], step["old"]), names.get(step["new"], step["new"])
