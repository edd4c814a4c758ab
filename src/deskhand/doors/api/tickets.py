"""Customers' tickets.

GET    /tickets                       their list, filtered, searched, paged
POST   /tickets                       file one
GET    /tickets/{ticket_id}           one with its thread
PATCH  /tickets/{ticket_id}           category, priority, subject
POST   /tickets/{ticket_id}/replies   answer
POST   /tickets/{ticket_id}/close     done
POST   /tickets/{ticket_id}/reopen    not done after all
POST   /tickets/{ticket_id}/satisfaction   rate the help
PATCH  /tickets/{ticket_id}/mute      hear no more of it
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.csat import ops as csat
from deskhand.csat import wire as csat_wire
from deskhand.csat.model import NewRating
from deskhand.doors import shapes
from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import for_customers
from deskhand.notifications import preferences
from deskhand.tickets import access, create, ops, wire
from deskhand.tickets.filters import Filter, some
from deskhand.tickets.model import NewReply, NewTicket, TicketChange

router = for_customers("Tickets")


@router.get("/tickets", response_model=wire.TicketsOut)
async def list_tickets(
    request: Request,
    status: params.Statuses = None,
    category: params.Category = None,
    priority: params.OfPriority = None,
    q: params.Text = None,
    sort: params.Sort = None,
    page: params.Page = 1,
    per_page: params.PerPage = 20,
) -> Response:
    """Your tickets, newest first, or best match first with `q`."""
    asked = Filter(
        status=params.statuses(status),
        category=some(category),
        priority=some(priority),
        q=q or None,
        sort=sort,
        page=page,
        per_page=per_page,
    )
    store, actor = services(request).store, answers.actor_of(request)
    body = await (store.read_slow if q else store.read)(shapes.own_page, actor, asked)
    response = answers.found(request, body)
    response.headers.update(answers.links(request, page, per_page, body["total"]))
    return response


@router.post("/tickets", status_code=201, response_model=wire.TicketOut, responses=answers.refusals(429))
async def create_ticket(request: Request, new: NewTicket) -> Response:
    """File a ticket. Without `category_slug` the category is chosen from subject and body."""
    settings, actor = services(request).settings, answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return wire.ticket(create.create(tx, settings, actor, new))

    return await answers.act(request, work, status=201, limit=("tickets", settings.limit_tickets))


@router.get("/tickets/{ticket_id}", response_model=wire.ThreadOut)
async def get_ticket(request: Request, ticket_id: str) -> Response:
    """One of your tickets with its messages, oldest first: the first is what the ticket was filed with."""
    store, actor = services(request).store, answers.actor_of(request)

    def work(tx: Connection) -> Any:
        ticket = access.get(tx, actor, ticket_id)
        return ticket, shapes.own_thread(tx, actor, ticket)

    ticket, thread = await store.read(work)
    if ticket.unread and not getattr(request.state, "head", False):
        await store.write(ops.mark_read, actor, ticket)
        # By this answer it is read: so says the next one as well, whose ETag is then the same.
        thread["unread"] = False
    return answers.found(request, thread)


@router.patch("/tickets/{ticket_id}", response_model=wire.TicketOut, responses=answers.refusals(409))
async def change_ticket(request: Request, ticket_id: str, change: TicketChange) -> Response:
    """Change category, priority or subject while the ticket is open or pending."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return wire.ticket(ops.change(tx, actor, access.lock(tx, actor, ticket_id), change))

    return await answers.act(request, work)


@router.post(
    "/tickets/{ticket_id}/replies", status_code=201, response_model=wire.MessageOut, responses=answers.refusals(429)
)
async def reply(request: Request, ticket_id: str, new: NewReply) -> Response:
    """Answer. A ticket that was pending, resolved or closed is open again."""
    settings, actor = services(request).settings, answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return shapes.own_message(tx, ops.reply(tx, actor, access.lock(tx, actor, ticket_id), new))

    return await answers.act(request, work, status=201, limit=("replies", settings.limit_replies))


@router.post("/tickets/{ticket_id}/close", response_model=wire.TicketOut)
async def close_ticket(request: Request, ticket_id: str) -> Response:
    """Close the ticket; doing it twice is as good as once."""
    return await _turn(request, ticket_id, ops.close)


@router.post("/tickets/{ticket_id}/reopen", response_model=wire.TicketOut)
async def reopen_ticket(request: Request, ticket_id: str) -> Response:
    """Open the ticket again, and tell the team."""
    return await _turn(request, ticket_id, ops.reopen)


@router.post(
    "/tickets/{ticket_id}/satisfaction",
    status_code=201,
    response_model=wire.Satisfaction,
    responses=answers.refusals(409),
)
async def rate(request: Request, ticket_id: str, new: NewRating) -> Response:
    """Say how the help was, once, when the ticket is resolved or closed."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return csat_wire.rating(csat.rate(tx, actor, access.lock(tx, actor, ticket_id), new))

    return await answers.act(request, work, status=201)


@router.patch("/tickets/{ticket_id}/mute", response_model=preferences.Muted)
async def mute(request: Request, ticket_id: str, new: preferences.Mute) -> Response:
    """Hear no more of this ticket, or hear of it again."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        preferences.set_mute(tx, actor, access.get(tx, actor, ticket_id), new.muted)
        return {"muted": new.muted}

    return await answers.act(request, work)


async def _turn(request: Request, ticket_id: str, turn: Any) -> Response:
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return wire.ticket(turn(tx, actor, access.lock(tx, actor, ticket_id)))

    return await answers.act(request, work)
