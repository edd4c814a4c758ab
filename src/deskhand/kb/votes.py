"""Was this helpful? One vote a person, which may be changed; the counts are exact whoever votes at the same moment."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, Text, bindparam, func, select, update

from deskhand.accounts.actor import Actor
from deskhand.accounts.tables import users
from deskhand.kb.access import NoSuchArticle, get_published, published
from deskhand.kb.model import Article, NewVote
from deskhand.kb.tables import article_votes, articles
from deskhand.kit.clock import now
from deskhand.kit.schema import insert

_a, _v = articles.c, article_votes.c
# It can neither be deleted nor unpublished until the vote is counted.
_HOLD = select(_a.id).where(_a.id == bindparam("article"), published).with_for_update(key_share=True)
_FIRST = insert(article_votes).on_conflict_do_nothing(index_elements=["article_id", "voter"])
_OWN = update(article_votes).where(_v.article_id == bindparam("article"), _v.voter == bindparam("who"))
_TURN = _OWN.where(_v.helpful != bindparam("said")).values(
    helpful=bindparam("said"), comment=bindparam("words"), updated_at=bindparam("moment")
)
_SAY = _OWN.where(_v.comment.is_distinct_from(bindparam("words", type_=Text))).values(
    comment=bindparam("words"), updated_at=bindparam("moment")
)
_COUNT = (
    update(articles)
    .where(_a.id == bindparam("article"))
    .values(
        helpful_count=_a.helpful_count + bindparam("up"), not_helpful_count=_a.not_helpful_count + bindparam("down")
    )
    .returning(_a.helpful_count, _a.not_helpful_count)
)
_USER = "user:"
_LIST = (
    select(_v.voter, _v.helpful, _v.comment, _v.created_at, _v.updated_at)
    .where(_v.article_id == bindparam("article"))
    .order_by(_v.updated_at.desc(), _v.voter)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_TOTAL = select(func.count()).select_from(article_votes).where(_v.article_id == bindparam("article"))
_LISTS = {False: _LIST, True: _LIST.where(_v.comment.is_not(None))}
_TOTALS = {False: _TOTAL, True: _TOTAL.where(_v.comment.is_not(None))}
_NAMES = select(users.c.id, users.c.name).where(users.c.id.in_(bindparam("ids", expanding=True)))


class Vote(NamedTuple):
    """Who it is of is known of those who were signed in."""

    helpful: bool
    comment: str | None
    voter_id: str | None
    voter_name: str | None
    created_at: int
    updated_at: int


class Counts(NamedTuple):
    helpful: int
    not_helpful: int


def vote(tx: Connection, actor: Actor, slug: str, new: NewVote, *, browser: str) -> Counts:
    """Count the vote of this user or, without login, of this browser (a random id). Raises NotFound."""
    article_id = get_published(tx, slug).id
    if tx.execute(_HOLD, {"article": article_id}).one_or_none() is None:
        raise NoSuchArticle
    up, down = _difference(tx, article_id, f"{_USER}{actor.user_id}" if actor.user_id else f"browser:{browser}", new)
    return Counts._make(tx.execute(_COUNT, {"article": article_id, "up": up, "down": down}).one())


def list_votes(
    tx: Connection, actor: Actor, article: Article, *, commented: bool, page: int, per_page: int
) -> tuple[list[Vote], int]:
    """The latest first, or of those only that say something; and how many there are. For staff."""
    actor.require_staff()
    asked = {"article": article.id, "limit": per_page, "offset": (page - 1) * per_page}
    rows = list(tx.execute(_LISTS[commented], asked).mappings())
    voters = [row["voter"].removeprefix(_USER) for row in rows if row["voter"].startswith(_USER)]
    names: dict[str, str] = {row.id: row.name for row in tx.execute(_NAMES, {"ids": voters})} if voters else {}
    votes = [_vote(row, names) for row in rows]
    return votes, tx.execute(_TOTALS[commented], {"article": article.id}).scalar_one()


def _vote(row: RowMapping, names: Mapping[str, str]) -> Vote:
    voter = row["voter"].removeprefix(_USER)
    return Vote(
        row["helpful"],
        row["comment"],
        voter if voter in names else None,
        names.get(voter),
        row["created_at"],
        row["updated_at"],
    )


def _difference(tx: Connection, article_id: str, voter: str, new: NewVote) -> tuple[int, int]:
    """Keep the vote; how many (helpful, not helpful) there are more by what the statements say they wrote."""
    moment, words = now(), (new.comment or "").strip() or None
    row = {
        "article_id": article_id,
        "voter": voter,
        "helpful": new.helpful,
        "comment": words,
        "created_at": moment,
        "updated_at": moment,
    }
    if tx.execute(_FIRST, row).rowcount:
        return (1, 0) if new.helpful else (0, 1)
    own = {"article": article_id, "who": voter, "words": words, "moment": moment}
    turned = tx.execute(_TURN, own | {"said": new.helpful}).rowcount
    if not turned and new.comment is not None:
        tx.execute(_SAY, own)
    return (turned, -turned) if new.helpful else (-turned, turned)
