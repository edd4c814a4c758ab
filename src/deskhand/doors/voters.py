"""Who votes on articles without a login: a browser, told by a random id in a cookie."""

import re

from starlette.responses import Response

from deskhand.kit.clock import DAY, SECOND
from deskhand.kit.ids import new_secret
from deskhand.kit.settings import Settings

COOKIE = "deskhand_voter"
_BROWSER = re.compile(r"[A-Za-z0-9_-]{22}")


def browser_of(cookie: str) -> str:
    """The browser's id; a new one where the cookie holds none."""
    return cookie if _BROWSER.fullmatch(cookie) else new_secret(16)


def remember(response: Response, settings: Settings, browser: str) -> None:
    """Let the browser know its id next time."""
    response.set_cookie(
        COOKIE,
        browser,
        max_age=365 * DAY // SECOND,
        httponly=True,
        samesite="lax",
        secure=settings.base_url.startswith("https:"),
    )
