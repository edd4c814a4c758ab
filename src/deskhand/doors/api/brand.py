"""How the desk presents itself.

GET    /brand              name, colour, address, logo
GET    /brand/logo         the picture
PATCH  /staff/brand        (admins)
PUT    /staff/brand/logo   multipart, one part named `file` (admins)
DELETE /staff/brand/logo   (admins)
"""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlalchemy import Connection

from deskhand.brand import logos, ops, queries, wire
from deskhand.brand.model import BrandChange
from deskhand.doors import etags
from deskhand.doors.api import answers
from deskhand.doors.api.auth import services
from deskhand.doors.api.multipart import FORM, file_part
from deskhand.doors.api.routers import for_everyone, for_staff
from deskhand.kit.settings import Settings

public = for_everyone("Brand")
admin = for_staff("brand", admins_only=True)

Version = Annotated[str, Query(max_length=20, description="`version` of the brand: lets the answer be kept for ever.")]
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PICTURE: Any = {200: {"description": "The picture", "content": {logos.CONTENT_TYPE: {}}}}


@public.get("/brand", response_model=wire.BrandOut)
async def get_brand(request: Request) -> Response:
    """Name, accent colour and address of the desk, and where its logo is."""
    settings = services(request).settings
    return await answers.read(request, lambda tx: wire.brand(queries.get(tx, settings)))


@public.get("/brand/logo", response_class=Response, responses=_PICTURE | answers.refusals(404))
async def get_logo(request: Request, v: Version = "") -> Response:
    """The logo, a PNG of at most 400 by 96 pixels; 404 where there is none."""
    version, data = await services(request).store.read(_logo, services(request).settings)
    tag = f'"{version}"'
    kept = "public, max-age=31536000, immutable" if v == version else "public, no-cache"
    headers = _HEADERS | {"ETag": tag, "Cache-Control": kept}
    if etags.matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(data, 200, headers, logos.CONTENT_TYPE)


@admin.patch("/brand", response_model=wire.BrandOut)
async def change_brand(request: Request, change: BrandChange) -> Response:
    """Change name, colour or address. A colour must be dark enough for white to be read on it."""
    actor, settings = answers.actor_of(request), services(request).settings
    return await answers.act(request, lambda tx: wire.brand(ops.change(tx, actor, settings, change)))


@admin.put(
    "/brand/logo",
    response_model=wire.BrandOut,
    openapi_extra={"requestBody": FORM},
    responses=answers.refusals(413, 415),
)
async def set_logo(request: Request) -> Response:
    """Show this PNG, JPEG or WebP, scaled down to 400 by 96 pixels where it is larger. At most 256 kB."""
    actor, settings = answers.actor_of(request), services(request).settings
    logo = await logos.take((await file_part(request)).chunks)
    return await answers.act(request, lambda tx: wire.brand(ops.set_logo(tx, actor, settings, logo)))


@admin.delete("/brand/logo", response_model=wire.BrandOut)
async def remove_logo(request: Request) -> Response:
    """Show the name alone."""
    actor, settings = answers.actor_of(request), services(request).settings
    return await answers.act(request, lambda tx: wire.brand(ops.remove_logo(tx, actor, settings)))


def _logo(tx: Connection, settings: Settings) -> tuple[str, bytes]:
    return str(queries.get(tx, settings).version), queries.logo(tx)
