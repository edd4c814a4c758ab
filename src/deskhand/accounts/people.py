"""The people: how each kind comes to be, is found, and changes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, case, func, select, update

from deskhand.accounts import names, sessions
from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.model import AccountPush, NewUser, UserChange
from deskhand.accounts.tables import accounts, users
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import Conflict, Invalid, NotFound
from deskhand.kit.ids import new_id
from deskhand.kit.schema import insert
from deskhand.kit.statements import Statement
from deskhand.kit.text import normal_email, plain_line

_u = users.c
_BY_ID = Statement(select(users).where(_u.id == bindparam("user_id")))
_BY_LOGIN = select(users).where(_u.login == bindparam("login"))
_BY_SUB = Statement(select(users).where(_u.host_sub == bindparam("sub")))
# An own account is a surer find than a host's user, a host's user surer than a correspondent.
_BY_EMAIL = (
    select(users)
    .where(_u.email == bindparam("email"), _u.email_verified_at.is_not(None), _u.disabled_at.is_(None))
    .order_by(case((_u.login.is_not(None), 0), (_u.host_sub.is_not(None), 1), else_=2), _u.id)
    .limit(1)
)

_ACCOUNT_BY_ID = Statement(select(accounts).where(accounts.c.id == bindparam("account_id")))
_ACCOUNT_BY_EXTERNAL_ID = select(accounts).where(accounts.c.external_id == bindparam("external_id"))


class EmailTaken(Conflict):
    code = "email_taken"
    title = "There is an account with this e-mail already"


class LastAdmin(Conflict):
    code = "last_admin"
    title = "Somebody must stay admin"


def create_own(
    tx: Connection, *, email: str, name: str, password_hash: str | None, role: Role = Role.CUSTOMER, verified: bool
) -> RowMapping:
    """Make an own account, which signs in by e-mail. Raises EmailTaken."""
    login = normal_email(email)
    row = _blank(role=role, name=name, email=login, verified=verified) | {
        "login": login,
        "password_hash": password_hash,
    }
    if tx.execute(insert(users).on_conflict_do_nothing(index_elements=["login"]), row).rowcount == 0:
        raise EmailTaken
    return _named(tx, get(tx, row["id"]))


def from_host(
    tx: Connection, *, sub: str, email: str | None, name: str | None, claims: Mapping[str, Any], role: Role
) -> RowMapping:
    """The host product's user `sub`, made or refreshed from a token; what the token leaves out stays as it was."""
    account_id = _join_account(tx, claims.get("account") or {})
    known: dict[str, Any] = {"role": role, "updated_at": now()}
    if email:
        known |= {"email": normal_email(email), "email_verified_at": now()}
    if name:
        known["name"] = name
    if claims:
        before = find_by_sub(tx, sub)
        known["claims"] = {**(before["claims"] if before else {}), **claims}
    if account_id:
        known["account_id"] = account_id
    fresh = _blank(role=role, name=name or email or sub, email=None, verified=False) | known | {"host_sub": sub}
    statement = insert(users).values(fresh)
    tx.execute(statement.on_conflict_do_update(index_elements=["host_sub"], set_=known))
    row = find_by_sub(tx, sub)
    assert row is not None
    return _named(tx, row)


def correspondent(tx: Connection, *, email: str, name: str | None) -> RowMapping:
    """The person whom the team writes to at `email`: whoever is known by it, or a new one without a way to sign in."""
    found = find_by_email(tx, email)
    return found or add_correspondent(tx, email=email, name=name, verified=True)


def add_correspondent(tx: Connection, *, email: str, name: str | None, verified: bool) -> RowMapping:
    """A new person known by e-mail alone; while unverified, that e-mail finds nobody."""
    row = _blank(role=Role.CUSTOMER, name=name or email, email=normal_email(email), verified=verified)
    tx.execute(users.insert(), row)
    return _named(tx, get(tx, row["id"]))


def verify_email(tx: Connection, user_id: str) -> None:
    moment = now()
    unverified = update(users).where(_u.id == user_id, _u.email_verified_at.is_(None))
    tx.execute(unverified.values(email_verified_at=moment, updated_at=moment))


def find_by_email(tx: Connection, email: str) -> RowMapping | None:
    return tx.execute(_BY_EMAIL, {"email": normal_email(email)}).mappings().one_or_none()


def find_by_login(tx: Connection, email: str) -> RowMapping | None:
    return tx.execute(_BY_LOGIN, {"login": normal_email(email)}).mappings().one_or_none()


def find_by_sub(tx: Connection, sub: str) -> RowMapping | None:
    return _BY_SUB.mapping(tx, {"sub": sub})


def get(tx: Connection, user_id: str) -> RowMapping:
    """Raises NotFound. For the system and for staff; a customer reads only itself."""
    row = _BY_ID.mapping(tx, {"user_id": user_id})
    if row is None:
        raise NotFound
    return row


def invite(tx: Connection, actor: Actor, new: NewUser) -> RowMapping:
    """Make an own account without a password; the link to choose one follows from the event. Raises EmailTaken."""
    actor.require_admin()
    user = create_own(tx, email=new.email, name=new.name, password_hash=None, role=new.role, verified=False)
    events.record(tx, "user.invited", user["id"], actor=actor.author, data={"role": new.role}, staff_only=True)
    return user


