"""Adding, renaming, reordering and retiring categories."""

from sqlalchemy import Connection, RowMapping, func, select, update

from deskhand.accounts.actor import Actor
from deskhand.categories import learning, queries
from deskhand.categories.classify import FALLBACK
from deskhand.categories.model import CategoryChange, NewCategory
from deskhand.categories.tables import categories
from deskhand.kit import events
from deskhand.kit.clock import now
from deskhand.kit.errors import Conflict
from deskhand.kit.schema import insert

_c = categories.c


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "There is a category with this slug already"


class FallbackNeeded(Conflict):
    code = "fallback_needed"
    title = "Tickets that fit nowhere else go here: this category cannot be retired"


def create(tx: Connection, actor: Actor, new: NewCategory) -> RowMapping:
    """Raises SlugTaken, also when two admins choose the same slug at once."""
    actor.require_admin()
    moment = now()
    row = new.model_dump() | {"created_at": moment, "updated_at": moment}
    if new.position is None:
        row["position"] = tx.execute(select(func.coalesce(func.max(_c.position), -1) + 1)).scalar_one()
    if tx.execute(insert(categories).on_conflict_do_nothing(index_elements=["slug"]), row).rowcount == 0:
        raise SlugTaken
    events.record(tx, "category.created", None, actor=actor.author, data={"slug": new.slug}, staff_only=True)
    learning.changed(tx)
    return queries.get(tx, new.slug)


def change(tx: Connection, actor: Actor, slug: str, change: CategoryChange) -> RowMapping:
    """Raises NotFound, and FallbackNeeded for retiring the category that catches the rest."""
    actor.require_admin()
    before, given = queries.get(tx, slug), change.model_dump(exclude_unset=True)
    data = {"slug": slug, **given}
    if "retired" in given:
        retired = given.pop("retired")
        if retired and slug == FALLBACK:
            raise FallbackNeeded
        given["retired_at"] = (before["retired_at"] or now()) if retired else None
    tx.execute(update(categories).where(_c.slug == slug).values(updated_at=now(), **given))
    learning.changed(tx)
    events.record(tx, "category.changed", None, actor=actor.author, data=data, staff_only=True)
    return queries.get(tx, slug)
