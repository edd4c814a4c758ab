"""Ways in and out.

GET, POST /login             sign in
GET, POST /login/signup      make an account, where that is open
GET, POST /login/forgot      a link by mail to choose a new password
GET, POST /login/reset       choose it: a reset's link, or an invitation's
GET, POST /login/verify      confirm an e-mail address
GET, POST /setup             the first start's link makes the first admin
POST      /logout
"""

from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import entry, links, people, sessions
from deskhand.accounts.actor import Role
from deskhand.accounts.model import FirstAdmin, Login, ResetConfirm, ResetRequest, SignUp, VerifyConfirm
from deskhand.accounts.passwords import check_password
from deskhand.doors import signing_in
from deskhand.doors.web.forms import messages, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import go, local, render
from deskhand.doors.web.shell import by_link, page
from deskhand.doors.web.visit import actor, client_of, forget, remember, services, visit
from deskhand.kit.errors import Forbidden, Invalid, TooMany, Unauthenticated


async def login(request: Request) -> Response:
    if request.method != "POST":
        place = local(request.query_params.get("next", ""), "/")
        return go(request, place) if visit(request).signed_in else render(request, "account/login.html", next=place)
    given, said, errors = await read_form(request, Login)
    place = local((await texts(request)).get("next", ""), "/")
    status, headers = 422, {}
    if given is not None:
        try:
            return await _signed_in(request, given, place)
        except Unauthenticated:
            errors, status = {"form": _wrong(request)}, 401
        except (Forbidden, TooMany) as refusal:
            errors = {"form": say(visit(request).language, refusal.detail)}
            status, headers = refusal.status, refusal.headers
    return render(request, "account/login.html", status, headers=headers, errors=errors, given=said, next=place)


async def signup(request: Request) -> Response:
    desk, client = services(request), client_of(request)
    if not desk.settings.signup:
        raise Forbidden("Accounts are made by the support team here.", code="signup_closed")
    if request.method != "POST":
        return render(request, "account/signup.html")
    new, said, errors = await read_form(request, SignUp)
    if new is not None:
        try:
            hashed = await signing_in.hash_for_signup(desk, new, client)
            await desk.store.write(signing_in.sign_up, desk, new, hashed, client)
            return _done(request, title="Please look into your mailbox", detail="We have sent you a link.")
        except Invalid as refusal:
            errors = messages(request, refusal)
    return render(request, "account/signup.html", 422, errors=errors, given=said)


async def forgot(request: Request) -> Response:
    desk = services(request)
    if request.method != "POST":
        return render(request, "account/forgot.html")
    given, said, errors = await read_form(request, ResetRequest)
    if given is None:
        return render(request, "account/forgot.html", 422, errors=errors, given=said)
    await desk.store.write(signing_in.ask_reset, desk, given, client_of(request))
    detail = "If there is an account with this e-mail, a link is on its way."
    return _done(request, title="Please look into your mailbox", detail=detail)


async def reset(request: Request) -> Response:
    desk, token = services(request), _token(request)
    # On a POST as well, before the costly hash, which strangers could else have done for them at no limit.
    await desk.store.read(links.peek, desk.signer, "reset", "invite", token=token)
    if request.method != "POST":
        return render(request, "account/reset.html")
    new, _, errors = await read_form(request, ResetConfirm, token=token)
    if hashed := await _hashed(request, new, None, errors):
        await desk.store.write(entry.choose_password, desk.signer, token, hashed)
        return _done(request, title="Your password is set", detail="Please sign in with it.", login=True)
    return render(request, "account/reset.html", 422, errors=errors)


async def verify(request: Request) -> Response:
    """Opening the page changes nothing: mail scanners open every link."""
    desk, token = services(request), _token(request)
    user = await desk.store.read(entry.claimed_by, desk.signer, token)
    if request.method != "POST":
        return render(request, "account/verify.html")
    given, _, errors = await read_form(request, VerifyConfirm, token=token)
    if given is not None and await desk.passwords.verify_async(user["password_hash"], given.password):
        await desk.store.write(entry.confirm_email, desk.signer, token, user["password_hash"])
        return _done(request, title="Thank you", detail="Your e-mail address is confirmed.", login=True)
    return render(request, "account/verify.html", 422, errors=errors or messages(request, entry.WrongPassword()))


async def setup(request: Request) -> Response:
    desk, token = services(request), _token(request)
    await desk.store.read(links.peek, desk.signer, "first-admin", token=token)
    if request.method != "POST":
        return render(request, "account/setup.html")
    new, said, errors = await read_form(request, FirstAdmin, token=token)
    if hashed := await _hashed(request, new, said.get("email"), errors):
        try:
            jwt = await desk.store.write(_first_admin, desk, new, hashed, client_of(request))
            response = go(request, "/desk", flash="Your desk is ready. Welcome!")
            remember(request, response, jwt)
            return response
        except people.EmailTaken as refusal:
            told = {"email": say(visit(request).language, refusal.title)}
            return render(request, "account/setup.html", refusal.status, errors=told, given=said)
    return render(request, "account/setup.html", 422, errors=errors, given=said)


async def logout(request: Request) -> Response:
    await services(request).store.write(sessions.end, actor(request).session_id or "")
    response = go(request, "/help", flash="You are signed out.")
    forget(response)
    return response


async def _signed_in(request: Request, given: Login, place: str) -> Response:
    desk, client = services(request), client_of(request)
    found = await signing_in.recognise(desk, given, client)
    jwt = await desk.store.write(signing_in.welcome, desk, found, given, client)
    response = go(request, place)
    remember(request, response, jwt)
    return response


def _first_admin(tx: Connection, desk: Any, new: FirstAdmin, hashed: str, client: Any) -> str:
    user = entry.make_first_admin(tx, desk.signer, new, hashed)
    return signing_in.open_session(tx, desk, user["id"], client)


def _done(request: Request, *, title: str, detail: str, login: bool = False) -> Response:
    language = visit(request).language
    return render(
        request,
        "account/done.html",
        title=say(language, title),
        detail=say(language, detail),
        place="/login" if login else "",
        place_name=say(language, "Sign in"),
    )


def _wrong(request: Request) -> str:
    return say(visit(request).language, "These do not belong together. Please check the address and the password.")


def _token(request: Request) -> str:
    return request.query_params.get("token", "")


async def _hashed(request: Request, new: BaseModel | None, email: str | None, errors: dict[str, str]) -> str | None:
    """The password's hash, or None and what is wrong with it in `errors`."""
    if new is None:
        return None
    password: Any = getattr(new, "password", "")
    try:
        check_password(password, email)
    except Invalid as refusal:
        errors.update(messages(request, refusal))
        return None
    return await services(request).passwords.hash_async(password)


routes = [
    Route("/login", page(login), methods=["GET", "POST"]),
    Route("/login/signup", page(signup), methods=["GET", "POST"]),
    Route("/login/forgot", page(forgot), methods=["GET", "POST"]),
    Route("/login/reset", by_link(reset), methods=["GET", "POST"]),
    Route("/login/verify", by_link(verify), methods=["GET", "POST"]),
    Route("/setup", by_link(setup), methods=["GET", "POST"]),
    Route("/logout", page(logout, Role.CUSTOMER), methods=["POST"]),
]
