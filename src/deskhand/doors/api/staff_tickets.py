"""Every ticket, for the team.

GET    /staff/tickets                  queues, search, any depth by cursor
POST   /staff/tickets                  for a customer
GET    /staff/tickets/{ticket_id}      with notes, history, enrichment
PATCH  /staff/tickets/{ticket_id}      status, priority, category, assignee, subject, tags; If-Match
POST   /staff/tickets/{ticket_id}/replies
POST   /staff/tickets/{ticket_id}/notes
"""

from typing import Annotated, Any, Literal

from fastapi import Header, Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy import Connection

from deskhand.doors import shapes
from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import for_staff
from deskhand.kit.text import normal_email
from deskhand.tickets import access, create, ops
from deskhand.tickets import staff_wire as wire
from deskhand.tickets.model import (
    NewNote,
    NewStaffReply,
    NewStaffTicket,
    StaffTicketChange,
    user_id,
)
from deskhand.tickets.queries import Filter

router = for_staff("tickets")

View = Annotated[Literal["unassigned", "mine", "all"], Query(description="A queue: whose tickets to list.")]
Assignee = Annotated[
    Annotated[str, AfterValidator(lambda text: text if text == "none" else user_id(text))] | None,
    Query(description="A user's id, or `none`."),
]
Requester = Annotated[params.Word | None, Query(description="The customer's e-mail.")]
Tag = Annotated[params.Word | None, Query(description="A tag.")]
Cursor = Annotated[params.Word | None, Query(description="`next_cursor` of the page before.")]
IfMatch = Annotated[str | None, Header(description="The ETag that was read: refuses to overwrite a newer state (412).")]


@router.get("/tickets", response_model=wire.StaffTickets)
async def list_all_tickets(
    request: Request,
    view: View = "all",
    status: params.Statuses = None,
    category: params.Category = None,
    priority: params.OfPriority = None,
    assignee: Assignee = None,
    requester: Requester = None,
    tag: Tag = None,
    q: params.Text = None,
    sort: params.Sort = None,
    page: params.Page = 1,
    per_page: params.PerPage = 20,
    cursor: Cursor = None,
) -> Response:
    """Tickets of all customers. `q` also finds what notes say."""
    store, actor = services(request).store, answers.actor_of(request)
    queue = {"unassigned": "none", "mine": actor.user_id, "all": None}[view]
    asked = Filter(
        status=params.statuses(status),
        category=category,
        priority=priority,
        q=q or None,
        assignee=queue or assignee,
        requester=requester and normal_email(requester),
        tag=tag and tag.lower(),
        sort=sort,
        page=page,
        per_page=per_page,
        cursor=cursor,
    )
    body = await (store.read_slow if q else store.read)(shapes.desk_page, actor, asked)
    response = answers.found(request, body)
    response.headers.update(
        answers.links(request, page, per_page, body["total"], cursors=(cursor, body["next_cursor"]))
    )
    return response


@router.post("/tickets", status_code=201, response_model=wire.StaffTicket)
async def create_ticket_for(request: Request, new: NewStaffTicket) -> Response:
    """File a ticket for a customer, found or made by e-mail."""
    settings, actor = services(request).settings, answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return shapes.desk_ticket(tx, create.create_for(tx, settings, actor, new))

    return await answers.act(request, work, status=201)


@router.get("/tickets/{ticket_id}", response_model=wire.StaffThread)
async def get_any_ticket(request: Request, ticket_id: str) -> Response:
    """A ticket with its notes, its history, and what was known of the customer when it was filed."""
    thread = await services(request).store.read(shapes.desk_thread, answers.actor_of(request), ticket_id)
    return answers.found(request, thread, etag=answers.versioned_etag(thread["version"], thread))


@router.patch("/tickets/{ticket_id}", response_model=wire.StaffTicket, responses=answers.refusals(412))
async def change_any_ticket(
    request: Request, ticket_id: str, change: StaffTicketChange, if_match: IfMatch = None
) -> Response:
    """Change a ticket. With `If-Match`, only if nobody changed it since it was read."""
    actor, expected = answers.actor_of(request), answers.expected_version(if_match)

    def work(tx: Connection) -> Any:
        ticket = ops.change(tx, actor, access.lock(tx, actor, ticket_id), change, expected_version=expected)
        return shapes.desk_ticket(tx, ticket)

    return await answers.act(request, work)


@router.post("/tickets/{ticket_id}/replies", status_code=201, response_model=wire.StaffMessage)
async def reply_as_staff(request: Request, ticket_id: str, new: NewStaffReply) -> Response:
    """Answer the customer; the ticket becomes pending unless `status` says otherwise."""
    return await _write_message(request, ticket_id, ops.reply, new)


@router.post("/tickets/{ticket_id}/notes", status_code=201, response_model=wire.StaffMessage)
async def add_note(request: Request, ticket_id: str, new: NewNote) -> Response:
    """Write for the team; no customer ever sees it."""
    return await _write_message(request, ticket_id, ops.add_note, new)


async def _write_message(request: Request, ticket_id: str, write: Any, new: Any) -> Response:
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return shapes.desk_message(tx, write(tx, actor, access.lock(tx, actor, ticket_id), new))

    return await answers.act(request, work, status=201)
