"""What search engines ask for.

GET /robots.txt    what they may read
GET /sitemap.xml   every published article
"""

from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.doors.web.visit import services
from deskhand.kb import shelves
from deskhand.kit.clock import rfc3339

_KEPT = {"Cache-Control": "public, max-age=3600"}
_ROBOTS = """User-agent: *
Allow: /help
Disallow: /help/search
Disallow: /desk
Disallow: /support
Disallow: /login
Disallow: /t/
Disallow: /unsubscribe/

Sitemap: {}/sitemap.xml
"""


async def robots(request: Request) -> Response:
    text = _ROBOTS.format(services(request).settings.base_url)
    return Response(text, media_type="text/plain", headers=_KEPT)


async def sitemap(request: Request) -> Response:
    desk = services(request)
    base = escape(desk.settings.base_url)
    found = await desk.store.read_slow(shelves.addresses)
    pages = [f"<url><loc>{base}{path}</loc></url>" for path in ("/help", "/contact")]
    pages += [
        f"<url><loc>{base}/help/{row.slug}</loc><lastmod>{rfc3339(row.updated_at)}</lastmod></url>" for row in found
    ]
    whole = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">' + "\n".join(["", *pages, "</urlset>"])
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}\n', media_type="application/xml", headers=_KEPT)


routes = [Route("/robots.txt", robots, methods=["GET"]), Route("/sitemap.xml", sitemap, methods=["GET"])]
