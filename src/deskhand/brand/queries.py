"""The brand as everyone may see it."""

import base64
from zlib import crc32

from sqlalchemy import Connection, select

from deskhand.brand.model import Brand
from deskhand.brand.tables import brand
from deskhand.kit.errors import NotFound
from deskhand.kit.settings import Settings

_b = brand.c
_BRAND = select(_b.name, _b.accent, _b.support_address, _b.logo_width, _b.logo_height, _b.version).where(_b.id == 1)
_LOGO = select(_b.logo).where(_b.id == 1)


def get(tx: Connection, settings: Settings) -> Brand:
    """What an admin chose, and of the rest what the settings say. One row by its key: fit for every page."""
    row = tx.execute(_BRAND).one_or_none()
    name, accent, address, width, height, changes = row or (None, None, None, None, None, 0)
    shown = (
        name or settings.brand,
        accent or settings.brand_accent,
        settings.support_address if address is None else address,
        width,
        height,
    )
    # Settings change without the row: what is kept by this number for ever must not outlive them.
    return Brand(*shown, version=crc32(repr((changes, shown)).encode()))


def logo(tx: Connection) -> bytes:
    """A PNG. Raises NotFound where there is none."""
    data = tx.execute(_LOGO).scalar_one_or_none()
    if data is None:
        raise NotFound("There is no logo.")
    return base64.b64decode(data)
