"""What all pages share: who may see them, that forms are their own, and refusals told to a person."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from deskhand.accounts.actor import Role
from deskhand.doors.web import forms
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import SECRET, local, render, wants_fragment
from deskhand.doors.web.visit import arrive, check_csrf, check_origin, visit
from deskhand.kit.errors import Refusal, Unauthenticated

Page = Callable[[Request], Awaitable[Response]]

_SAFE = {"GET", "HEAD"}


def page(handler: Page, who: Role = Role.VISITOR) -> Page:
    """For visitors, customers (whoever is signed in, on the customers' side), agents or admins.

    What is not valid in a form goes back to the form by itself; every other refusal becomes a page.
    """

    async def answered(request: Request) -> Response:
        await arrive(request)
        try:
            _admit(request, who)
            if request.method not in _SAFE:
                await _check_form(request)
            return await handler(request)
        except Unauthenticated:
            return _sign_in(request)
        except Refusal as refusal:
            return refused(request, refusal)
        finally:
            await request.close()  # of files that came with a form

    return answered


def by_link(handler: Page) -> Page:
    """A page for whoever holds the token in its address, which is the only credential that counts there."""

    async def answered(request: Request) -> Response:
        await arrive(request)
        try:
            response = await handler(request)
        except Refusal as refusal:
            response = refused(request, refusal)
        finally:
            await request.close()
        response.headers.update(SECRET)
        return response

    return answered


def refused(request: Request, refusal: Refusal) -> Response:
    """A refusal as a page, or as a message above the page that is there."""
    language = visit(request).language
    title, detail = say(language, refusal.title), say(language, refusal.detail)
    fragment = "message" if wants_fragment(request) else None
    response = render(
        request,
        "shared/refusal.html",
        refusal.status,
        fragment=fragment,
        title=title,
        detail=detail,
        code=refusal.status,
    )
    response.headers.update(refusal.headers)
    if fragment:
        response.headers.update({"HX-Retarget": "#messages", "HX-Reswap": "beforeend"})
    return response


async def tell(request: Request, refusal: Refusal) -> Response:
    """For what was refused before a page was reached: an address that leads nowhere, a body too large, a bug."""
    await arrive(request)
    return refused(request, refusal)


def _admit(request: Request, who: Role) -> None:
    if who is Role.VISITOR:
        return
    forms.require_session(request)
    seen = visit(request)
    if who is Role.CUSTOMER:
        # Staff too see only what is their own on the customers' side.
        request.state.visit = seen._replace(actor=seen.actor.as_customer())
    elif who is Role.ADMIN:
        seen.actor.require_admin()
    else:
        seen.actor.require_staff()


async def _check_form(request: Request) -> None:
    check_origin(request)
    if visit(request).signed_in:
        given = request.headers.get("x-csrf-token") or (await forms.texts(request)).get("csrf", "")
        check_csrf(request, given)


def _sign_in(request: Request) -> Response:
    """To the login, and back from there."""
    if request.method in _SAFE:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    else:
        back = urlsplit(request.headers.get("referer", "")).path
    if current := request.headers.get("hx-current-url"):
        back = urlsplit(current).path
    place = f"/login?next={quote(local(back, '/'))}"
    if wants_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)
