"""What the doctor looks at, one function each."""

import shutil
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, select, text

from deskhand.accounts.people import count_admins
from deskhand.doors.backlog import backlog
from deskhand.doors.services import Services
from deskhand.kit.clock import HOUR, MINUTE, SECOND, now, rfc3339
from deskhand.kit.events import events
from deskhand.kit.ids import new_id
from deskhand.kit.jobs import jobs
from deskhand.kit.mailer import parse_url
from deskhand.kit.settings import PREFIX, Settings

GOOD, ADVICE, WRONG = "✓", "!", "✗"

_FREE = 1024**3  # bytes
_SMTP_PATIENCE = 10  # seconds
_MIN_SECRET = 32
_LATE = 5 * MINUTE
_SKEW = 5 * SECOND
_LOCAL = {"localhost", "127.0.0.1", "::1", None}


class Finding(NamedTuple):
    mark: str
    what: str
    hint: str = ""


def settings(environ: Mapping[str, str]) -> Finding:
    given = sorted(name for name in environ if name.startswith(PREFIX) and environ[name])
    return Finding(GOOD, f"settings: {', '.join(given) or 'all at their defaults'}")


def base_url(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.base_url)
    local, listens_local = parts.hostname in _LOCAL, settings.host in _LOCAL
    if local and (settings.smtp_url or not listens_local):
        hint = "Set DESKHAND_BASE_URL to the address that people use: links in mails begin with it."
        yield Finding(WRONG, f"base URL: {settings.base_url} leads nowhere from other machines", hint)
    elif not local and parts.scheme != "https":
        yield Finding(ADVICE, f"base URL: {settings.base_url} is not https", "Passwords and tokens travel readable.")
    else:
        yield Finding(GOOD, f"base URL: {settings.base_url}")
    if parts.scheme == "https" and not settings.trusted_proxies:
        hint = "Name the proxy in DESKHAND_TRUSTED_PROXIES: limits would count all of its clients as one."
        yield Finding(ADVICE, "proxy: none is trusted, though something must speak https", hint)


def disk(settings: Settings) -> Finding:
    place = next(
        folder for folder in (settings.data_dir.absolute(), *settings.data_dir.absolute().parents) if folder.exists()
    )
    free = shutil.disk_usage(place).free
    told = f"disk: {free / 1024**3:.1f} GiB free at {place}"
    return Finding(GOOD, told) if free > _FREE else Finding(WRONG, told, "Make room: without it nothing can be stored.")


def privacy(settings: Settings) -> Iterator[Finding]:
    """The SQLite file holds the signing key and all that customers wrote."""
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.is_sqlite and path.exists() and _open_to_others(path):
        hint = f"`chmod o-rwx {path.parent}`, and start the desk with the umask 077."
        yield Finding(ADVICE, f"privacy: everybody on this machine may read {path}", hint)


