"""Who looks at a page, and how they like it: session, language, time zone, light or dark."""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import Response

from deskhand.accounts.actor import Actor, Client, Identity, Role
from deskhand.accounts.csrf import csrf_matches, csrf_token
from deskhand.brand import queries
from deskhand.brand.model import Brand
from deskhand.doors import credentials
from deskhand.doors.credentials import SESSION_COOKIE
from deskhand.doors.services import Services
from deskhand.doors.web.languages import LANGUAGES
from deskhand.kit.clock import DAY, HOUR, SECOND
from deskhand.kit.errors import Forbidden, Unauthenticated

LANGUAGE_COOKIE, ZONE_COOKIE, THEME_COOKIE = "deskhand_language", "deskhand_zone", "deskhand_theme"
THEMES = ("light", "dark")
_YEAR = 365 * DAY // SECOND
_SAME = {"same-origin", "none"}


class Visit(NamedTuple):
    """`actor` is a visitor without a session; `theme` is empty where the system decides."""

    actor: Actor
    brand: Brand
    language: str
    zone: str
    theme: str
    csrf: str

    @property
    def signed_in(self) -> bool:
        return self.actor.session_id is not None


def services(request: Request) -> Services:
    return request.app.state.services


def visit(request: Request) -> Visit:
    """The visit that `arrive` found."""
    return request.state.visit


def actor(request: Request) -> Actor:
    """Whoever is signed in, as what they are."""
    return visit(request).actor


def client_of(request: Request) -> Client:
    return Client("web", request.state.client_ip, request.headers.get("user-agent", "")[:255])


async def arrive(request: Request) -> Visit:
    """Look at the cookies; one that is no good any more counts for none."""
    desk = services(request)
    who = await _who(request)
    cookie = request.cookies.get
    theme, zone = cookie(THEME_COOKIE, ""), cookie(ZONE_COOKIE, "")
    request.state.visit = Visit(
        who,
        await desk.store.read(queries.get, desk.settings),
        _language(cookie(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", "")[:200]),
        zone if zone in _zones() else "UTC",
        theme if theme in THEMES else "",
        csrf_token(desk.signer, who.session_id) if who.session_id else "",
    )
    return request.state.visit


def check_origin(request: Request) -> None:
    """Refuse what another site's page sent. Raises Forbidden."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = {f"{request.url.scheme}://{request.url.netloc}", _origin(services(request).settings.base_url)}
    if (site is not None and site not in _SAME) or (site is None and origin is not None and origin not in own):
        raise Forbidden("This form was sent from another site.", code="csrf")


def check_csrf(request: Request, given: str) -> None:
    """A session's forms carry its token. Raises Forbidden."""
    session_id = visit(request).actor.session_id
    if session_id is not None and not csrf_matches(services(request).signer, session_id, given):
        raise Forbidden("This form belongs to another session. Please reload the page and send it again.", code="csrf")


def remember(request: Request, response: Response, jwt: str) -> None:
    """Let the browser hold the session."""
    settings = services(request).settings
    _set(request, response, SESSION_COOKIE, jwt, settings.session_hours * HOUR // SECOND)


def forget(response: Response) -> None:
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")


def prefer(request: Request, response: Response, name: str, value: str) -> None:
    """Keep a taste for a year."""
    _set(request, response, name, value, _YEAR)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _who(request: Request) -> Actor:
    client = client_of(request)
    if cookie := request.cookies.get(SESSION_COOKIE):
        try:
            return await credentials.by_cookie(services(request), cookie, client)
        except Unauthenticated:
            pass
    return Actor(None, Role.VISITOR, identity=Identity.UNVERIFIED, client=client)


def _set(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https" or services(request).settings.base_url.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)


@lru_cache(1024)
def _language(chosen: str, accepted: str) -> str:
    """The chosen language or else the first of those the browser asks for that there is (RFC 9110, 12.5.4)."""
    if chosen in LANGUAGES:
        return chosen
    ranked = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.partition(";")
        quality = weight.strip().removeprefix("q=")
        try:
            ranked.append((-float(quality) if quality else -1.0, place, tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(ranked) if tag in LANGUAGES), "en")


@lru_cache(1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
