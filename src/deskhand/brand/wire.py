"""The shape of the brand, for everyone."""

from typing_extensions import TypedDict

from deskhand.brand.model import Brand

LOGO = "/api/v1/support/brand/logo"


class LogoOut(TypedDict):
    url: str
    width: int
    height: int


class BrandOut(TypedDict):
    """How the desk presents itself. `accent` is `#rrggbb`; `support_address` may be empty."""

    name: str
    accent: str
    support_address: str
    logo: LogoOut | None
    version: int


def brand(row: Brand) -> BrandOut:
    return {
        "name": row.name,
        "accent": row.accent,
        "support_address": row.support_address,
        "logo": _logo(row),
        "version": row.version,
    }


def logo_url(row: Brand) -> str:
    """Where the logo is, by an address that changes with it, so that browsers may keep it."""
    return f"{LOGO}?v={row.version}"


def _logo(row: Brand) -> LogoOut | None:
    if row.logo_width is None or row.logo_height is None:
        return None
    return {"url": logo_url(row), "width": row.logo_width, "height": row.logo_height}
