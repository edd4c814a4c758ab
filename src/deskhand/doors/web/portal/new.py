"""Filing a ticket.

GET, POST /support/new            the form
POST      /support/new/category   what it seems to be about
POST      /support/preview        Markdown as it will look
"""

import asyncio

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Role
from deskhand.categories import learning
from deskhand.categories import queries as categories
from deskhand.categories.classify import read
from deskhand.doors.web.arrival import arriving
from deskhand.doors.web.forms import fields, read_message, texts
from deskhand.doors.web.languages import say
from deskhand.doors.web.portal.trial import Trial
from deskhand.doors.web.rendering import render, wants_fragment
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.markdown import render as markdown
from deskhand.tickets import create
from deskhand.tickets.model import MAX_BODY, NewTicket

Pairs = list[tuple[str, str]]

_TEMPLATE = "portal/new.html"
_MAX_PAIRS = 50


async def new(request: Request) -> Response:
    if request.method != "POST":
        subject = " ".join(request.query_params.get("subject", "").replace("\0", " ").split())[:255]
        return await _page(request, Trial(given={"subject": subject}), [])
    desk, who, pairs = services(request), actor(request), await _pairs(request)
    if step := (await texts(request)).get("step", ""):
        return await _step(request, step, pairs)
    metadata = {name: value for name, value in pairs if name or value}
    trial = Trial(*await read_message(request, NewTicket, who, optional=("category_slug",), metadata=metadata))
    if len(metadata) < len([pair for pair in pairs if any(pair)]):
        trial.refuse("metadata", say(visit(request).language, "Each name may be there once."))

    def work(tx: Connection) -> str:
        return f"/support/{create.create(tx, desk.settings, who, trial.new).readable_id}"

    limit = ("tickets", desk.settings.limit_tickets)
    done = await trial.act(request, work, limit=limit, flash="Thank you. Our answer will be here.")
    return done or await _page(request, trial, pairs)


async def category(request: Request) -> Response:
    """How the ticket would be filed as it stands, unless its writer knows better."""
    sent = await texts(request)
    subject, body = sent.get("subject", "")[:255], sent.get("body", "")[:MAX_BODY]

    reading = await asyncio.to_thread(read, subject, body)

    def suggested(tx: Connection) -> tuple[str, float]:
        guess = learning.suggest(tx, reading)
        return categories.get(tx, guess.slug)["name"], guess.probability

    name, sure = "", 0.0
    if subject.strip() or body.strip():
        name, sure = await services(request).store.read_slow(suggested)
    return render(request, _TEMPLATE, fragment="guess", guess=name, sure=sure)


async def preview(request: Request) -> Response:
    """Within the page, or where there is no script as a page of its own, from which the browser leads back."""
    html = markdown((await texts(request)).get("body", "")[:MAX_BODY])
    fragment = "preview" if wants_fragment(request) else None
    return render(request, "portal/preview.html", fragment=fragment, preview=html)


async def _step(request: Request, step: str, pairs: Pairs) -> Response:
    """A button that does not file the ticket yet: one row more, or one less."""
    if step == "add" and len(pairs) < _MAX_PAIRS:
        pairs = [*pairs, ("", "")]
    elif step.removeprefix("drop-").isdecimal():
        pairs = [pair for at, pair in enumerate(pairs) if str(at) != step.removeprefix("drop-")]
    if wants_fragment(request):
        return render(request, _TEMPLATE, fragment="metadata", pairs=pairs)
    return await _page(request, Trial(given=await texts(request)), pairs)


async def _pairs(request: Request) -> Pairs:
    """What was typed into the rows of names and values, empty ones too."""
    sent = await fields(request)
    names, values = (map(str, sent.getlist(name)[:_MAX_PAIRS]) for name in ("name", "value"))
    return [(name.strip(), value.strip()) for name, value in zip(names, values, strict=False)]


async def _page(request: Request, trial: Trial, pairs: Pairs) -> Response:
    known = await services(request).store.read(categories.list_active)
    shown = [(row["slug"], row["name"]) for row in known]
    return trial.render(request, _TEMPLATE, categories=shown, pairs=pairs, guess="", sure=0.0)


routes = [
    Route("/support/new", arriving(page(new, Role.CUSTOMER)), methods=["GET", "POST"]),
    Route("/support/new/category", page(category, Role.CUSTOMER), methods=["POST"]),
    Route("/support/preview", page(preview, Role.CUSTOMER), methods=["POST"]),
]
