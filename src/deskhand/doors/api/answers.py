"""How a route answers: reads with an ETag, acts in one transaction with limit and idempotency key."""

import re
from collections.abc import Callable
from hashlib import blake2b, sha256
from typing import Any, Concatenate
from urllib.parse import urlencode

import orjson
from fastapi import Request
from sqlalchemy import Connection
from starlette.responses import Response

from deskhand.accounts.actor import Actor
from deskhand.doors import etags
from deskhand.doors.api.auth import services
from deskhand.kit import idempotency, limits
from deskhand.kit.db import P
from deskhand.kit.errors import Invalid, Stale
from deskhand.kit.idempotency import Answer
from deskhand.kit.limits import Rate

KEY_HEADER = "Idempotency-Key"
_JSON = "application/json"


TITLES = {
    400: "The body is no JSON",
    401: "No valid credential",
    403: "Not for this caller",
    404: "There is no such thing, or it is somebody else's",
    409: "Does not fit the present state",
    412: "Changed since it was read",
    413: "Too large",
    415: "Not a content type that is taken",
    422: "Some fields are not valid",
    429: "Over the limit; `Retry-After` says when to try again",
    503: "The database or the storage does not answer",
}
PROBLEM_REF = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: what a route may refuse beyond what every route of its kind may."""
    return {status: {"description": TITLES[status], **PROBLEM_REF} for status in statuses}


# For `responses=` of routes that answer with a file's bytes.
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {
        "description": "The part asked for by `Range`",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    416: {"description": "There is no such part"},
}


async def read(
    request: Request, query: Callable[Concatenate[Connection, P], Any], *args: P.args, **kwargs: P.kwargs
) -> Response:
    """Run a short read and answer its JSON."""
    return found(request, await services(request).store.read(query, *args, **kwargs))


async def read_slow(
    request: Request, query: Callable[Concatenate[Connection, P], Any], *args: P.args, **kwargs: P.kwargs
) -> Response:
    """As `read`, for searches and reports."""
    return found(request, await services(request).store.read_slow(query, *args, **kwargs))


async def read_page(request: Request, query: Callable[[Connection], Any]) -> Response:
    """For one page of a list whose rows must all be counted: `query` returns `total`, `page` and `per_page` too."""
    body = await services(request).store.read_slow(query)
    response = found(request, body)
    response.headers.update(links(request, body["page"], body["per_page"], body["total"]))
    return response


async def act(
    request: Request,
    work: Callable[[Connection], Any],
    *,
    status: int = 200,
    limit: tuple[str, Rate | None] | None = None,
    limit_key: str | None = None,
    secret: bool = False,
) -> Response:
    """Run `work` in one transaction and answer the JSON it returns; None is 204.

    `limit` is (name, rate), counted by `limit_key` or the user, in the same transaction: what is refused costs nothing.
    `secret` says that the answer must not be kept in the clear for repeats.
    """
    desk, actor = services(request), actor_of(request)
    key = key_of(request)
    caller = f"user:{actor.user_id}" if actor.user_id else f"ip:{actor.client.network}"
    fingerprint = await _fingerprint(request) if key else ""

    def unit(tx: Connection) -> Answer:
        if key and (first := idempotency.replay(tx, caller, key, fingerprint)):
            return Answer(first.status, {**first.headers, "Idempotent-Replay": "true"}, first.body)
        budget = None
        if limit and not actor.exempt:
            budget = limits.spend(tx, limit[0], limit_key or caller, limit[1])
        result = work(tx)
        body = "" if result is None else orjson.dumps(result).decode()
        answer = Answer(204 if result is None else status, {}, body)
        if key:
            idempotency.keep(tx, caller, key, answer, secret=secret)
        return Answer(answer.status, answer.headers | (budget.headers if budget else {}), body)

    answer = await desk.store.write(unit)
    return response(answer.body.encode(), answer.status, answer.headers)


def found(request: Request, result: Any, *, etag: str | None = None) -> Response:
    """`result` as JSON with its ETag, or 304 where the caller has it already."""
    body = orjson.dumps(result)
    tag = etag or etags.tag_of(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie, X-API-Key"}
    if etags.matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return response(body, 200, headers)


def versioned_etag(version: int, result: Any) -> str:
    """An ETag that changes with everything shown, and from which `If-Match` can tell the row's version."""
    return f'"{version}.{blake2b(orjson.dumps(result), digest_size=9).hexdigest()}"'


def expected_version(if_match: str | None) -> int | None:
    """The version that `If-Match` names; None where it is absent or `*`. Raises Stale for one that is none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = re.fullmatch(r'\s*(?:W/)?"(\d{1,9})(?:\.[0-9a-f]+)?"\s*', if_match)
    if match is None:
        raise Stale("This ETag does not belong to what you are changing.")
    return int(match[1])


def actor_of(request: Request) -> Actor:
    return request.state.actor


def links(
    request: Request, page: int, per_page: int, total: int, *, cursors: tuple[str | None, str | None] = (None, None)
) -> dict[str, str]:
    """The `Link` header of a list (RFC 8288): first, prev, next, last; by `cursors` (present, next): first and next."""
    here, following = cursors
    if here is not None:
        start = request.url.remove_query_params(["cursor", "page"])
        urls = [("first", start)] + ([("next", start.include_query_params(cursor=following))] if following else [])
        return _link_header([(rel, f"{url.path}?{url.query}") for rel, url in urls])
    path, last = request.scope["path"], max(1, -(-total // per_page))
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    wanted = {
        "first": 1,
        "prev": min(page - 1, last) if page > 1 else None,
        "next": page + 1 if page < last else None,
        "last": last,
    }
    query = urlencode(asked) + "&" if asked else ""
    return _link_header([(rel, f"{path}?{query}page={number}") for rel, number in wanted.items() if number])


def _link_header(urls: list[tuple[str, str]]) -> dict[str, str]:
    return {"Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in urls)}


def response(body: bytes, status: int, headers: dict[str, str]) -> Response:
    """JSON that is encoded already."""
    return Response(body, status, {"Cache-Control": "no-store", **headers}, _JSON if body else None)


def key_of(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= idempotency.MAX_KEY or not key.isprintable():
        raise Invalid.field(KEY_HEADER, "length", "An Idempotency-Key has 1 to 255 printable characters.")
    return key


async def _fingerprint(request: Request) -> str:
    head = f"{request.method} {request.url.path}\n".encode()
    return sha256(head + await request.body()).hexdigest()
