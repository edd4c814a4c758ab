"""Files of what is not sent yet: kept from the sweep and from every other message, and bound when it is sent."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from deskhand.attachments.model import LIMITS, Limits
from deskhand.attachments.ops import check_ids, check_others
from deskhand.attachments.tables import attachments
from deskhand.kit.clock import now

_a = attachments.c

# The uploader is named so that a partial index finds the few that are unbound.
_HOLD = (
    update(attachments)
    .where(
        _a.id.in_(bindparam("ids", expanding=True)),
        _a.uploader_id == bindparam("person"),
        _a.bound_at.is_(None),
        _a.held_by.is_(None),
    )
    .values(held_by=bindparam("holder"))
    .returning(_a.id)
)
_RELEASE = (
    update(attachments)
    .where(_a.uploader_id == bindparam("person"), _a.bound_at.is_(None), _a.held_by == bindparam("holder"))
    .values(held_by=None, created_at=bindparam("moment"))
)


def hold(
    tx: Connection, *, ids: Sequence[str], uploader_id: str, held_by: str, ticket_id: str, limits: Limits = LIMITS
) -> None:
    """Keep these for the message to the ticket that `held_by` is the id of. Refuses what `bind` would refuse."""
    known = check_ids(ids, limits)
    held = set(tx.execute(_HOLD, {"ids": known, "person": uploader_id, "holder": held_by}).scalars())
    check_others(tx, [id_ for id_ in known if id_ not in held], ticket_id, internal=False)


def release(tx: Connection, *, uploader_id: str, held_by: str) -> None:
    """Let them be bound again; if they are not, they go a day from now."""
    tx.execute(_RELEASE, {"person": uploader_id, "holder": held_by, "moment": now()})
