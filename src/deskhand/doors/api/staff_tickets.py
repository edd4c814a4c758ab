"""Every ticket, for the team.

GET    /staff/tickets                  queues, search, any depth by cursor
POST   /staff/tickets                  for a customer
GET    /staff/tickets/{ticket_id}      with notes, history, enrichment
PATCH  /staff/tickets/{ticket_id}      status, priority, category, assignee, subject, tags; If-Match
POST   /staff/tickets/{ticket_id}/replies
POST   /staff/tickets/{ticket_id}/notes
GET    /staff/tags                     suggestions
"""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy import Connection

from deskhand.doors import queue, shapes
from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import for_staff
from deskhand.kit.text import Line, normal_email
from deskhand.tickets import access, ask, create, ops, tags
from deskhand.tickets import staff_wire as wire
from deskhand.tickets.filters import Filter, some
from deskhand.tickets.model import (
    NewNote,
    NewStaffReply,
    NewStaffTicket,
    StaffTicketChange,
    user_id,
)

router = for_staff("tickets")

View = Annotated[
    Annotated[str, AfterValidator(lambda text: text if text in queue.VIEWS else user_id(text))],
    Query(description="`all`, `mine`, `unassigned`, or the id of a saved view."),
]
Typed = Annotated[
    Annotated[str, Line(ask.MAX_QUERY, blank=True)],
    Query(description='As typed at the desk: `status:open,pending from:alice tag:vip "exact words"`.'),
]
Assignee = Annotated[
    Annotated[str, AfterValidator(lambda text: text if text == "none" else user_id(text))] | None,
    Query(description="A user's id, or `none`."),
]
Requester = Annotated[params.Word | None, Query(description="The customer's e-mail.")]
Tag = Annotated[params.Word | None, Query(description="A tag.")]
Cursor = Annotated[params.Word | None, Query(description="`next_cursor` of the page before.")]
Begins = Annotated[Annotated[str, Line(40, blank=True)], Query(description="How they begin.")]
Limit = Annotated[int, Query(ge=1, le=tags.MAX_SUGGESTED, description="How many.")]


@router.get("/tickets", response_model=wire.StaffTickets)
async def list_all_tickets(
    request: Request,
    view: View = "all",
    query: Typed = "",
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
    """Tickets of all customers. `q` also finds what notes say; `query` is what an agent types at the desk."""
    given = Filter(
        status=params.statuses(status),
        category=some(category),
        priority=some(priority),
        q=q or None,
        assignee=some(assignee),
        requester=requester and normal_email(requester),
        tags=some(tag and tag.lower()),
        sort=sort,
        page=page,
        per_page=per_page,
        cursor=cursor,
    )
    return await _listed(request, view, query, given)


async def _listed(request: Request, view: str, query: str, given: Filter) -> Response:
    store, actor = services(request).store, answers.actor_of(request)

    def read(tx: Connection) -> wire.StaffTickets:
        asked = queue.ask(tx, actor, view=view, query=query, given=given)
        return shapes.desk_page(tx, actor, asked.filter, asked.misread)

    slow = given.q or query or view not in queue.VIEWS
    body = await (store.read_slow if slow else store.read)(read)
    response = answers.found(request, body)
    cursors = given.cursor, body["next_cursor"]
    response.headers.update(answers.links(request, given.page, given.per_page, body["total"], cursors=cursors))
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
    request: Request, ticket_id: str, change: StaffTicketChange, if_match: params.IfMatch = None
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


@router.get("/tags", response_model=wire.TagsOut)
async def list_tags(request: Request, begins: Begins = "", limit: Limit = 20) -> Response:
    """Tags to suggest: those that the latest tickets have, most used first."""

    def query(tx: Connection) -> wire.TagsOut:
        return {"tags": [wire.common(row) for row in tags.common(tx, begins=begins, limit=limit)]}

    return await answers.read_slow(request, query)


async def _write_message(request: Request, ticket_id: str, write: Any, new: Any) -> Response:
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return shapes.desk_message(tx, write(tx, actor, access.lock(tx, actor, ticket_id), new))

    return await answers.act(request, work, status=201)
