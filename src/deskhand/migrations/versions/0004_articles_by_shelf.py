"""articles by shelf."""

from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = [
    "status",
    "category_slug",
    "title",
    "id",
    "slug",
    "helpful_count",
    "not_helpful_count",
    "published_at",
    "updated_at",
]


def upgrade() -> None:
    """One index for another; PostgreSQL lets writers go on meanwhile."""
    if op.get_bind().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            _exchange(concurrently=True)
    else:
        _exchange(concurrently=False)


def _exchange(*, concurrently: bool) -> None:
    how: dict[str, Any] = {"postgresql_concurrently": concurrently}
    op.create_index("ix_articles_shelf", "articles", COLUMNS, if_not_exists=True, **how)
    op.drop_index("ix_articles_status", table_name="articles", if_exists=True, **how)
