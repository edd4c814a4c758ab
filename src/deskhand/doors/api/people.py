"""People and their accounts, as staff see them.

GET    /staff/users
POST   /staff/users                   invite somebody (admins)
GET    /staff/users/{user_id}
PATCH  /staff/users/{user_id}         role and access by admins
GET    /staff/accounts/{external_id}
PUT    /staff/accounts/{external_id}  what the host product knows of it
"""

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from sqlalchemy import Connection

from deskhand.accounts import people, queries, wire
from deskhand.accounts.model import AccountPush, ExternalId, NewUser, UserChange
from deskhand.doors.api import answers, params
from deskhand.doors.api.routers import for_staff
from deskhand.kit.errors import NotFound
from deskhand.kit.text import Line

staff = for_staff("people")
admin = for_staff("people", admins_only=True)

Beginning = Annotated[
    Annotated[str, Line(255, blank=True)] | None, Query(description="How the name or the e-mail begins.")
]
RoleIs = Annotated[Literal["customer", "agent", "admin"] | None, Query(description="Only people of this role.")]


@staff.get("/users", response_model=wire.Users)
async def list_users(
    request: Request,
    role: RoleIs = None,
    q: Beginning = None,
    page: params.Page = 1,
    per_page: params.PerPage = 20,
) -> Response:
    """People by name."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        rows, total = queries.list_users(tx, actor, role=role, q=q, limit=per_page, offset=(page - 1) * per_page)
        return {"users": [wire.user(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@admin.post("/users", status_code=201, response_model=wire.User, responses=answers.refusals(409))
async def invite_user(request: Request, new: NewUser) -> Response:
    """Make an account and mail its owner a link by which to choose a password."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: wire.user(people.invite(tx, actor, new)), status=201)


@staff.get("/users/{user_id}", response_model=wire.User)
async def get_user(request: Request, user_id: str) -> Response:
    """One person."""
    return await answers.read(request, lambda tx: wire.user(people.get(tx, params.id_of(user_id))))


@staff.patch("/users/{user_id}", response_model=wire.User, responses=answers.refusals(409))
async def change_user(request: Request, user_id: str, change: UserChange) -> Response:
    """Change a name; admins also change role and access."""
    actor = answers.actor_of(request)
    return await answers.act(request, lambda tx: wire.user(people.change(tx, actor, params.id_of(user_id), change)))


# A host's ids may have slashes in them.
@staff.get("/accounts/{external_id:path}", response_model=wire.Account)
async def get_account(request: Request, external_id: ExternalId) -> Response:
    """What the host product has said of its account."""

    def query(tx: Connection) -> Any:
        found = people.find_account(tx, external_id=external_id)
        if found is None:
            raise NotFound
        return wire.account(found)

    return await answers.read(request, query)


@staff.put("/accounts/{external_id:path}", response_model=wire.Account)
async def put_account(request: Request, external_id: ExternalId, push: AccountPush) -> Response:
    """Say what is known of an account, in place of what was; new tickets of its people carry a snapshot of it."""
    return await answers.act(request, lambda tx: wire.account(people.push_account(tx, external_id, push)))
