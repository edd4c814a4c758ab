"""The shape of a rating."""

from sqlalchemy import RowMapping

from deskhand.kit.clock import rfc3339
from deskhand.tickets.wire import Satisfaction


def rating(row: RowMapping | None) -> Satisfaction | None:
    """{rating, comment, created_at}, or None."""
    if row is None:
        return None
    return {"rating": row["rating"], "comment": row["comment"], "created_at": rfc3339(row["created_at"])}
