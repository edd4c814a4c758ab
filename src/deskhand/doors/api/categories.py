"""Categories.

GET    /categories                the active ones, for everyone
GET    /staff/categories          all, retired ones too
POST   /staff/categories          add (admins)
PATCH  /staff/categories/{slug}   rename, reorder, retire (admins)
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.categories import ops, queries, wire
from deskhand.categories.model import CategoryChange, NewCategory
from deskhand.doors.api import answers
from deskhand.doors.api.routers import for_everyone, for_staff

public = for_everyone("Categories")
staff = for_staff("categories")
admin = for_staff("categories", admins_only=True)


@public.get("/categories", response_model=wire.Categories)
async def list_categories(request: Request) -> Response:
    """The categories a ticket can be filed under."""
    return await answers.read(
        request, lambda tx: {"categories": [wire.category(row) for row in queries.list_active(tx)]}
    )


@staff.get("/categories", response_model=wire.StaffCategories)
async def list_all_categories(request: Request) -> Response:
    """All categories, in order, with the retired ones."""
    return await answers.read(
        request, lambda tx: {"categories": [wire.staff_category(row) for row in queries.list_all(tx)]}
    )


@admin.post("/categories", status_code=201, response_model=wire.StaffCategory, responses=answers.refusals(409))
async def create_category(request: Request, new: NewCategory) -> Response:
    """Add a category; the classifier begins with the words of its name and description."""

    def work(tx: Connection) -> Any:
        return wire.staff_category(ops.create(tx, answers.actor_of(request), new))

    return await answers.act(request, work, status=201)


@admin.patch("/categories/{slug}", response_model=wire.StaffCategory, responses=answers.refusals(409))
async def change_category(request: Request, slug: str, change: CategoryChange) -> Response:
    """Rename, reorder, retire or bring back. A retired category stays on its tickets."""

    def work(tx: Connection) -> Any:
        return wire.staff_category(ops.change(tx, answers.actor_of(request), slug, change))

    return await answers.act(request, work)
