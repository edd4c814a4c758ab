"""The shapes of people, sessions and keys, once per audience."""

from sqlalchemy import RowMapping
from typing_extensions import TypedDict

from deskhand.accounts.actor import Actor
from deskhand.kit.clock import rfc3339


class Me(TypedDict):
    id: str
    email: str | None
    name: str
    role: str


class Token(TypedDict):
    access_token: str
    token_type: str
    expires_in: int


class Note(TypedDict):
    """Words for a person, where there is nothing else to say."""

    detail: str


class ApiKey(TypedDict):
    id: str
    name: str
    prefix: str
    scopes: list[str]
    expires_at: str | None
    last_used_at: str | None
    created_at: str


class NewKey(ApiKey):
    """The one answer that holds the key itself."""

    key: str


class ApiKeys(TypedDict):
    api_keys: list[ApiKey]


class User(TypedDict):
    """A person as staff see it."""

    id: str
    email: str | None
    name: str
    role: str
    verified: bool
    disabled: bool
    source: str  # own, host, correspondent
    account_id: str | None
    created_at: str
    updated_at: str


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
    updated_at: str


def me(actor: Actor) -> Me:
    return {"id": actor.require_user(), "email": actor.email, "name": actor.name, "role": actor.role}


def api_key(row: RowMapping) -> ApiKey:
    return {
        "id": row["id"],
        "name": row["name"],
        "prefix": row["prefix"],
        "scopes": row["scopes"],
        "expires_at": _time(row["expires_at"]),
        "last_used_at": _time(row["last_used_at"]),
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


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