def change(tx: Connection, actor: Actor, user_id: str, change: UserChange) -> RowMapping:
    """Change a person. Roles and access by admins only; raises LastAdmin where nobody would be left to admit others."""
    given, before = change.model_dump(exclude_unset=True), get(tx, user_id)
    said = dict(given)
    if "role" in given or "disabled" in given or (before["role"] != Role.CUSTOMER and user_id != actor.user_id):
        actor.require_admin()
    if "disabled" in given:
        given["disabled_at"] = now() if given.pop("disabled") else None
    if before["host_sub"] and "role" in given:
        raise Conflict("The host product's token decides this person's role.", code="host_decides")
    tx.execute(update(users).where(_u.id == user_id).values(updated_at=now(), **given))
    _keep_an_admin(tx, before)
    if given.get("disabled_at"):
        sessions.end_all(tx, user_id)
    events.record(tx, "user.changed", user_id, actor=actor.author, data=said, staff_only=True)
    return _named(tx, get(tx, user_id))


def set_password(tx: Connection, user_id: str, password_hash: str) -> None:
    tx.execute(update(users).where(_u.id == user_id).values(password_hash=password_hash, updated_at=now()))


def reset_password(tx: Connection, user_id: str, password_hash: str) -> None:
    """Set the password of whoever opened the mailed link, and end every session; the link also proves the e-mail."""
    set_password(tx, user_id, password_hash)
    verify_email(tx, user_id)
    sessions.end_all(tx, user_id)


def record(tx: Connection, event: str, user: RowMapping) -> None:
    """Something that this person did to the own account."""
    kind = "customer" if user["role"] == Role.CUSTOMER else "agent"
    events.record(tx, event, user["id"], actor=(user["id"], kind, user["name"]), staff_only=True)


def push_account(tx: Connection, external_id: str, push: AccountPush) -> RowMapping:
    """Keep what the host says of its account; new tickets of its people carry a snapshot of it."""
    if not external_id.strip() or len(external_id) > 255:
        raise Invalid.field("external_id", "too_long", "An account's id has 1 to 255 characters.")
    _put_account(tx, external_id, push.model_dump())
    return find_account(tx, external_id=external_id)  # type: ignore[return-value]


def find_account(tx: Connection, *, external_id: str | None = None, account_id: str | None = None) -> RowMapping | None:
    if external_id:
        return tx.execute(_ACCOUNT_BY_EXTERNAL_ID, {"external_id": external_id}).mappings().one_or_none()
    return _ACCOUNT_BY_ID.mapping(tx, {"account_id": account_id})


def _named(tx: Connection, user: RowMapping) -> RowMapping:
    """The person, who is found by what the row says from now on."""
    names.keep(tx, user["id"], user["name"], user["email"])
    return user


def _blank(*, role: Role, name: str, email: str | None, verified: bool) -> dict[str, Any]:
    moment = now()
    return {
        "id": new_id(),
        "role": role,
        "name": name[:255],
        "email": email,
        "email_verified_at": moment if verified else None,
        "claims": {},
        "created_at": moment,
        "updated_at": moment,
    }


def _join_account(tx: Connection, claim: Mapping[str, Any]) -> str | None:
    """The account that a token's `account` claim names, if it does; what the host pushed outranks the claim's words."""
    given = claim.get("id")
    external_id = plain_line(str(given), 255) if isinstance(given, str | int) else ""
    if not external_id:
        return None
    row: dict[str, Any] = {
        "id": new_id(),
        "external_id": external_id,
        "traits": {},
        "usage": {},
        "created_at": now(),
        "updated_at": now(),
    }
    for field, longest in (("name", 255), ("plan", 120)):
        value = claim.get(field)
        row[field] = plain_line(value, longest) if isinstance(value, str) else None
    tx.execute(insert(accounts).on_conflict_do_nothing(index_elements=["external_id"]), row)
    return tx.execute(select(accounts.c.id).where(accounts.c.external_id == external_id)).scalar_one()


def _put_account(tx: Connection, external_id: str, values: Mapping[str, Any]) -> None:
    moment = now()
    fresh = {"id": new_id(), "external_id": external_id, "created_at": moment, "updated_at": moment, **values}
    statement = insert(accounts).values(fresh)
    known = {**values, "updated_at": moment}
    tx.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=known))


def _keep_an_admin(tx: Connection, before: RowMapping) -> None:
    """Checked after the change, under a lock that two admins who demote each other have to queue for."""
    if before["role"] != Role.ADMIN:
        return
    active = select(_u.id).where(_u.role == Role.ADMIN, _u.disabled_at.is_(None)).with_for_update()
    if not tx.execute(active).all():
        raise LastAdmin


def count_admins(tx: Connection) -> int:
    """Admins who can sign in: the first start prints a link while there is none."""
    return tx.execute(select(func.count()).where(_u.role == Role.ADMIN, _u.disabled_at.is_(None))).scalar_one()
