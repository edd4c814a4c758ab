"""The API's description: OpenAPI 3.1, from the routes themselves, with the refusals each can answer.

GET    /api/openapi.json
GET    /api/docs           the same for people, without a file from anywhere else
"""

import asyncio
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from deskhand import __version__
from deskhand.accounts.actor import Role
from deskhand.doors import etags
from deskhand.doors.api import docs_page
from deskhand.doors.api.answers import KEY_HEADER, PROBLEM_REF, TITLES
from deskhand.doors.api.direct import Direct

_DESCRIPTION = """\
The support desk's API. JSON in and out; times are RFC 3339 in UTC; ids are UUIDs, and a ticket's readable id
(`ALT-1042`) serves as well. Errors are RFC 9457 problem details whose `code` is stable. Lists carry a `Link` header,
reads an `ETag`, and every POST that creates takes an `Idempotency-Key`.
"""
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "Where this kind of problem is described."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {
            "type": "array",
            "description": "With 422: what is wrong with which field.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "examples": [
        {
            "type": "/api/docs#problem-invalid",
            "title": "Some fields are not valid",
            "status": 422,
            "detail": "body: This field is required.",
            "code": "invalid",
            "errors": [{"field": "body", "code": "required", "message": "This field is required."}],
        }
    ],
}
_SCHEMES = {
    "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A session token."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "`dh_live_…`"},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "deskhand_session",
        "description": "The pages' session; writes need `X-CSRF-Token` as well.",
    },
}
_KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "description": "Makes a retry safe: the same key and body gives the first answer again, for 24 hours.",
}


def install(app: FastAPI) -> None:
    """Serve the description and its page; both are made once, on first use."""
    made: dict[str, tuple[bytes, str]] = {}
    making = asyncio.Lock()

    async def answer(request: Request, name: str, content_type: str) -> Response:
        async with making:
            if not made:
                made.update(await asyncio.to_thread(_make, app))
        body, tag = made[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": docs_page.POLICY}
        if etags.matches(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, content_type)

    async def as_json(request: Request) -> Response:
        return await answer(request, "json", "application/json")

    async def as_page(request: Request) -> Response:
        return await answer(request, "page", "text/html; charset=utf-8")

    app.router.routes += [Route("/api/openapi.json", as_json), Route("/api/docs", as_page)]


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of all API routes."""
    routes = [route for route in app.routes if isinstance(route, Direct)]
    described = [route.described() for route in routes]
    made = get_openapi(
        title="Deskhand", version=__version__, description=_DESCRIPTION, routes=described, openapi_version="3.1.0"
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for ours in ("HTTPValidationError", "ValidationError"):
        schemas.pop(ours, None)
    schemas["Problem"] = _PROBLEM
    made["components"]["securitySchemes"] = _SCHEMES
    for route in routes:
        for method in route.methods or ():
            _complete(made["paths"][route.path_format][method.lower()], route, method)
    return made


def _make(app: FastAPI) -> dict[str, tuple[bytes, str]]:
    """Body and ETag of each. Takes most of a second, in which others want to be answered."""
    described = document(app)
    bodies = {"json": orjson.dumps(described), "page": docs_page.render(described)}
    return {name: (body, etags.tag_of(body)) for name, body in bodies.items()}


def _complete(operation: dict[str, Any], route: Direct, method: str) -> None:
    """Add to an operation what follows from the kind of route it is."""
    who, _, _ = getattr(route, "access", (Role.VISITOR, None, None))
    operation["operationId"] = route.name
    operation["security"] = ([{}] if who is Role.VISITOR else []) + [{name: []} for name in _SCHEMES]
    has_input = bool(operation.get("parameters") or operation.get("requestBody"))
    statuses = {401, 403, 503}
    statuses |= {404} if route.param_convertors else set()
    statuses |= {422} if has_input or method == "POST" else set()
    statuses |= {400, 413, 415} if "requestBody" in operation else set()
    responses = operation["responses"]
    for status in statuses:
        if status == 422 or str(status) not in responses:
            responses[str(status)] = {"description": TITLES[status], **PROBLEM_REF}
    success = responses.get("201") or responses.get("202")
    if method == "POST" and success:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    if method == "GET":
        responses.setdefault("304", {"description": "Unchanged since the ETag in `If-None-Match`"})
