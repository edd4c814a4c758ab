"""What every table is made of: one metadata, and column types that mean the same on both databases."""

from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, MetaData, String, Text, TypeDecorator, UnaryExpression
from sqlalchemy.dialects import postgresql

# Its ON CONFLICT clauses compile on SQLite as well (the other way round they do not), so one statement serves both.
from sqlalchemy.dialects.postgresql import insert as insert
from sqlalchemy.sql.operators import custom_op

from deskhand.kit.phrases import Phrase

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# UUID text on SQLite, the native type on PostgreSQL; strings in Python on both, so that nothing is converted per row.
Id = String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
# Microseconds since the epoch, UTC (clock.now()).
Time = BigInteger


class Json(TypeDecorator[Any]):
    """A JSON value kept as text: both databases store and return the same bytes."""

    impl = Text
    cache_ok = True

    # The processors themselves: what SQLAlchemy makes of the usual `process_…` methods takes two calls more a value.
    def bind_processor(self, dialect: Any) -> Any:
        return _dump

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return _load


def _dump(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _load(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


class Words(TypeDecorator[str]):
    """A text for people. A phrase comes back as one: it is kept as JSON, template and values."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return _dump([value.template, value.values]) if isinstance(value, Phrase) else value

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        if value is None or not value.startswith('["'):
            return value
        template, values = orjson.loads(value)
        return Phrase(template, **values)


def unindexed(column: ColumnElement[Any]) -> Any:
    """For SQLite alone: the column in a condition that is not to choose the index (unary plus, as its manual says)."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)
