"""What happens to tickets by itself."""

from sqlalchemy import Connection

from deskhand.accounts.actor import SYSTEM
from deskhand.kit.clock import DAY, now
from deskhand.kit.settings import Settings
from deskhand.tickets import ops
from deskhand.tickets.access import TICKETS
from deskhand.tickets.model import Status, Ticket
from deskhand.tickets.tables import tickets

_BATCH = 200


def autoclose(tx: Connection, settings: Settings) -> int:
    """Close what has been resolved for `DESKHAND_AUTOCLOSE_DAYS`. Returns how many; call again while it is not 0."""
    due = now() - settings.autoclose_days * DAY
    resolved = (tickets.c.status == Status.RESOLVED, tickets.c.resolved_at <= due)
    statement = TICKETS.where(*resolved).order_by(tickets.c.resolved_at).limit(_BATCH)
    rows = tx.execute(statement.with_for_update(of=tickets, skip_locked=True)).all()
    for row in rows:
        ops.close(tx, SYSTEM, Ticket._make(row))
    return len(rows)