def mail(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp_url:
        yield Finding(ADVICE, "mail: DESKHAND_SMTP_URL is not set", "Mails stay in the outbox that the desk shows.")
        return
    server = parse_url(settings.smtp_url)
    where = f"{server.host}:{server.port}"
    try:
        _greet(server.host, server.port, tls=server.tls)
    except (OSError, smtplib.SMTPException) as problem:
        yield Finding(WRONG, f"mail: {where} does not answer ({problem})", "Mails wait and are tried again for days.")
    else:
        yield Finding(GOOD, f"mail: {where} answers")
    if settings.mail_from.rstrip(">").endswith("@localhost"):
        hint = "Set it to an address that may send from this server."
        yield Finding(WRONG, f"mail: DESKHAND_MAIL_FROM is {settings.mail_from}", hint)


def revision(at: str | None, head: str | None) -> Finding:
    if at == head:
        return Finding(GOOD, f"database: reachable, at revision {at}")
    if at is not None and head is not None and at > head:
        return Finding(WRONG, f"database: at revision {at}, of a newer release", "Run that release.")
    return Finding(WRONG, f"database: at revision {at or 'none'}, not {head}", "Run `deskhand migrate`.")


def secrets(desk: Services) -> Iterator[Finding]:
    weak = desk.host_tokens.problems()
    if desk.settings.enrich_url and len(desk.settings.enrich_secret) < _MIN_SECRET:
        weak.append(f"DESKHAND_ENRICH_SECRET is shorter than {_MIN_SECRET} characters")
    for problem in weak:
        yield Finding(WRONG, f"secrets: {problem}", "`openssl rand -base64 32` makes a good one.")
    if not weak:
        yield Finding(GOOD, "secrets: none that is configured is weak")


def storage(desk: Services) -> Iterator[Finding]:
    key, content = f"doctor/{new_id()}", b"written by deskhand doctor"
    desk.storage.put_sync(key, content)
    whole = desk.storage.read_sync(key) == content
    desk.storage.delete_sync(key)
    where = urlsplit(desk.settings.storage_url)._replace(query="")
    shown = where._replace(netloc=where.netloc.rpartition("@")[2]).geturl()
    if whole:
        yield Finding(GOOD, f"storage: {shown} can be written and read")
    else:
        yield Finding(WRONG, f"storage: {shown} gives back something else than was written")


def people(tx: Connection) -> Iterator[Finding]:
    admins = count_admins(tx)
    if admins:
        yield Finding(GOOD, f"people: {admins} admin{'s' if admins > 1 else ''}")
    else:
        yield Finding(WRONG, "people: there is no admin", "Open the link that `deskhand serve` prints.")


def clock(tx: Connection) -> Iterator[Finding]:
    latest = tx.execute(_LATEST_EVENT).scalar_one_or_none() or 0
    database = tx.execute(_DATABASE_TIME).scalar_one() if tx.dialect.name == "postgresql" else now()
    if abs(database - now()) > _SKEW:
        apart = abs(database - now()) / SECOND
        yield Finding(WRONG, f"clock: {apart:.0f} s apart from the database's", "Let both follow NTP.")
    elif latest > now() + _SKEW:
        yield Finding(WRONG, f"clock: behind the latest event, {rfc3339(latest)}", "Was it set back?")
    else:
        yield Finding(GOOD, f"clock: {rfc3339(now())}")


def work(tx: Connection) -> Iterator[Finding]:
    found = backlog(tx)
    ended = tx.execute(_LAST_JOB).scalar_one_or_none()
    ran = f"a job last ended {_ago(ended)}" if ended else "no job has run yet"
    if found.oldest > _LATE:
        hint = "Is `deskhand serve` (without --no-worker) or `deskhand worker` running?"
        yield Finding(WRONG, f"worker: something has waited for {_span(found.oldest)}, and {ran}", hint)
    else:
        yield Finding(GOOD, f"worker: nothing waits for long, {ran}")
    if found.jobs["dead"]:
        hint = "`GET /api/v1/support/staff/jobs?state=dead` says why; `POST …/jobs/{id}/retry` tries again."
        yield Finding(WRONG, f"jobs: {found.jobs['dead']} given up", hint)
    else:
        yield Finding(GOOD, "jobs: none given up")


_LATEST_EVENT = select(events.c.at).order_by(events.c.seq.desc()).limit(1)
_DATABASE_TIME = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
# The newest of those that are done, by the index on (state, id); near enough to the one that ended last.
_LAST_JOB = select(func.max(jobs.c.finished_at)).where(
    jobs.c.id.in_(select(jobs.c.id).where(jobs.c.state == "done").order_by(jobs.c.id.desc()).limit(20))
)


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & path.absolute().parent.stat().st_mode << 2 & 0o004)


def _greet(host: str, port: int, *, tls: bool) -> None:
    if tls:
        context = ssl.create_default_context()
        with smtplib.SMTP_SSL(host, port, timeout=_SMTP_PATIENCE, context=context) as server:
            server.ehlo_or_helo_if_needed()
        return
    with smtplib.SMTP(host, port, timeout=_SMTP_PATIENCE) as server:
        server.ehlo_or_helo_if_needed()


def _ago(moment: int) -> str:
    return f"{_span(now() - moment)} ago"


def _span(microseconds: int) -> str:
    if microseconds < 2 * MINUTE:
        return f"{max(0, microseconds) // SECOND} s"
    if microseconds < 2 * HOUR:
        return f"{microseconds // MINUTE} min"
    return f"{microseconds // HOUR} h"
