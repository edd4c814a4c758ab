"""Saved views of the queue.

GET    /staff/views             the team's and one's own
POST   /staff/views             save one
PATCH  /staff/views/{view_id}   rename, ask for something else, share, move
DELETE /staff/views/{view_id}
GET    /staff/counts            how many tickets wait where, views too
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.doors.api import answers
from deskhand.doors.api.routers import for_staff
from deskhand.tickets import counts
from deskhand.views import access, ops, queries, wire
from deskhand.views.model import NewView, ViewChange

router = for_staff("views")


@router.get("/views", response_model=wire.ViewsOut)
async def list_views(request: Request) -> Response:
    """The team's views and your own, in their order. `GET /staff/tickets?view=` lists what one finds."""
    actor = answers.actor_of(request)
    return await answers.read(request, lambda tx: {"views": [wire.view(row) for row in queries.list_for(tx, actor)]})


@router.post("/views", status_code=201, response_model=wire.ViewOut, responses=answers.refusals(409))
async def create_view(request: Request, new: NewView) -> Response:
    """Save a view, for yourself or for the team. A query that is not understood in every part is refused."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: wire.view(ops.create(tx, actor, new)), status=201)


@router.patch("/views/{view_id}", response_model=wire.ViewOut, responses=answers.refusals(409))
async def change_view(request: Request, view_id: str, change: ViewChange) -> Response:
    """Change a view of your own; as an admin, also one that the team shares."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return wire.view(ops.change(tx, actor, access.lock(tx, actor, view_id), change))

    return await answers.act(request, work)


@router.delete("/views/{view_id}", status_code=204, response_class=Response)
async def delete_view(request: Request, view_id: str) -> Response:
    """Delete a view of your own; as an admin, also one that the team shares. Its tickets stay as they are."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: ops.remove(tx, actor, access.lock(tx, actor, view_id)))


@router.get("/counts", response_model=wire.CountsOut)
async def count_tickets(request: Request) -> Response:
    """How many tickets there are in each of the desk's views. Counting stops at 1000: that means so many, or more."""
    actor = answers.actor_of(request)
    return await answers.read_slow(request, lambda tx: wire.counts(counts.rail(tx, actor), queries.counted(tx, actor)))
