"""Pages behind the links that make, confirm and recover an own account.

GET, POST /setup             the first start's link makes the first admin
GET, POST /login/reset       choose a password: a reset's link, or an invitation's
GET, POST /login/verify      confirm an e-mail address
"""

from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import entry, links, people
from deskhand.accounts.model import FirstAdmin, ResetConfirm, VerifyConfirm
from deskhand.accounts.passwords import check_password
from deskhand.doors.web.shell import messages, page, read_form, render, services
from deskhand.kit.errors import Invalid


async def setup(request: Request) -> Response:
    desk, token = services(request), _token(request)
    await desk.store.read(links.peek, desk.signer, "first-admin", token=token)
    if request.method != "POST":
        return render(request, "setup.html")
    new, given, errors = await read_form(request, FirstAdmin, token=token)
    if hashed := await _hashed(request, new, given.get("email"), errors):
        try:
            user = await desk.store.write(entry.make_first_admin, desk.signer, new, hashed)
        except people.EmailTaken as refusal:
            return render(request, "setup.html", refusal.status, errors={"email": refusal.title}, given=given)
        return render(
            request, "done.html", title="Your desk is ready", detail=f"You can sign in as {user['login']} now."
        )
    return render(request, "setup.html", 422, errors=errors, given=given)


async def reset(request: Request) -> Response:
    desk, token = services(request), _token(request)
    # On a POST as well, before the costly hash, which strangers could else have done for them at no limit.
    await desk.store.read(links.peek, desk.signer, "reset", "invite", token=token)
    if request.method != "POST":
        return render(request, "reset.html")
    new, _, errors = await read_form(request, ResetConfirm, token=token)
    if hashed := await _hashed(request, new, None, errors):
        await desk.store.write(entry.choose_password, desk.signer, token, hashed)
        return render(request, "done.html", title="Your password is set", detail="Please sign in with it.")
    return render(request, "reset.html", 422, errors=errors)


async def verify(request: Request) -> Response:
    """Opening the page changes nothing: mail scanners open every link."""
    desk, token = services(request), _token(request)
    user = await desk.store.read(entry.claimed_by, desk.signer, token)
    if request.method != "POST":
        return render(request, "verify.html")
    given, _, errors = await read_form(request, VerifyConfirm, token=token)
    if given is not None and await desk.passwords.verify_async(user["password_hash"], given.password):
        await desk.store.write(entry.confirm_email, desk.signer, token, user["password_hash"])
        return render(request, "done.html", title="Thank you", detail="Your e-mail address is confirmed.")
    return render(request, "verify.html", 422, errors=errors or messages(entry.WrongPassword()))


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
        errors.update(messages(refusal))
        return None
    return await services(request).passwords.hash_async(password)


routes = [
    Route("/setup", page(setup), methods=["GET", "POST"]),
    Route("/login/reset", page(reset), methods=["GET", "POST"]),
    Route("/login/verify", page(verify), methods=["GET", "POST"]),
]
