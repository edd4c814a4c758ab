"""Lists of people."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select

from deskhand.accounts import names
from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.tables import accounts, users
from deskhand.kit.text import normal_email

_u = users.c
_STAFF = select(_u.id, _u.name, _u.email).where(_u.role.in_([Role.AGENT, Role.ADMIN])).order_by(_u.name, _u.id)
_BY_IDS = select(users).where(_u.id.in_(bindparam("ids", expanding=True))).order_by(_u.name, _u.id)
_ACCOUNTS = (
    select(_u.id, accounts.c.name, accounts.c.plan)
    .join(accounts, accounts.c.id == _u.account_id)
    .where(_u.id.in_(bindparam("ids", expanding=True)))
)


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


def find_users(tx: Connection, actor: Actor, asked: str, *, limit: int) -> list[RowMapping]:
    """People by how any words of their name or their e-mail address begin, for staff."""
    actor.require_staff()
    ids = names.find(tx, [asked], limit)[asked]
    return list(tx.execute(_BY_IDS, {"ids": ids}).mappings()) if ids else []


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


def accounts_of(tx: Connection, user_ids: Sequence[str]) -> dict[str, RowMapping]:
    """{name, plan} of the account that each of them belongs to, of those that belong to one."""
    return {row["id"]: row for row in tx.execute(_ACCOUNTS, {"ids": list(set(user_ids))}).mappings()}
