"""What an agent sent that has not happened yet, told in a notice on every page."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from deskhand.accounts.queries import ever_staff
from deskhand.categories import queries as categories
from deskhand.kit.clock import SECOND, now
from deskhand.tickets.held import Held


def of(tx: Connection, pending: Sequence[Held]) -> list[dict[str, Any]]:
    """For each: `id`, `kind`, `count` and the first `ticket_id`, what is to `change`, in `seconds`; `problem` where
    that failed.
    """
    shown = [_told(it) for it in pending]
    if any("assignee_id" in it["change"] for it in shown):
        names = {row["id"]: row["name"] for row in ever_staff(tx)}
        for it in shown:
            it["assignee"] = names.get(it["change"].get("assignee_id"), "")
    if any("category_slug" in it["change"] for it in shown):
        names = {row["slug"]: row["name"] for row in categories.list_all(tx)}
        for it in shown:
            it["category"] = names.get(it["change"].get("category_slug"), "")
    return shown


def _told(it: Held) -> dict[str, Any]:
    return {
        "id": it.id,
        "kind": it.kind,
        "count": len(it.ticket_ids),
        "ticket_id": it.ticket_ids[0],
        "change": it.given.get("change") or {},
        "add_tags": it.given.get("add_tags", []),
        "remove_tags": it.given.get("remove_tags", []),
        "seconds": max(1, (it.due_at - now()) // SECOND + 1),
        "problem": it.problem,
    }
