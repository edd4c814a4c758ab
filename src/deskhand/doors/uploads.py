"""Counting uploads, which the API takes one by one and pages take with their forms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deskhand.accounts.actor import Actor
from deskhand.doors.services import Services
from deskhand.kit import limits
from deskhand.kit.errors import Refusal
from deskhand.kit.limits import Budget


@asynccontextmanager
async def counted(desk: Services, who: Actor) -> AsyncIterator[Budget | None]:
    """One upload of this person against `DESKHAND_LIMIT_UPLOADS`; what is refused does not count. Raises TooMany."""
    rate = None if who.exempt else desk.settings.limit_uploads
    budget = await desk.store.write(limits.spend, "uploads", key(who), rate)
    try:
        yield budget
    except Refusal:
        await refund(desk, who)
        raise


async def refund(desk: Services, who: Actor) -> None:
    """Give one back."""
    await desk.store.write(limits.refund, "uploads", key(who))


def key(who: Actor) -> str:
    return f"user:{who.require_user()}"
