"""One of a customer's tickets.

GET, POST /support/{ref}          read and answer
GET       /support/{ref}/news     what came since, for the page that is open
POST      /support/{ref}/close    done
POST      /support/{ref}/reopen   not done after all
POST      /support/{ref}/change   subject, category, priority
POST      /support/{ref}/rate     how the help was
POST      /support/{ref}/mute     hear no more of it by mail, or hear of it again
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Role
from deskhand.categories import queries as categories
from deskhand.csat import ops as csat
from deskhand.csat.model import NewRating
from deskhand.doors import shapes
from deskhand.doors.web import threads
from deskhand.doors.web.arrival import arriving
from deskhand.doors.web.forms import act, read_form, read_message, texts
from deskhand.doors.web.portal.trial import Trial
from deskhand.doors.web.portal.way import Way, is_known, way
from deskhand.doors.web.rendering import render, write
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import services, visit
from deskhand.notifications import preferences
from deskhand.tickets import access, ops
from deskhand.tickets.model import NewReply, Status, Ticket, TicketChange

_TEMPLATE = "portal/thread.html"
_DONE = {Status.RESOLVED, Status.CLOSED}


async def thread(request: Request) -> Response:
    if request.method != "POST":
        return await _page(request, Trial())
    desk, here = services(request), way(request)
    await desk.store.read(access.get, here.who, here.ref)  # before any file is taken in
    trial = Trial(*await read_message(request, NewReply, here.who))

    def work(tx: Connection) -> str:
        ticket = access.lock(tx, here.who, here.ref)
        return here.place(ticket, f"m-{ops.reply(tx, here.who, ticket, trial.new).id}")

    limit = ("replies", desk.settings.limit_replies)
    return await trial.act(request, work, limit=limit, who=here.who) or await _page(request, trial)


async def news(request: Request) -> Response:
    """204 where there is none; nor does a session that has ended take anybody away from what they are writing."""
    known, found = request.query_params.get, None
    if is_known(request):
        found = await services(request).store.read(_shown, way(request), None, known("since", ""))
    if found is None:
        return Response(status_code=204)
    await _mark_read(request, found)
    count = known("known", "")
    first = int(count) if count.isascii() and count.isdecimal() and len(count) < 7 else 0
    found["thread"] = write(request, _TEMPLATE, "entries", found | {"first": first})
    turned = (known("status") in _DONE) != found["done"]
    return render(request, _TEMPLATE, fragment="news", turned=turned, **found)


async def close(request: Request) -> Response:
    return await _turn(request, ops.close, flash="Closed. Thank you for telling us.")


async def reopen(request: Request) -> Response:
    return await _turn(request, ops.reopen, flash="Open again. We will look into it.")


async def change(request: Request) -> Response:
    here, trial = way(request), Trial(*await read_form(request, TicketChange))

    def work(tx: Connection) -> str:
        return here.place(ops.change(tx, here.who, access.lock(tx, here.who, here.ref), trial.new))

    return await trial.act(request, work, flash="Your changes are saved.") or await _page(request, trial)


async def rate(request: Request) -> Response:
    stars = (await texts(request)).get("rating", "")
    more = {"rating": int(stars)} if stars in {"1", "2", "3", "4", "5"} else {}
    here, trial = way(request), Trial(*await read_form(request, NewRating, optional=("comment",), **more))

    def work(tx: Connection) -> str:
        ticket = access.lock(tx, here.who, here.ref)
        csat.rate(tx, here.who, ticket, trial.new)
        return here.place(ticket)

    done = await trial.act(request, work, flash="Thank you for telling us.", who=here.who)
    return done or await _page(request, trial)


async def mute(request: Request) -> Response:
    here, muted = way(request), (await texts(request)).get("muted") == "true"

    def work(tx: Connection) -> str:
        ticket = access.get(tx, here.who, here.ref)
        preferences.set_mute(tx, here.who, ticket, muted)
        return here.place(ticket)

    if muted:
        return await act(request, work, flash="Muted: you get no more mails about this ticket.", who=here.who)
    return await act(request, work, flash="You get mails about this ticket again.", who=here.who)


async def _turn(request: Request, turn: Any, *, flash: str) -> Response:
    here = way(request)

    def work(tx: Connection) -> str:
        return here.place(turn(tx, here.who, access.lock(tx, here.who, here.ref)))

    return await act(request, work, flash=flash, who=here.who)


async def _page(request: Request, trial: Trial) -> Response:
    here, seen = way(request), visit(request)
    found = await services(request).store.read(_shown, here, None if here.link else (seen.language, seen.zone))
    assert found is not None
    if request.method == "GET":
        await _mark_read(request, found)
    if found["thread"] is None:
        found["thread"] = write(request, _TEMPLATE, "entries", found | {"first": 0})
        if found["key"]:
            threads.keep(found["key"], found["thread"])
    return trial.render(request, _TEMPLATE, turned=None, **found)


def _shown(tx: Connection, here: Way, like: tuple[str, str] | None, since: str = "") -> dict[str, Any] | None:
    """What the page shows; None where nothing of it has changed `since`. There are no `entries` where the thread was
    rendered a moment ago for this language and zone, `like`."""
    row = access.get(tx, here.who, here.ref)
    if str(row.updated_at) == since:
        return None
    key = threads.key(here.who.require_user(), row.id, row.version, *like) if like else None
    thread, done = threads.find(key) if key else None, row.status in _DONE
    return {
        "row": row,
        "ticket": shapes.own_ticket(tx, here.who, row),
        "thread": thread,
        "key": key,
        "entries": shapes.own_entries(tx, here.who, row) if thread is None else [],
        "since": row.updated_at,
        "done": done,
        # Whoever came by a link changes nothing but the state.
        "categories": [] if done or here.link else _categories(tx, row),
        "place": here.place(row),
        "files": here.files,
        "by_link": bool(here.link),
    }


def _categories(tx: Connection, ticket: Ticket) -> list[tuple[str, str]]:
    """(slug, name) of those to choose from; the ticket's own also where it is retired."""
    known = {row["slug"]: row["name"] for row in categories.list_active(tx)}
    return list((known | {ticket.category_slug: ticket.category}).items())


async def _mark_read(request: Request, found: dict[str, Any]) -> None:
    if found["row"].unread:
        await services(request).store.write(ops.mark_read, way(request).who, found["row"])


_POSTS = {"close": close, "reopen": reopen, "change": change, "rate": rate, "mute": mute}
routes = [
    Route("/support/{ref}", arriving(page(thread, Role.CUSTOMER)), methods=["GET", "POST"]),
    Route("/support/{ref}/news", page(news), methods=["GET"]),
    *(Route(f"/support/{{ref}}/{name}", page(post, Role.CUSTOMER), methods=["POST"]) for name, post in _POSTS.items()),
]
