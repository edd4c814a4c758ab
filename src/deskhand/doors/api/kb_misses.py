"""What readers of the knowledge base searched for in vain.

GET    /staff/kb/misses   most asked first
DELETE /staff/kb/misses   one of them, by its query
"""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlalchemy import Connection

from deskhand.doors.api import answers, params
from deskhand.doors.api.routers import for_staff
from deskhand.kb import misses, wire
from deskhand.kit.text import Line

staff = for_staff("knowledge base", "/kb/misses")

Asked = Annotated[str, Line(misses.LONGEST), Query(description="The query of the one to forget.")]


@staff.get("", response_model=wire.MissesOut)
async def list_misses(request: Request, page: params.Page = 1, per_page: params.PerPage = 20) -> Response:
    """Searches that found nothing, most asked first: what an article is missing about."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        rows, total = misses.list_misses(tx, actor, page=page, per_page=per_page)
        return {"misses": [wire.miss(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@staff.delete("", status_code=204, response_class=Response, responses=answers.refusals(404))
async def dismiss_miss(request: Request, query: Asked) -> Response:
    """Forget one: it is answered now, or never will be. It comes back when somebody searches for it again."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: misses.dismiss(tx, actor, query))
