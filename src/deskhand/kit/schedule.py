"""The schedule: cron lines turned into jobs, each tick once however many workers there are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from croniter import croniter
from sqlalchemy import Connection

from deskhand.kit import jobs
from deskhand.kit.clock import now, to_datetime

_CATCH_UP = timedelta(hours=1)


class Regular(NamedTuple):
    """A job `kind` at every time of `cron` (UTC)."""

    kind: str
    cron: str


def enqueue_due(tx: Connection, regulars: Sequence[Regular]) -> int:
    """Queue the latest tick of each line that fell within the last hour. The dedupe key makes it fire once."""
    moment = to_datetime(now())
    return sum(
        jobs.enqueue(tx, regular.kind, {}, dedupe_key=f"{regular.kind}@{tick.isoformat()}")
        for regular in regulars
        if (tick := _latest(regular.cron, moment)) > moment - _CATCH_UP
    )


def _latest(cron: str, moment: datetime) -> datetime:
    return croniter(cron, moment + timedelta(seconds=1)).get_prev(datetime)
