"""The worker's vocabulary: what follows from events, what each kind of job does, what runs by the clock.

Like every door it only translates; `wiring.PLAN` says which of these belong to what.
"""

from sqlalchemy import Connection, RowMapping

from deskhand.accounts import handoff, links, sessions
from deskhand.attachments import sweep as files
from deskhand.doors.services import Services
from deskhand.kb import misses
from deskhand.kit import idempotency, jobs, limits
from deskhand.kit.clock import DAY, now
from deskhand.kit.jobs import Job
from deskhand.notifications import delivery, digest
from deskhand.notifications.delivery import Post
from deskhand.tickets import contact, due, enrich, presence, schedule

# As long as the widest limit that a setting can sensibly ask for.
_HITS_KEPT = 32 * DAY
_JOBS_KEPT = 7 * DAY


def tell(tx: Connection, _services: Services, event: RowMapping) -> None:
    delivery.queue(tx, event)


def ask_usage(tx: Connection, services: Services, event: RowMapping) -> None:
    enrich.queue(tx, services.settings, event)


def notify(services: Services, job: Job) -> None:
    event_id, post = job.payload["event_id"], _post(services)
    with services.store.reading() as tx:
        letters = delivery.compose(tx, post, event_id)
    with services.store.begin() as tx:
        delivery.keep(tx, post, event_id, letters)


def send_mail(services: Services, job: Job) -> None:
    delivery.send(services.store, services.mailer, job)


def enrich_ticket(services: Services, job: Job) -> None:
    enrich.fetch(services.store, services.settings, job)


def carry_out(services: Services, job: Job) -> None:
    due.run(services.store, job.payload["held_id"])


def queue_digests(services: Services, _job: Job) -> None:
    with services.store.begin() as tx:
        digest.queue_all(tx)


def write_digest(services: Services, job: Job) -> None:
    post = _post(services)
    with services.store.reading() as tx:
        letter = digest.compose(tx, post, job.payload["user_id"], job.payload["day"])
    if letter is not None:
        with services.store.begin() as tx:
            digest.keep(tx, post, letter)


def autoclose(services: Services, _job: Job) -> None:
    while True:
        with services.store.begin() as tx:
            if not schedule.autoclose(tx, services.settings):
                return


def sweep(services: Services, _job: Job) -> None:
    """Clear away what has had its time. Each in a transaction of its own: none holds up the desk for long."""
    moment = now()
    for clear in (
        lambda tx: limits.sweep(tx, moment - _HITS_KEPT),
        lambda tx: jobs.sweep(tx, moment - _JOBS_KEPT),
        idempotency.sweep,
        sessions.sweep,
        links.sweep,
        handoff.sweep,
        presence.sweep,
        misses.sweep,
        contact.sweep,
    ):
        with services.store.begin() as tx:
            clear(tx)
    files.sweep(services.store, services.storage)
    files.remove_orphans(services.store, services.storage)


def _post(services: Services) -> Post:
    return Post(services.settings, services.signer)
