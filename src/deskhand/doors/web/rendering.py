"""Pages and fragments of them, under one policy: nothing inline, nothing from elsewhere."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from deskhand.doors.web import assets
from deskhand.doors.web.languages import environment, say
from deskhand.doors.web.showing import current
from deskhand.doors.web.visit import Visit, services, visit

FLASH_COOKIE = "deskhand_flash"
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)
# Of pages whose address holds a token: it must not travel on as a referrer, nor stay in a cache.
SECRET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language, HX-Request"}


def render(
    request: Request,
    template: str,
    status: int = 200,
    *,
    fragment: str | None = None,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    """A page, or of its template the block `fragment` alone.

    For every template there are `visit`, `brand`, `path`, `static`, `flash`, `once` (a form's own number), and for
    forms `errors` (field → message) and `given` (field → text).
    """
    seen, flash = visit(request), request.cookies.get(FLASH_COOKIE) if fragment is None else None
    text = write(request, template, fragment, _shared(request, seen, flash) | context)
    response = HTMLResponse(text, status, _PRIVATE | _policy(request) | (headers or {}))
    if flash:
        response.delete_cookie(FLASH_COOKIE, samesite="lax")
    return response


def write(request: Request, template: str, fragment: str | None, values: Mapping[str, Any]) -> Markup:
    """The text of a template, or of its block `fragment` alone, with these values."""
    seen = visit(request)
    current.set(seen)
    found = environment(seen.language).get_template(template)
    if fragment is None:
        return Markup(found.render(values))  # noqa: S704 - made by an escaping template, as is what follows
    return Markup("".join(found.blocks[fragment](found.new_context(dict(values)))))  # noqa: S704


def go(request: Request, place: str, *, flash: str = "") -> Response:
    """See other: the answer to a form that has done its work. `flash` is said on the next page."""
    response = RedirectResponse(place, 303, _policy(request))
    if flash:
        said = quote(say(visit(request).language, flash))
        response.set_cookie(FLASH_COOKIE, said, max_age=60, httponly=True, samesite="lax")
    return response


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks, for a part of the page that is there already."""
    return "hx-request" in request.headers and "hx-boosted" not in request.headers


def local(place: str, otherwise: str) -> str:
    """`place` where it is a path of ours; a redirect must not lead elsewhere."""
    fine = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable() and "\\" not in place
    return place if fine and len(place) < 2000 else otherwise


def _shared(request: Request, seen: Visit, flash: str | None) -> dict[str, Any]:
    return {
        "brand": seen.brand,
        "signup": services(request).settings.signup,
        "path": request.url.path,
        "static": assets.prefix(),
        "flash": unquote(flash)[:300] if flash else "",
        "once": secrets.token_urlsafe(12),
        "errors": {},
        "given": {},
    }


def _policy(request: Request) -> dict[str, str]:
    return {"Content-Security-Policy": " ".join([_POLICY, *services(request).settings.frame_ancestors])}
