"""A day's news in one mail, for those who asked for that."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from deskhand.accounts import people
from deskhand.kit import jobs
from deskhand.kit.clock import now, rfc3339
from deskhand.kit.ids import new_id
from deskhand.notifications import content
from deskhand.notifications.delivery import Post, content_of, put
from deskhand.notifications.tables import digest_items

_d = digest_items.c
_READERS = select(_d.user_id).where(_d.mail_id.is_(None)).distinct()
_NEWS = (
    select(digest_items).where(_d.mail_id.is_(None), _d.user_id == bindparam("reader")).order_by(_d.created_at, _d.id)
)
_CARRIED = (
    update(digest_items)
    .where(_d.id.in_(bindparam("ids", expanding=True)), _d.mail_id.is_(None))
    .values(mail_id=bindparam("mail"))
)


def queue_all(tx: Connection) -> None:
    """The schedule's part: one job for each person with news."""
    day = rfc3339(now())[:10]
    for reader in tx.execute(_READERS).scalars().all():
        jobs.enqueue(tx, "digest.write", {"user_id": reader, "day": day}, dedupe_key=f"digest:{reader}:{day}")


class Letter(NamedTuple):
    """A digest that is written, as a row of `mails`, and the news that it carries."""

    mail: dict[str, object]
    news_ids: list[str]


def compose(tx: Connection, post: Post, user_id: str, day: str) -> Letter | None:
    """Write all that waits for this person into one mail; None where nothing, or nobody, is to be told. Only reads."""
    news = list(tx.execute(_NEWS, {"reader": user_id}).mappings())
    reader = people.get(tx, user_id)
    if not news or not reader["email"] or reader["disabled_at"] is not None:
        return None
    mail_id = new_id()
    message = content.digest_mail(tx, post.settings, post.signer, mail_id, reader, news)
    row: dict[str, object] = {
        "id": mail_id,
        "dedupe_key": f"digest:{user_id}:{day}",
        "kind": "digest",
        "user_id": user_id,
        "ticket_id": None,
    }
    return Letter(row | content_of(message), [item["id"] for item in news])


def keep(tx: Connection, post: Post, letter: Letter) -> None:
    """Queue the mail. Safe to repeat: what a mail carries waits no more. Raises TryLater where another day's mail
    carries some of it by now: what is left is told by a mail that is written anew."""
    if put(tx, post, letter.mail):
        carried = tx.execute(_CARRIED, {"ids": letter.news_ids, "mail": letter.mail["id"]})
        if carried.rowcount != len(letter.news_ids):
            raise jobs.TryLater("Some of this was told by another mail.")
