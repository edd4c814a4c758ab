"""Routes that take path and query alone, answered without what FastAPI does for those that take more.

FastAPI finds out anew at each request what kinds of parameters a handler has, and opens exit stacks for dependencies
and files: for a list of tickets that was a sixth of all processor time. Here it is found out once. The documentation
still comes from the route, and values are checked by the very fields that FastAPI made of the handler's signature.
What FastAPI makes of a route is made when it is first asked: for some eighty at once that took a fifth of the start.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = Callable[..., Any]

# All that a handler can ask for beyond path, query and the request.
_MORE = (
    "dependencies",
    "header_params",
    "cookie_params",
    "body_params",
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
    """`field` is FastAPI's; `default` stands for one that is not given, `missing` is the finding where it must be."""

    name: str
    alias: str
    where: str
    field: Any
    default: Any
    missing: dict[str, Any] | None


def _is_plain(route: APIRoute) -> bool:
    # What may be repeated is a list; the last of several values is all that is looked at here.
    lists = any(get_origin(field.field_info.annotation) is list for field in route.dependant.query_params)
    more = any(getattr(route.dependant, name) for name in _MORE)
    return iscoroutinefunction(route.endpoint) and not lists and not more


def _handler(route: APIRoute) -> Handler:
    endpoint, request_name = route.endpoint, route.dependant.request_param_name
    in_path = [_parameter(field, "path") for field in route.dependant.path_params]
    in_query = [_parameter(field, "query") for field in route.dependant.query_params]

    async def handler(request: Request) -> Response:
        values: dict[str, Any] = {request_name: request} if request_name else {}
        findings = [
            *_read(in_path, request.path_params, values),
            *(_read(in_query, request.query_params, values) if in_query else ()),
        ]
        if findings:
            raise RequestValidationError(findings)
        return await endpoint(**values)

    return handler


def _parameter(field: Any, where: str) -> _Parameter:
    missing = {"type": "missing", "loc": (where, field.alias), "msg": "Field required", "input": None}
    required = field.field_info.is_required()
    return _Parameter(
        field.name, field.alias, where, field, None if required else field.default, missing if required else None
    )


def _read(
    parameters: Iterable[_Parameter], given: Mapping[str, Any], values: dict[str, Any]
) -> Iterable[dict[str, Any]]:
    """Fill in `values`; returns the findings."""
    findings: list[dict[str, Any]] = []
    for name, alias, where, field, default, missing in parameters:
        value = given.get(alias)
        if value is not None:
            values[name], found = field.validate(value, loc=(where, alias))
            findings += found
        elif missing:
            findings.append(missing)
        else:
            values[name] = default
    return findings
