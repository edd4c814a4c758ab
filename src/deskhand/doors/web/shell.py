"""What all pages share: the layout, the policy they are served under, and refusals told to a person."""

from collections.abc import Awaitable, Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from deskhand.doors.findings import field_errors
from deskhand.doors.services import Services
from deskhand.kit.errors import Invalid, Refusal

# A link's token stands in the address: it must not travel on as a referrer, nor stay in a cache.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_env = Environment(
    loader=PackageLoader("deskhand.doors.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

STATIC = Mount("/static", StaticFiles(packages=[("deskhand.doors.web", "static")]))

Page = Callable[[Request], Awaitable[Response]]


def services(request: Request) -> Services:
    return request.app.state.services


def render(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page; `errors` (field → message) and `given` (field → text) are there for every form."""
    context = {"errors": {}, "given": {}, "brand": services(request).settings.brand, **context}
    return HTMLResponse(_env.get_template(template).render(context), status, HEADERS)


def page(handler: Page) -> Page:
    """Tell refusals to a person: what is not valid in a form goes back to the form by itself, all else is a page."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            response = render(request, "refusal.html", refusal.status, title=refusal.title, detail=refusal.detail)
            response.headers.update(refusal.headers)
            return response

    return answered


async def read_form(request: Request, kind: type[BaseModel], **more: Any) -> tuple[Any, dict[str, str], dict[str, str]]:
    """(the input or None, what was given, message by field): a form's fields as the act's own input type."""
    try:
        async with request.form(max_files=0) as form:
            texts = {name: value for name, value in form.items() if isinstance(value, str)}
    except HTTPException as problem:
        raise Refusal("This form could not be read.") from problem
    given = {name: text for name, text in texts.items() if name in kind.model_fields}
    try:
        return kind.model_validate({**given, **more}), given, {}
    except ValidationError as problem:
        return None, given, {item.field: item.message for item in field_errors(problem.errors())}


def messages(refusal: Invalid) -> dict[str, str]:
    return {item.field: item.message for item in refusal.errors}
