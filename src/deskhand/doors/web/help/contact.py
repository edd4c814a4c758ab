"""The contact form.

GET, POST /contact                   from anyone, without login
GET       /contact/thanks/{token}    what happens next
"""

from dataclasses import replace

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Identity, Role
from deskhand.doors.web.forms import act, messages, read_form, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import by_link, page
from deskhand.doors.web.visit import actor, client_of, services, visit
from deskhand.kb import queries
from deskhand.kit.clock import DAY, HOUR, now
from deskhand.kit.errors import Invalid, TooMany
from deskhand.kit.signing import BadSignature, Signer
from deskhand.tickets import contact
from deskhand.tickets.model import NewPublicTicket

_FORM, _THANKS = "contact-form", "contact-sent"
# A name that means nothing to programs which fill in forms for people.
_HONEYPOT = "extra"
_SUGGESTED = 3


async def form(request: Request) -> Response:
    desk, who = services(request), actor(request)
    if request.method != "POST":
        subject = " ".join(request.query_params.get("subject", "").replace("\0", " ").split())[:255]
        given = {"subject": subject, "name": who.name, "email": who.email or ""}
        return render(request, "help/contact.html", given=given, stamp=_stamp(desk.signer, now()))
    sent = await texts(request)
    new, given, errors = await read_form(request, NewPublicTicket, honeypot=sent.get(_HONEYPOT, ""))
    begun, status, headers = _begun(desk.signer, sent.get("stamp", "")), 422, {}
    if begun is None:
        again = say(visit(request).language, "This page lay open for long. Please send your message once more.")
        errors["form"] = again
    elif new is not None:
        try:
            return await _submit(request, new, now() - begun)
        except Invalid as refusal:
            errors = messages(request, refusal)
        except TooMany as refusal:
            wait = say(visit(request).language, "You have written to us several times already. Please try again later.")
            errors, status, headers = {"form": wait}, refusal.status, refusal.headers
    # Whoever sends it again may be quick about it.
    stamp = _stamp(desk.signer, min(begun or now(), now() - contact.HURRIED))
    return render(request, "help/contact.html", status, headers=headers, errors=errors, given=given, stamp=stamp)


async def thanks(request: Request) -> Response:
    """Whoever typed without a script was offered no articles meanwhile: here they are."""
    desk = services(request)
    name, email, readable_id, subject = desk.signer.read(request.path_params["token"], _THANKS)
    answers = await desk.store.read_slow(queries.search, subject, limit=_SUGGESTED)
    found = [row.article for row in answers.rows]
    return render(request, "help/thanks.html", name=name, email=email, readable_id=readable_id, found=found)


async def _submit(request: Request, new: NewPublicTicket, took: int) -> Response:
    """As anybody, be it by somebody who is signed in: the form knows no accounts."""
    desk, client = services(request), replace(client_of(request), via="contact")

    def work(tx: Connection) -> str:
        ticket = contact.submit(tx, desk.settings, client, new, took=took)
        told = [new.name, new.email, ticket.readable_id, new.subject]
        return f"/contact/thanks/{desk.signer.sign(_THANKS, told, HOUR)}"

    visitor = Actor(None, Role.VISITOR, identity=Identity.UNVERIFIED, client=client)
    return await act(request, work, limit=("public", desk.settings.limit_public), who=visitor)


def _stamp(signer: Signer, begun: int) -> str:
    """Says when the form was handed out; good for a day."""
    return signer.sign(_FORM, [begun], DAY)


def _begun(signer: Signer, stamp: str) -> int | None:
    try:
        (begun,) = signer.read(stamp, _FORM)
    except BadSignature:
        return None
    return begun


routes = [
    Route("/contact", page(form), methods=["GET", "POST"]),
    Route("/contact/thanks/{token}", by_link(thanks), methods=["GET"]),
]
