"""What members of the team make for themselves or share with all of it, such as macros and views.

Everyone sees what is shared and what is their own; nobody, admins neither, what somebody else keeps to themselves. What
is shared is changed by whoever made it and by admins, so that nobody's tools change under them by accident.
"""

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, or_, select

from deskhand.accounts.actor import Actor, Role
from deskhand.kit.errors import Conflict, Forbidden
from deskhand.kit.phrases import Phrase


def visible(table: Table) -> ColumnElement[bool]:
    """For statements over a table with `owner_id` and `shared`; binds `reader`, an id of one of the team."""
    return or_(table.c.shared, table.c.owner_id == bindparam("reader"))


def require_owner(actor: Actor, owner_id: str) -> None:
    """Raises Forbidden where `actor` may use, but not change, what that person made."""
    if actor.user_id != owner_id and actor.role is not Role.ADMIN:
        raise Forbidden("Only whoever made this and admins may change it.", code="not_owner")


def require_room(tx: Connection, table: Table, owner_id: str, *, shared: bool, most: int) -> None:
    """Raises Conflict where there are so many already: of the team's, or of that person's own."""
    kind = table.c.shared if shared else (table.c.owner_id == owner_id) & ~table.c.shared
    if tx.execute(select(func.count()).select_from(table).where(kind)).scalar_one() >= most:
        message = Phrase("There are {most} of these already. Please delete one first.", most=most)
        raise Conflict(message, code="too_many")


def last_position(table: Table) -> Select[int]:
    """Where a new one comes: behind all that its owner (`reader`) sees."""
    return select(func.coalesce(func.max(table.c.position), -1) + 1).where(visible(table))
