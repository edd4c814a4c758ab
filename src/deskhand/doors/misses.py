"""Keeping searches that found nothing, for every door with a search box: after the answer, and at no risk to it."""

import structlog
from sqlalchemy import Connection

from deskhand.accounts.actor import Client
from deskhand.doors.services import Services
from deskhand.kb import misses
from deskhand.kit import limits
from deskhand.kit.errors import Refusal
from deskhand.kit.limits import Rate

# More than anybody types; beyond it somebody fills the list on purpose.
_RATE = Rate(60, 3600)

log = structlog.get_logger("deskhand.misses")


async def keep(desk: Services, query: str, client: Client) -> None:
    """Count a search in vain that its reader had typed to the end. Never raises."""
    if not misses.is_kept(query):
        return
    try:
        await desk.store.write(_record, query, client.network)
    except Refusal:
        pass
    except Exception:
        log.exception("bug")


def _record(tx: Connection, query: str, network: str) -> None:
    limits.spend(tx, "misses", network, _RATE)
    misses.record(tx, query)
