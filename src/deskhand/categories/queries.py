"""Categories, in their order."""

from sqlalchemy import Connection, RowMapping, bindparam, select

from deskhand.categories.tables import categories
from deskhand.kit.errors import NotFound
from deskhand.kit.statements import Statement

_c = categories.c
_ALL = select(categories).order_by(_c.position, _c.slug)
_ACTIVE = _ALL.where(_c.retired_at.is_(None))
_ONE = Statement(select(categories).where(_c.slug == bindparam("slug")))


def list_active(tx: Connection) -> list[RowMapping]:
    return list(tx.execute(_ACTIVE).mappings())


def list_all(tx: Connection) -> list[RowMapping]:
    """The retired ones too."""
    return list(tx.execute(_ALL).mappings())


def find(tx: Connection, slug: str) -> RowMapping | None:
    return _ONE.mapping(tx, {"slug": slug})


def get(tx: Connection, slug: str) -> RowMapping:
    """Raises NotFound."""
    found = find(tx, slug)
    if found is None:
        raise NotFound("There is no such category.")
    return found
