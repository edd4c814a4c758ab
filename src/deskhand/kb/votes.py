"""Was this helpful? One vote a person, which may be changed; the counts are exact whoever votes at the same moment."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from deskhand.accounts.actor import Actor
from deskhand.kb.access import NoSuchArticle, get_published, published
from deskhand.kb.model import NewVote
from deskhand.kb.tables import article_votes, articles
from deskhand.kit.clock import now
from deskhand.kit.schema import insert

_a, _v = articles.c, article_votes.c
# It can neither be deleted nor unpublished until the vote is counted.
_HOLD = select(_a.id).where(_a.id == bindparam("article"), published).with_for_update(key_share=True)
_FIRST = insert(article_votes).on_conflict_do_nothing(index_elements=["article_id", "voter"])
_TURN = (
    update(article_votes)
    .where(_v.article_id == bindparam("article"), _v.voter == bindparam("who"), _v.helpful != bindparam("said"))
    .values(helpful=bindparam("said"), updated_at=bindparam("moment"))
)
_COUNT = (
    update(articles)
    .where(_a.id == bindparam("article"))
    .values(
        helpful_count=_a.helpful_count + bindparam("up"), not_helpful_count=_a.not_helpful_count + bindparam("down")
    )
    .returning(_a.helpful_count, _a.not_helpful_count)
)


class Counts(NamedTuple):
    helpful: int
    not_helpful: int


def vote(tx: Connection, actor: Actor, slug: str, new: NewVote, *, browser: str) -> Counts:
    """Count the vote of this user or, without login, of this browser (a random id). Raises NotFound."""
    article_id = get_published(tx, slug).id
    if tx.execute(_HOLD, {"article": article_id}).one_or_none() is None:
        raise NoSuchArticle
    up, down = _difference(tx, article_id, f"user:{actor.user_id}" if actor.user_id else f"browser:{browser}", new)
    return Counts._make(tx.execute(_COUNT, {"article": article_id, "up": up, "down": down}).one())


def _difference(tx: Connection, article_id: str, voter: str, new: NewVote) -> tuple[int, int]:
    """Keep the vote; how many (helpful, not helpful) there are more by what the statements say they wrote."""
    moment = now()
    row = {
        "article_id": article_id,
        "voter": voter,
        "helpful": new.helpful,
        "created_at": moment,
        "updated_at": moment,
    }
    if tx.execute(_FIRST, row).rowcount:
        return (1, 0) if new.helpful else (0, 1)
    turned = tx.execute(_TURN, {"article": article_id, "who": voter, "said": new.helpful, "moment": moment}).rowcount
    return (turned, -turned) if new.helpful else (-turned, turned)
