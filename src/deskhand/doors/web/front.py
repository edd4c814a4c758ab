"""The start, how pages look, and what stands at every site's well-known places.

GET  /               to whoever's own start
POST /appearance     light, dark or as the system; the language
GET  /brand.css      the brand's colour
GET  /brand.svg      its mark, where there is no logo
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.doors.web.forms import texts
from deskhand.doors.web.languages import LANGUAGES
from deskhand.doors.web.rendering import go, local
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, prefer, visit

_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="{}"/>'
    '<path d="M9 20V11a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7l-5 4z" fill="#fff"/></svg>'
)


async def start(request: Request) -> Response:
    seen = visit(request)
    return go(request, "/desk" if seen.actor.is_staff else "/support" if seen.signed_in else "/help")


async def appearance(request: Request) -> Response:
    sent = await texts(request)
    response = go(request, local(sent.get("next", ""), "/"))
    if sent.get("theme") in ("", *THEMES):
        prefer(request, response, THEME_COOKIE, sent["theme"])
    if sent.get("language") in LANGUAGES:
        prefer(request, response, LANGUAGE_COOKIE, sent["language"])
    return response


async def brand_css(request: Request) -> Response:
    return Response(f":root {{ --brand: {visit(request).brand.accent}; }}\n", media_type="text/css", headers=_KEPT)


async def brand_svg(request: Request) -> Response:
    return Response(_MARK.format(visit(request).brand.accent), media_type="image/svg+xml", headers=_KEPT)


routes = [
    Route("/", page(start), methods=["GET"]),
    Route("/appearance", page(appearance), methods=["POST"]),
    Route("/brand.css", page(brand_css), methods=["GET"]),
    Route("/brand.svg", page(brand_svg), methods=["GET"]),
]
