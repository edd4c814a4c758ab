"""Search entries made anew from the rows they derive from."""

from sqlalchemy import Connection, bindparam, func, select

from deskhand.kb import search as kb
from deskhand.kb.model import Status
from deskhand.kb.tables import articles
from deskhand.tickets import search
from deskhand.tickets.tables import messages, tickets
from deskhand.tickets.texts import Words

_m, _t, _a = messages.c, tickets.c, articles.c
_PAGE = 500
_others = messages.alias()
_FIRST = select(func.min(_others.c.seq)).where(_others.c.ticket_id == _m.ticket_id).scalar_subquery()
_MESSAGES = (
    select(_m.seq, _m.ticket_id, _m.kind, _m.body, _t.requester_id, _t.subject, (_m.seq == _FIRST).label("first"))
    .join(tickets, _t.id == _m.ticket_id)
    .where(_m.seq > bindparam("after"))
    .order_by(_m.seq)
    .limit(_PAGE)
)
_ARTICLES = select(_a.id, _a.title, _a.summary, _a.body, _a.slug).where(_a.status == Status.PUBLISHED).order_by(_a.id)


def reindex(tx: Connection) -> None:
    """Make all messages and published articles findable, where none is yet."""
    _index_messages(tx)
    for article in tx.execute(_ARTICLES).all():
        kb.index(tx, article.id, title=article.title, summary=article.summary, body=article.body, slug=article.slug)


def _index_messages(tx: Connection) -> None:
    after = -1
    while page := tx.execute(_MESSAGES, {"after": after}).all():
        for row in page:
            internal = row.kind == "note"
            search.index_message(
                tx,
                seq=row.seq,
                ticket_id=row.ticket_id,
                owner_id=row.requester_id,
                words=Words.of(row.subject if row.first else None, row.body),
                internal=internal,
            )
        after = page[-1].seq
