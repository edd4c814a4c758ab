"""Own accounts, sessions and API keys, directly under `/api/v1`.

POST   /auth/login                    {access_token, token_type, expires_in}
POST   /auth/logout                   ends the session in use
POST   /auth/signup                   where open; a link verifies the e-mail
POST   /auth/verify                   that link
POST   /auth/password-reset           a link by mail
POST   /auth/password-reset/confirm   that link; ends every session
POST   /auth/handoff                  an address that signs the browser in, for the host product
POST   /auth/setup                    the first start's link makes the first admin
GET    /me
GET    /api-keys
POST   /api-keys
DELETE /api-keys/{key_id}
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.accounts import api_keys, entry, handoff, links, sessions, wire
from deskhand.accounts.model import (
    FirstAdmin,
    Login,
    NewApiKey,
    NewHandoff,
    ResetConfirm,
    ResetRequest,
    SignUp,
    VerifyConfirm,
)
from deskhand.accounts.passwords import check_password
from deskhand.doors import signing_in
from deskhand.doors.api import answers
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import ROOT, for_everyone, for_signed_in
from deskhand.doors.services import Services
from deskhand.kit.clock import HOUR, SECOND
from deskhand.kit.errors import Conflict, NotFound
from deskhand.kit.ids import parse_id

public = for_everyone("Sign in", f"{ROOT}/auth")
signed_in = for_signed_in("Sign in", ROOT)


@public.post("/login", response_model=wire.Token, responses=answers.refusals(429))
async def login(request: Request, given: Login) -> Response:
    """Sign in with e-mail and password. Wrong ones are counted per account and per client."""
    desk, client = services(request), answers.actor_of(request).client
    found = await signing_in.recognise(desk, given, client)

    def work(tx: Connection) -> Any:
        return _token(desk, signing_in.welcome(tx, desk, found, given, client))

    return await answers.act(request, work, secret=True)


@public.post("/signup", status_code=202, response_model=wire.Note, responses=answers.refusals(429))
async def signup(request: Request, new: SignUp) -> Response:
    """Make an account, where that is open. The answer is the same whether or not the e-mail has one already."""
    desk, client = services(request), answers.actor_of(request).client
    hashed = await signing_in.hash_for_signup(desk, new, client)

    def work(tx: Connection) -> Any:
        signing_in.sign_up(tx, desk, new, hashed, client)
        return {"detail": "Please look into your mailbox: we have sent you a link."}

    return await answers.act(request, work, status=202)


@public.post("/verify", status_code=204, responses=answers.refusals(404))
async def verify(request: Request, given: VerifyConfirm) -> Response:
    """Confirm an e-mail address: the link that was sent to it, and the password chosen at sign-up."""
    desk = services(request)
    user = await desk.store.read(entry.claimed_by, desk.signer, given.token)
    if not await desk.passwords.verify_async(user["password_hash"], given.password):
        raise entry.WrongPassword
    return await answers.act(
        request, lambda tx: entry.confirm_email(tx, desk.signer, given.token, user["password_hash"])
    )


@public.post("/password-reset", status_code=202, response_model=wire.Note, responses=answers.refusals(429))
async def ask_reset(request: Request, given: ResetRequest) -> Response:
    """Ask for a link by which to choose a new password. The answer never says whether there is such an account."""
    desk, client = services(request), answers.actor_of(request).client

    def work(tx: Connection) -> Any:
        signing_in.ask_reset(tx, desk, given, client)
        return {"detail": "If there is an account with this e-mail, a link is on its way."}

    return await answers.act(request, work, status=202)


@public.post("/password-reset/confirm", status_code=204, responses=answers.refusals(404))
async def confirm_reset(request: Request, given: ResetConfirm) -> Response:
    """Choose a new password. Every session of the account ends."""
    desk = services(request)
    check_password(given.password)
    # Before the costly hash, which strangers could else have done for them at no limit.
    await desk.store.read(links.peek, desk.signer, "reset", "invite", token=given.token)
    hashed = await desk.passwords.hash_async(given.password)

    return await answers.act(request, lambda tx: entry.choose_password(tx, desk.signer, given.token, hashed))


@public.post("/setup", status_code=201, response_model=wire.Token, responses=answers.refusals(404, 409))
async def make_first_admin(request: Request, given: FirstAdmin) -> Response:
    """Make the first admin by the link that the first start prints. It works once, and only while there is none."""
    desk, client = services(request), answers.actor_of(request).client
    check_password(given.password, given.email)
    await desk.store.read(links.peek, desk.signer, "first-admin", token=given.token)
    hashed = await desk.passwords.hash_async(given.password)

    def work(tx: Connection) -> Any:
        user = entry.make_first_admin(tx, desk.signer, given, hashed)
        return _token(desk, signing_in.open_session(tx, desk, user["id"], client))

    return await answers.act(request, work, status=201, secret=True)


@signed_in.post("/auth/handoff", status_code=201, response_model=wire.Handoff, responses=answers.refusals(429))
async def hand_over(request: Request, new: NewHandoff) -> Response:
    """Make an address at which a browser is signed in as this person, once: send it there with a redirect."""
    desk, actor = services(request), answers.actor_of(request)

    def work(tx: Connection) -> Any:
        url = f"{desk.settings.base_url}/support?token={handoff.offer(tx, desk.signer, actor, new)}"
        return {"url": url, "expires_in": links.LIFETIMES[handoff.PURPOSE] // SECOND}

    return await answers.act(request, work, status=201, limit=("handoffs", desk.settings.limit_handoffs), secret=True)


@signed_in.post("/auth/logout", status_code=204, responses=answers.refusals(409))
async def logout(request: Request) -> Response:
    """End the session that this request came with. Host tokens and API keys have none of ours to end."""
    actor = answers.actor_of(request)
    if actor.session_id is None:
        raise Conflict("This credential is no session of Deskhand's: nothing to end.", code="no_session")
    session_id = actor.session_id
    return await answers.act(request, lambda tx: sessions.end(tx, session_id))


@signed_in.get("/me", response_model=wire.Me)
async def me(request: Request) -> Response:
    """Who you are."""
    return answers.found(request, wire.me(answers.actor_of(request)))


@signed_in.get("/api-keys", response_model=wire.ApiKeys)
async def list_keys(request: Request) -> Response:
    """Your keys by prefix, newest first; the keys themselves are kept nowhere."""
    actor = answers.actor_of(request)
    return await answers.read(
        request, lambda tx: {"api_keys": [wire.api_key(row) for row in api_keys.list_for(tx, actor)]}
    )


@signed_in.post("/api-keys", status_code=201, response_model=wire.NewKey, responses=answers.refusals(409, 429))
async def create_key(request: Request, new: NewApiKey) -> Response:
    """Make a key. `key` in the answer is shown this once."""
    actor, settings = answers.actor_of(request), services(request).settings

    def work(tx: Connection) -> Any:
        row, plain = api_keys.create(tx, actor, new)
        return {**wire.api_key(row), "key": plain}

    return await answers.act(request, work, status=201, limit=("keys", settings.limit_keys), secret=True)


@signed_in.delete("/api-keys/{key_id}", status_code=204)
async def revoke_key(request: Request, key_id: str) -> Response:
    """Revoke a key at once and for good."""
    actor, found = answers.actor_of(request), parse_id(key_id)
    if found is None:
        raise NotFound
    return await answers.act(request, lambda tx: api_keys.revoke(tx, actor, found))


def _token(desk: Services, jwt: str) -> wire.Token:
    return {"access_token": jwt, "token_type": "bearer", "expires_in": desk.settings.session_hours * HOUR // SECOND}
