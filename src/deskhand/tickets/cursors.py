"""Orders of ticket lists, and cursors: where a page ended, so that the next one begins there at any depth."""

import base64
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, bindparam, or_

from deskhand.kit.errors import Invalid
from deskhand.kit.ids import parse_id
from deskhand.tickets.model import PRIORITIES, Ticket
from deskhand.tickets.tables import tickets

_t = tickets.c


def order(sort: str) -> list[Any]:
    """The columns to order by; the id settles ties."""
    column = _column(sort)
    return [column.desc(), _t.id.desc()] if sort.startswith("-") else [column.asc(), _t.id.asc()]


def after(sort: str) -> ColumnElement[bool]:
    """What comes after the row that the cursor names, in that order."""
    column, at, last = _column(sort), bindparam("cursor_value"), bindparam("cursor_id")
    if sort.startswith("-"):
        return and_(column <= at, or_(column < at, _t.id < last))
    return and_(column >= at, or_(column > at, _t.id > last))


def write(ticket: Ticket, sort: str) -> str:
    """The cursor that leads on from `ticket`."""
    value = getattr(ticket, sort.removeprefix("-"))
    return base64.urlsafe_b64encode(orjson.dumps([sort, value, ticket.id])).decode().rstrip("=")


def read(cursor: str, sort: str) -> dict[str, Any]:
    """The values for `after`. Raises Invalid for a cursor of another list, or of no list."""
    try:
        made_for, value, ticket_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        # A rank or a moment; what is out of its column's range stands beyond either end all the same.
        largest = len(PRIORITIES) if sort == "-priority" else 2**62
        if made_for != sort or type(value) is not int or not 0 <= value <= largest or parse_id(ticket_id) != ticket_id:
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise Invalid.field("cursor", "bad_cursor", "This cursor does not belong to this list.") from None
    return {"cursor_value": value, "cursor_id": ticket_id}


def _column(sort: str) -> Any:
    return _t[sort.removeprefix("-")]
