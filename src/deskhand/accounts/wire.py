"""The shapes of people, sessions and keys, once per audience."""

from typing import Annotated

from sqlalchemy import RowMapping
from typing_extensions import TypedDict

from deskhand.accounts.actor import Actor, Role, Scope
from deskhand.kit.clock import rfc3339, rfc3339_or_none
from deskhand.kit.described import Stamp, Uuid, one_of

RoleOut = Annotated[str, one_of([Role.CUSTOMER, Role.AGENT, Role.ADMIN])]


class Me(TypedDict):
    id: Uuid
    email: str | None
    name: str
    role: RoleOut


class Token(TypedDict):
    access_token: str
    token_type: str
    expires_in: int


class Handoff(TypedDict):
    """An address for the browser, good once and for `expires_in` seconds."""

    url: str
    expires_in: int


class Note(TypedDict):
    """Words for a person, where there is nothing else to say."""

    detail: str


class ApiKey(TypedDict):
    id: Uuid
    name: str
    prefix: str
    scopes: list[Annotated[str, one_of(Scope)]]
    expires_at: Stamp | None
    last_used_at: Stamp | None
    created_at: Stamp


class NewKey(ApiKey):
    """The one answer that holds the key itself."""

    key: str


class ApiKeys(TypedDict):
    api_keys: list[ApiKey]


class User(TypedDict):
    """A person as staff see it."""

    id: Uuid
    email: str | None
    name: str
    role: RoleOut
    verified: bool
    disabled: bool
    source: Annotated[str, one_of(["own", "host", "correspondent"])]
    account_id: Uuid | None
    created_at: Stamp
    updated_at: Stamp


class Users(TypedDict):
    users: list[User]
    total: int
    page: int
    per_page: int


class Account(TypedDict):
    external_id: str
    name: str | None
    plan: str | None
    traits: dict[str, object]
    usage: dict[str, object]
    updated_at: Stamp


def me(actor: Actor) -> Me:
    return {"id": actor.require_user(), "email": actor.email, "name": actor.name, "role": actor.role}


def api_key(row: RowMapping) -> ApiKey:
    return {
        "id": row["id"],
        "name": row["name"],
        "prefix": row["prefix"],
        "scopes": row["scopes"],
        "expires_at": rfc3339_or_none(row["expires_at"]),
        "last_used_at": rfc3339_or_none(row["last_used_at"]),
        "created_at": rfc3339(row["created_at"]),
    }


def user(row: RowMapping) -> User:
    source = "own" if row["login"] else "host" if row["host_sub"] else "correspondent"
    return {
        "id": row["id"],
        "email": row["email"],
        "name": row["name"],
        "role": row["role"],
        "verified": row["email_verified_at"] is not None,
        "disabled": row["disabled_at"] is not None,
        "source": source,
        "account_id": row["account_id"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }


def account(row: RowMapping) -> Account:
    return {
        "external_id": row["external_id"],
        "name": row["name"],
        "plan": row["plan"],
        "traits": row["traits"],
        "usage": row["usage"],
        "updated_at": rfc3339(row["updated_at"]),
    }
