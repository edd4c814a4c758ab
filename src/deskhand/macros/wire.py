"""The shape of macros."""

from typing import Any

from typing_extensions import TypedDict

from deskhand.kit.clock import rfc3339
from deskhand.kit.described import Stamp, Uuid
from deskhand.macros.model import Macro
from deskhand.tickets.staff_wire import StaffMessage, StaffTicket


class Owner(TypedDict):
    id: Uuid
    name: str


class MacroOut(TypedDict):
    """`actions` has what is given of status, priority, category_slug, assignee, add_tags."""

    id: Uuid
    name: str
    body: str
    actions: dict[str, Any]
    shared: bool
    position: int
    owner: Owner
    created_at: Stamp
    updated_at: Stamp


class MacrosOut(TypedDict):
    macros: list[MacroOut]
    total: int
    page: int
    per_page: int


class AppliedOut(TypedDict):
    """The ticket as it is now, and the reply, null for a macro without words."""

    ticket: StaffTicket
    message: StaffMessage | None


def macro(row: Macro) -> MacroOut:
    return {
        "id": row.id,
        "name": row.name,
        "body": row.body,
        "actions": row.actions,
        "shared": row.shared,
        "position": row.position,
        "owner": {"id": row.owner_id, "name": row.owner_name},
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
