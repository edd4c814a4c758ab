"""The contact form.

POST   /tickets/public            from anyone, without login
GET    /staff/spam                what was held back
POST   /staff/spam/{spam_id}/release   it was none
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import client_of, services
from deskhand.doors.api.routers import for_everyone, for_staff
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.tickets import contact, staff_wire, wire
from deskhand.tickets.model import NewPublicTicket

public = for_everyone("Tickets")
staff = for_staff("held back")


@public.post("/tickets/public", status_code=201, response_model=wire.TicketOut, responses=answers.refusals(429))
async def create_public_ticket(request: Request, new: NewPublicTicket) -> Response:
    """File a ticket without an account. A signed link to it is mailed to the address, if that may be done."""
    settings, client = services(request).settings, client_of(request, "contact")

    def work(tx: Connection) -> Any:
        return wire.ticket(contact.submit(tx, settings, client, new))

    return await answers.act(
        request, work, status=201, limit=("public", settings.limit_public), limit_key=f"ip:{client.network}"
    )


@staff.get("/spam", response_model=staff_wire.SpamOut)
async def list_spam(request: Request, page: params.Page = 1, per_page: params.PerPage = 20) -> Response:
    """Submissions that were held back, newest first; they are kept for 30 days."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        rows, total = contact.list_spam(tx, actor, limit=per_page, offset=(page - 1) * per_page)
        return {"spam": [staff_wire.spam(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@staff.post("/spam/{spam_id}/release", status_code=201, response_model=wire.TicketOut, responses=answers.refusals(409))
async def release_spam(request: Request, spam_id: str) -> Response:
    """Make a ticket of it after all."""
    settings, actor = services(request).settings, answers.actor_of(request)

    def work(tx: Connection) -> Any:
        found = parse_id(spam_id)
        if found is None:
            raise NotFound
        return wire.ticket(contact.release(tx, settings, actor, found))

    return await answers.act(request, work, status=201)
