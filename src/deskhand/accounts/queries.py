"""Lists of people."""

from sqlalchemy import Connection, RowMapping, func, or_, select

from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.tables import users
from deskhand.kit.text import normal_email

_u = users.c
_STAFF = select(_u.id, _u.name, _u.email).where(_u.role.in_([Role.AGENT, Role.ADMIN])).order_by(_u.name, _u.id)


def list_users(
    tx: Connection, actor: Actor, *, role: str | None, q: str | None, limit: int, offset: int
) -> tuple[list[RowMapping], int]:
    """People by name, for staff; `q` finds beginnings of names and e-mails."""
    actor.require_staff()
    where = []
    if role:
        where.append(_u.role == role)
    if q:
        where.append(
            or_(_u.name.istartswith(q, autoescape=True), _u.email.startswith(normal_email(q), autoescape=True))
        )
    rows = tx.execute(select(users).where(*where).order_by(_u.name, _u.id).limit(limit).offset(offset)).mappings()
    return list(rows), tx.execute(select(func.count()).select_from(users).where(*where)).scalar_one()


def team(tx: Connection) -> list[RowMapping]:
    """Every active agent and admin."""
    active = select(users).where(_u.role.in_([Role.AGENT, Role.ADMIN]), _u.disabled_at.is_(None))
    return list(tx.execute(active.order_by(_u.id)).mappings())


def ever_staff(tx: Connection) -> list[RowMapping]:
    """Every agent and admin, also those who were shut out: tickets may still be theirs."""
    return list(tx.execute(_STAFF).mappings())


def active_staff(tx: Connection, user_id: str) -> RowMapping | None:
    """The agent or admin with this id, if there is one who may be given tickets."""
    staff = select(users).where(_u.id == user_id, _u.role.in_([Role.AGENT, Role.ADMIN]), _u.disabled_at.is_(None))
    return tx.execute(staff).mappings().one_or_none()
