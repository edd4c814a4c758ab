"""Routes that take path, query and one JSON body, answered without what FastAPI does for those that take more.

FastAPI finds out anew at each request what kinds of parameters a handler has, and opens exit stacks for dependencies
and files: for a list of tickets that was a sixth of all processor time. Here it is found out once. The documentation
still comes from the route, and values are checked by the very fields that FastAPI made of the handler's signature.
What FastAPI makes of a route is made when it is first asked: for some eighty at once that took a fifth of the start.
"""

import json
from collections.abc import Callable, Coroutine, Iterable, Mapping
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Body
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from deskhand.doors.preparing import prepare

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = Callable[..., Any]

# All that a handler can ask for beyond path, query, body and the request.
_MORE = (
    "dependencies",
    "header_params",
    "cookie_params",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
)


class Direct(APIRoute):
    """Answered directly where that will do, and by FastAPI where the handler takes more."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        # What a route is found by; and what is said of it, for later.
        Route.__init__(self, path, endpoint, methods=options["methods"])
        self.methods = set(options["methods"])
        self._said = (path, endpoint, options)
        del self.app

    def __getattr__(self, name: str) -> Any:
        """What FastAPI makes of a route, `app` with it."""
        if name == "_said" or "app" in self.__dict__:
            raise AttributeError(name)
        self.prepare()
        return getattr(self, name)

    def prepare(self) -> None:
        """Make what the first request needs: not the shapes of answers, for handlers return responses."""
        path, endpoint, options = self._said
        super().__init__(path, endpoint, **options | {"response_model": None})
        if _is_plain(self):
            self._handler = self.get_route_handler()
            self.app = self._answer

    def described(self) -> APIRoute:
        """The route as the documentation tells of it, with the shapes of its answers."""
        path, endpoint, options = self._said
        return APIRoute(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        return _handler(self) if _is_plain(self) else super().get_route_handler()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive, send))
        await response(scope, receive, send)


class _Parameter(NamedTuple):
    """`field` is FastAPI's; `default` stands for one that is not given and need not be."""

    name: str
    alias: str
    where: str
    field: Any
    required: bool
    default: Any


_ABSENT = object()


def _is_plain(route: APIRoute) -> bool:
    # What may be repeated is a list; the last of several values is all that is looked at here.
    lists = any(get_origin(field.field_info.annotation) is list for field in route.dependant.query_params)
    more = any(getattr(route.dependant, name) for name in _MORE)
    bodies = route.dependant.body_params
    plain = len(bodies) <= 1 and all(type(body.field_info) is Body and not body.field_info.embed for body in bodies)
    return iscoroutinefunction(route.endpoint) and plain and not lists and not more


def _handler(route: APIRoute) -> Handler:
    endpoint, request_name = route.endpoint, route.dependant.request_param_name
    in_path = [_parameter(field, "path") for field in route.dependant.path_params]
    in_query = [_parameter(field, "query") for field in route.dependant.query_params]
    bodies = [_parameter(field, "body") for field in route.dependant.body_params]

    async def handler(request: Request) -> Response:
        values: dict[str, Any] = {request_name: request} if request_name else {}
        findings = [
            *_read(in_path, request.path_params, values),
            *(_read(in_query, request.query_params, values) if in_query else ()),
        ]
        for body in bodies:
            findings += _one(body, await _json(request), values, ("body",))
        if findings:
            raise RequestValidationError(findings)
        for body in bodies:
            await prepare(values[body.name])
        return await endpoint(**values)

    return handler


async def _json(request: Request) -> Any:
    """What the body says; `_ABSENT` for an empty one. Raises as FastAPI does."""
    try:
        body = await request.body()
        return json.loads(body) if body else _ABSENT
    except json.JSONDecodeError as problem:
        found = {"type": "json_invalid", "loc": ("body", problem.pos), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([found]) from problem
    except Exception as problem:
        # Too large, or the client has gone: whoever translates this looks at the cause.
        raise HTTPException(400) from problem


def _parameter(field: Any, where: str) -> _Parameter:
    required = field.field_info.is_required()
    return _Parameter(field.name, field.alias, where, field, required, None if required else field.default)


def _read(
    parameters: Iterable[_Parameter], given: Mapping[str, Any], values: dict[str, Any]
) -> Iterable[dict[str, Any]]:
    """Fill in `values`; returns the findings."""
    findings: list[dict[str, Any]] = []
    for it in parameters:
        findings += _one(it, given.get(it.alias, _ABSENT), values, (it.where, it.alias))
    return findings


def _one(it: _Parameter, value: Any, values: dict[str, Any], loc: tuple[str, ...]) -> Iterable[dict[str, Any]]:
    if value is not _ABSENT:
        values[it.name], findings = it.field.validate(value, loc=loc)
        return findings
    values[it.name] = it.default
    return [{"type": "missing", "loc": loc, "msg": "Field required", "input": None}] if it.required else ()
