"""The files that articles show. Bound to no ticket they are for staff, and while a published article shows them, for
everyone (`queries.attachment_is_public`)."""

from sqlalchemy import Connection, bindparam, select, update

from deskhand.accounts.actor import Actor
from deskhand.attachments import ops as attachments
from deskhand.attachments.model import Limits
from deskhand.kb.model import MAX_FILES
from deskhand.kb.tables import article_attachments
from deskhand.kit.errors import Invalid
from deskhand.kit.markdown import attachment_ids
from deskhand.kit.phrases import Phrase
from deskhand.kit.schema import insert

_f = article_attachments.c
_HIDE = update(article_attachments).where(_f.article_id == bindparam("article")).values(shown=False)
_SHOW = insert(article_attachments).on_conflict_do_update(
    index_elements=["article_id", "attachment_id"], set_={"shown": True}
)
_KNOWN = select(_f.attachment_id).where(_f.attachment_id.in_(bindparam("ids", expanding=True)))


def link(tx: Connection, actor: Actor, article_id: str, body: str) -> None:
    """Make the files that `body` names part of the article: the actor's own uploads, and those that an article has.

    Raises Invalid for too many, and for any other file: one of a ticket must not become public by its id.
    """
    ids = attachment_ids(body)
    if len(ids) > MAX_FILES:
        message = Phrase("An article may show at most {most} files.", most=MAX_FILES)
        raise Invalid.field("body", "too_many_attachments", message)
    tx.execute(_HIDE, {"article": article_id})
    if not ids:
        return
    known = set(tx.execute(_KNOWN, {"ids": ids}).scalars())
    if fresh := [id_ for id_ in ids if id_ not in known]:
        attachments.bind(
            tx,
            ids=fresh,
            uploader_id=actor.user_id,
            message_id=article_id,
            ticket_id=None,
            limits=Limits(per_message=MAX_FILES),
        )
    tx.execute(_SHOW, [{"article_id": article_id, "attachment_id": id_, "shown": True} for id_ in ids])
