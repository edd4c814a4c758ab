"""From events to mails: queued when the event is dispatched, written when the job runs, sent by a job of its own.

A mail is a row, unique for its event and its reader, with the whole message in it: what is sent again after a crash is
the same message with the same id, and what was sent is not sent again.
"""

from email.message import EmailMessage
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from deskhand.accounts import links
from deskhand.kit import events, jobs
from deskhand.kit.clock import now
from deskhand.kit.db import Store
from deskhand.kit.ids import new_id
from deskhand.kit.jobs import MAX_ATTEMPTS, GiveUp, Job, TryLater
from deskhand.kit.mail_message import from_text, to_text
from deskhand.kit.mailer import Mailer
from deskhand.kit.schema import insert
from deskhand.kit.settings import Settings
from deskhand.kit.signing import Signer
from deskhand.kit.statements import Statement
from deskhand.notifications import content, preferences
from deskhand.notifications.audience import ACCOUNT_KINDS, TICKET_EVENTS, Notice, notices
from deskhand.notifications.tables import digest_items, mails

TOLD = (*TICKET_EVENTS, *ACCOUNT_KINDS)

_INSERT = Statement(insert(mails).on_conflict_do_nothing(index_elements=["dedupe_key"]))
_INSERT_NEWS = insert(digest_items).on_conflict_do_nothing(index_elements=["user_id", "event_id"])
_WRITTEN = Statement(select(mails.c.dedupe_key).where(mails.c.dedupe_key.in_(bindparam("keys", expanding=True))))
_ONE = select(mails).where(mails.c.id == bindparam("mail"))


class Post(NamedTuple):
    """What writing a mail takes."""

    settings: Settings
    signer: Signer


def queue(tx: Connection, event: RowMapping) -> None:
    """The reaction to every event of `TOLD`. Deciding and writing is left to the job, outside the dispatcher."""
    jobs.enqueue(tx, "notify", {"event_id": event["id"]}, dedupe_key=f"notify:{event['id']}")


class Letters(NamedTuple):
    """What follows from an event: news for digests, mails ready to be kept, and notices whose mail carries a link that
    is made as it is kept."""

    news: list[dict[str, object]]
    mails: list[dict[str, object]]
    linked: list[Notice]


def compose(tx: Connection, post: Post, event_id: str) -> Letters:
    """Decide who is told, and write the mails. Only reads: it takes long enough to hold up those who write."""
    event = events.get(tx, event_id)
    told = notices(tx, event)
    gathering = preferences.gathering(tx, [notice.user["id"] for notice in told if not notice.urgent])
    news, due = [], dict[str, Notice]()
    for notice in told:
        if not notice.urgent and notice.user["id"] in gathering:
            news.append(_news(event, notice))
        else:
            due.setdefault(_key(event_id, notice), notice)
    if event["name"] not in TICKET_EVENTS or not due:
        return Letters(news, [], list(due.values()))
    matter = content.matter(tx, post.settings, event, {notice.kind for notice in due.values()})
    mails = []
    for notice in due.values():
        mail_id = new_id()
        message = content.ticket_mail(post.settings, post.signer, mail_id, matter, notice)
        mails.append(_row(mail_id, event_id, notice, matter.ticket.id) | content_of(message))
    return Letters(news, mails, [])


def keep(tx: Connection, post: Post, event_id: str, letters: Letters) -> None:
    """Keep for the digest what waits for it, and queue the mails. Safe to repeat."""
    if letters.news:
        tx.execute(_INSERT_NEWS, letters.news)
    for row in letters.mails:
        put(tx, post, row)
    # Looked at here and not before: a second link would make the first one void.
    written = {key for (key,) in _WRITTEN.rows(tx, {"keys": [_key(event_id, notice) for notice in letters.linked]})}
    for notice in letters.linked:
        if _key(event_id, notice) in written:
            continue
        mail_id = new_id()
        message = content.account_mail(tx, post.settings, mail_id, notice, _link(tx, post, notice))
        put(tx, post, _row(mail_id, event_id, notice, None) | content_of(message))


def content_of(message: EmailMessage) -> dict[str, object]:
    """The columns of a mail that say what is in it."""
    return {
        "recipient": message["To"].addresses[0].addr_spec,
        "subject": str(message["Subject"]),
        "content": to_text(message),
    }


def put(tx: Connection, post: Post, row: dict[str, object]) -> bool:
    """Store a mail and queue its sending, or keep it where no SMTP is configured. False for one stored before."""
    sends = bool(post.settings.smtp_url)
    if _INSERT.run(tx, row | {"state": "waiting" if sends else "kept", "created_at": now()}) == 0:
        return False
    if sends:
        jobs.enqueue(tx, "mail.send", {"mail_id": row["id"]}, dedupe_key=f"mail:{row['id']}")
    return True


def send(store: Store, mailer: Mailer | None, job: Job) -> None:
    """Hand one mail to the SMTP server, outside any transaction. Raises TryLater and GiveUp, for the job.

    What went wrong stands beside the mail, which waits as long as its job will be tried again, and else has failed.
    """
    mail_id = job.payload["mail_id"]
    with store.reading() as tx:
        row = tx.execute(_ONE, {"mail": mail_id}).mappings().one_or_none()
    if row is None or row["state"] == "sent":
        return
    try:
        if mailer is None:
            raise GiveUp("No SMTP server is configured any more (DESKHAND_SMTP_URL).")
        mailer.send(from_text(row["content"]), row["recipient"])
    except (TryLater, GiveUp) as problem:
        over = isinstance(problem, GiveUp) or job.attempts >= MAX_ATTEMPTS
        _settle(store, mail_id, state="failed" if over else "waiting", error=str(problem))
        raise
    _settle(store, mail_id, state="sent", sent_at=now(), error=None)


def _settle(store: Store, mail_id: str, **values: object) -> None:
    with store.begin() as tx:
        tx.execute(update(mails).where(mails.c.id == mail_id).values(**values))


def _news(event: RowMapping, notice: Notice) -> dict[str, object]:
    """What waits for the digest."""
    return {
        "id": new_id(),
        "user_id": notice.user["id"],
        "ticket_id": event["subject_id"],
        "event_id": event["id"],
        "kind": notice.kind,
        # Nobody in particular closes what is left lying.
        "data": event["data"] | {"actor": None if event["actor_type"] == "system" else event["actor_name"]},
        "created_at": event["at"],
    }


def _key(event_id: str, notice: Notice) -> str:
    return f"{event_id}:{notice.user['id']}"


def _row(mail_id: str, event_id: str, notice: Notice, ticket_id: str | None) -> dict[str, object]:
    return {
        "id": mail_id,
        "dedupe_key": _key(event_id, notice),
        "kind": notice.kind,
        "user_id": notice.user["id"],
        "ticket_id": ticket_id,
    }


def _link(tx: Connection, post: Post, notice: Notice) -> str:
    """A fresh single-use link; it is in the mail and nowhere else."""
    purpose, path = {
        "verify_email": ("verify", "/login/verify"),
        "password_reset": ("reset", "/login/reset"),
        "invitation": ("invite", "/login/reset"),
    }[notice.kind]
    token = links.issue(tx, post.signer, purpose, notice.user["id"])
    return f"{post.settings.base_url}{path}?token={token}"
