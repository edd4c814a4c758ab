"""How the desk presents itself."""

from typing import NamedTuple

from sqlalchemy import Connection

from deskhand.kit.settings import Settings


class Brand(NamedTuple):
    name: str
    accent: str
    support_address: str
    has_logo: bool
    version: int


def get(_tx: Connection, settings: Settings) -> Brand:
    return Brand(settings.brand, "#2f5bd3", "", False, 0)
