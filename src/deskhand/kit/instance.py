"""The key that an instance makes for itself at its first start: session tokens and signed links hang on it."""

import base64
import secrets

from sqlalchemy import Column, Connection, String, Table, select

from deskhand.kit.schema import insert, metadata

instance_keys = Table(
    "instance_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(120), nullable=False),
)

_MAKE = insert(instance_keys).on_conflict_do_nothing(index_elements=["name"])


def key(tx: Connection, name: str = "signing") -> bytes:
    """The 32 bytes kept under `name`, made on first use; every process sees the same."""
    tx.execute(_MAKE, {"name": name, "value": base64.b64encode(secrets.token_bytes(32)).decode()})
    value = tx.execute(select(instance_keys.c.value).where(instance_keys.c.name == name)).scalar_one()
    return base64.b64decode(value)
