"""Who calls: credentials in, Actor out, before a byte of the body is read.

Routes say whom they are for by their class: `APIRouter(route_class=guarded(…))`.
"""

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from deskhand.accounts import api_keys, host_users, keys, people, sessions
from deskhand.accounts.actor import Actor, Client, Identity, Role, Scope
from deskhand.accounts.csrf import csrf_matches
from deskhand.accounts.jwt import Claims, looks_own
from deskhand.doors import credentials
from deskhand.doors.api.direct import Direct, Handler
from deskhand.doors.credentials import SESSION_COOKIE
from deskhand.doors.services import Services
from deskhand.kit.errors import Forbidden, Unauthenticated, Unsupported

CSRF_HEADER = "X-CSRF-Token"
_SAFE = {"GET", "HEAD", "OPTIONS"}


def guarded(who: Role | None, read: Scope | None = None, write: Scope | None = None) -> type[APIRoute]:
    """A route class for customers, agents or admins, or (None) for whoever is signed in.

    `read` and `write` are the scopes that an API key needs.
    """

    class Guarded(Direct):
        access = (who, read, write)

        def get_route_handler(self) -> Handler:
            answer = super().get_route_handler()
            takes_json = self.body_field is not None

            async def handler(request: Request) -> Response:
                actor = await authenticate(request)
                if scope := read if request.method in _SAFE else write:
                    actor.require(scope)
                request.state.actor = _admit(actor, who)
                _check_type(request, takes_json)
                return await answer(request)

            return handler

    return Guarded


class Open(Direct):
    """A route for everyone; whoever shows a credential is known by it, and a wrong one is refused."""

    access = (Role.VISITOR, None, None)

    def get_route_handler(self) -> Handler:
        answer = super().get_route_handler()
        takes_json = self.body_field is not None

        async def handler(request: Request) -> Response:
            request.state.actor = await _whoever(request)
            _check_type(request, takes_json)
            return await answer(request)

        return handler


def services(request: Request) -> Services:
    return request.app.state.services


def client_of(request: Request, via: str = "api") -> Client:
    return Client(via, request.state.client_ip, request.headers.get("user-agent", "")[:255])


async def authenticate(request: Request) -> Actor:
    """The actor behind the request's credential. Raises Unauthenticated, or Forbidden for a missing CSRF token."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    bearer = value.strip() if kind.lower() == "bearer" else ""
    key = request.headers.get("x-api-key") or (bearer if bearer.startswith(keys.KEY_START) else "")
    if key:
        return await _by_key(request, key)
    if bearer:
        return await _by_token(request, bearer)
    if cookie := request.cookies.get(SESSION_COOKIE):
        return await _by_cookie(request, cookie)
    raise Unauthenticated


async def _whoever(request: Request) -> Actor:
    """Somebody or nobody. What was sent on purpose and is wrong is refused; an old cookie just counts for none."""
    if "authorization" in request.headers or "x-api-key" in request.headers:
        return await authenticate(request)
    try:
        return await authenticate(request)
    except Unauthenticated:
        return _visitor(request)


async def _by_key(request: Request, key: str) -> Actor:
    digest = keys.parse(key)
    if digest is None:
        raise Unauthenticated
    store = services(request).store
    actor, used = await store.read(api_keys.authenticate, digest, client_of(request))
    if used:
        await store.write(api_keys.touch, used)
    return actor


async def _by_token(request: Request, token: str) -> Actor:
    desk = services(request)
    claims = desk.own_tokens.recall(token)
    if claims or looks_own(token):
        claims = claims or desk.own_tokens.verify(token)
        return await desk.store.read(sessions.authenticate, claims.user_id, claims.session_id, client_of(request))
    return await _host_user(request, await desk.host_tokens.verify_async(token))


async def _by_cookie(request: Request, cookie: str) -> Actor:
    desk = services(request)
    actor = await credentials.by_cookie(desk, cookie, client_of(request, "web"))
    given = request.headers.get(CSRF_HEADER, "")
    if request.method not in _SAFE and not csrf_matches(desk.signer, actor.session_id or "", given):
        raise Forbidden("The CSRF token is missing or does not belong to this session.", code="csrf")
    return actor


async def _host_user(request: Request, claims: Claims) -> Actor:
    """The host's user. Its row is written when the token says something new, and read otherwise."""
    desk = services(request)
    role = host_users.role_of(claims, desk.settings.jwt_staff_claim)
    row = await desk.store.read(people.find_by_sub, claims.subject)
    if row is None or host_users.says_new(row, claims, role):
        row = await desk.store.write(host_users.refresh, claims, role)
    if row["disabled_at"] is not None:
        raise Unauthenticated
    return sessions.actor_from(row, client_of(request), Identity.SESSION)


def _admit(actor: Actor, who: Role | None) -> Actor:
    if who is None:
        return actor
    if who is Role.CUSTOMER:
        return actor.as_customer()
    actor.require_staff()
    if who is Role.ADMIN:
        actor.require_admin()
    return actor


def _visitor(request: Request) -> Actor:
    return Actor(None, Role.VISITOR, identity=Identity.UNVERIFIED, client=client_of(request))


def _check_type(request: Request, takes_json: bool) -> None:
    if not takes_json:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Unsupported("Please send the body as application/json.")
