"""The people whom the desk helps.

GET  /desk/customers             by name, or those who are found by how their name or address begins
GET  /desk/customers/{user_id}   account, plan, usage, tickets, ratings
"""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts import people, wire
from deskhand.accounts import queries as lists_of_people
from deskhand.accounts.actor import Actor, Role
from deskhand.csat import queries as csat
from deskhand.csat import wire as csat_wire
from deskhand.doors import shapes
from deskhand.doors.web.desk import lists
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.desk.spam import page_of
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.kit.text import plain_line
from deskhand.tickets import snapshot
from deskhand.tickets.filters import Filter

PER_PAGE = 50
MAX_FOUND = 100
_TICKETS, _RATINGS = 20, 20


async def customers(request: Request) -> Response:
    typed, number = plain_line(request.query_params.get("q", ""), 120), page_of(request)
    values = await framed(request, _list, typed, number, slow=True)
    return render(request, "desk/customers.html", **values)


async def customer(request: Request) -> Response:
    user_id = parse_id(request.path_params["user_id"])
    if user_id is None:
        raise NotFound
    return render(request, "desk/customer.html", **await framed(request, _person, user_id))


def _list(tx: Connection, who: Actor, typed: str, number: int) -> dict[str, Any]:
    if typed:
        rows = lists_of_people.find_users(tx, who, typed, limit=MAX_FOUND)
        total = len(rows)
    else:
        start = (number - 1) * PER_PAGE
        rows, total = lists_of_people.list_users(tx, who, role=Role.CUSTOMER, q=None, limit=PER_PAGE, offset=start)
    accounts = lists_of_people.accounts_of(tx, [row["id"] for row in rows]) if rows else {}
    found = [wire.user(row) | {"account": accounts.get(row["id"])} for row in rows]
    return {"typed": typed, "people": found, "total": total, "page": number, "per_page": PER_PAGE}


def _person(tx: Connection, who: Actor, user_id: str) -> dict[str, Any]:
    who.require_staff()
    row = people.get(tx, user_id)
    account, usage = snapshot.known(tx, row)
    found = shapes.desk_page(tx, who, Filter(people=(user_id,), per_page=_TICKETS))
    rated = csat.list_of_person(tx, user_id, limit=_RATINGS)
    return {
        "person": wire.user(row),
        "account": account,
        "usage": usage,
        "tickets": lists.rows(tx, found["tickets"]),
        "total": found["total"],
        "ratings": [{**(csat_wire.rating(it) or {}), "readable_id": it["readable_id"]} for it in rated],
        "given": csat.of_person(tx, user_id),
    }


routes = [
    Route("/desk/customers", page(customers, Role.AGENT), methods=["GET"]),
    Route("/desk/customers/{user_id}", page(customer, Role.AGENT), methods=["GET"]),
]
