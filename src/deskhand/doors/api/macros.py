"""Macros.

GET    /staff/macros                                   the team's and one's own
POST   /staff/macros                                   make one
GET    /staff/macros/{macro_id}
PATCH  /staff/macros/{macro_id}
DELETE /staff/macros/{macro_id}
POST   /staff/tickets/{ticket_id}/macros/{macro_id}    apply one: change and reply at once; If-Match
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.doors import shapes
from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import for_staff
from deskhand.macros import access, ops, queries, wire
from deskhand.macros.model import MacroChange, NewMacro
from deskhand.tickets import access as tickets

router = for_staff("macros")


@router.get("/macros", response_model=wire.MacrosOut)
async def list_macros(request: Request, page: params.Page = 1, per_page: params.PerPage = 20) -> Response:
    """The team's macros and your own, in their order."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        rows, total = queries.list_for(tx, actor, limit=per_page, offset=(page - 1) * per_page)
        return {"macros": [wire.macro(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@router.post("/macros", status_code=201, response_model=wire.MacroOut, responses=answers.refusals(409))
async def create_macro(request: Request, new: NewMacro) -> Response:
    """Make a macro, for yourself or for the team. Placeholders that there are not are refused."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: wire.macro(ops.create(tx, actor, new)), status=201)


@router.get("/macros/{macro_id}", response_model=wire.MacroOut)
async def get_macro(request: Request, macro_id: str) -> Response:
    """A macro of the team's or of your own."""
    actor = answers.actor_of(request)
    return await answers.read(request, lambda tx: wire.macro(access.get(tx, actor, macro_id)))


@router.patch("/macros/{macro_id}", response_model=wire.MacroOut, responses=answers.refusals(409))
async def change_macro(request: Request, macro_id: str, change: MacroChange) -> Response:
    """Change a macro of your own; as an admin, also one that the team shares."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return wire.macro(ops.change(tx, actor, access.lock(tx, actor, macro_id), change))

    return await answers.act(request, work)


@router.delete("/macros/{macro_id}", status_code=204, response_class=Response)
async def delete_macro(request: Request, macro_id: str) -> Response:
    """Delete a macro of your own; as an admin, also one that the team shares. What it did stays done."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: ops.remove(tx, actor, access.lock(tx, actor, macro_id)))


@router.post(
    "/tickets/{ticket_id}/macros/{macro_id}",
    status_code=201,
    response_model=wire.AppliedOut,
    responses=answers.refusals(412),
)
async def apply_macro(request: Request, ticket_id: str, macro_id: str, if_match: params.IfMatch = None) -> Response:
    """Do to a ticket what a macro says: its actions and its words, all of it or nothing."""
    settings, actor = services(request).settings, answers.actor_of(request)
    expected = answers.expected_version(if_match)

    def work(tx: Connection) -> Any:
        macro, ticket = access.get(tx, actor, macro_id), tickets.lock(tx, actor, ticket_id)
        _, message = ops.apply(tx, settings, actor, ticket, macro, expected_version=expected)
        return {
            "ticket": shapes.desk_ticket(tx, tickets.get(tx, actor, ticket.id)),
            "message": message and shapes.desk_message(tx, message),
        }

    return await answers.act(request, work, status=201)
