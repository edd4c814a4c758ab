"""The one file that knows everything: which routes there are, what follows from which event, what runs when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from sqlalchemy import Connection
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from deskhand import __version__
from deskhand.accounts.passwords import Passwords
from deskhand.categories import learning
from deskhand.categories.classify import read
from deskhand.doors import reactions, switchboard
from deskhand.doors.api import (
    accounts,
    answers,
    attachments,
    brand,
    categories,
    contact,
    errors,
    health,
    jobs,
    kb,
    kb_misses,
    macros,
    openapi,
    people,
    preferences,
    reports,
    staff_tickets,
    tickets,
    views,
)
from deskhand.doors.api.envelope import Envelope
from deskhand.doors.services import Services, open_services
from deskhand.doors.web import assets, entry, front, languages, shell, visitors
from deskhand.doors.web.desk import pages as desk
from deskhand.doors.web.help import article, centre, site
from deskhand.doors.web.help import contact as contact_form
from deskhand.doors.web.portal import pages as portal
from deskhand.doors.worker import Plan, Worker
from deskhand.kb import search as kb_search
from deskhand.kit.schedule import Regular
from deskhand.kit.settings import Settings
from deskhand.migrations import head, upgrade
from deskhand.notifications import delivery
from deskhand.tickets import create

# The contact form's path would read as a ticket's id, and a search's as an article's: they come first.
ROUTERS = (
    accounts.public,
    accounts.signed_in,
    contact.public,
    tickets.router,
    attachments.uploading,
    attachments.downloads,
    categories.public,
    brand.public,
    preferences.router,
    kb.public,
    kb.staff,
    kb_misses.staff,
    staff_tickets.router,
    views.router,
    macros.router,
    contact.staff,
    categories.staff,
    categories.admin,
    brand.admin,
    people.staff,
    people.admin,
    reports.router,
    jobs.router,
    jobs.mails,
    jobs.mail_texts,
)

PAGES = [
    *front.routes,
    *entry.routes,
    *site.routes,
    *centre.routes,
    *article.routes,
    *contact_form.routes,
    *visitors.routes,
    *portal.routes,
    *desk.routes,
    assets.MOUNT,
]

PLAN = Plan(
    reactions={
        **dict.fromkeys(delivery.TOLD, (reactions.tell,)),
        "ticket.created": (reactions.tell, reactions.ask_usage),
    },
    handlers={
        "notify": reactions.notify,
        "mail.send": reactions.send_mail,
        "ticket.enrich": reactions.enrich_ticket,
        "held.carry_out": reactions.carry_out,
        "digest": reactions.queue_digests,
        "digest.write": reactions.write_digest,
        "autoclose": reactions.autoclose,
        "sweep": reactions.sweep,
    },
    # Times are UTC.
    regulars=[Regular("digest", "0 7 * * *"), Regular("autoclose", "5 * * * *"), Regular("sweep", "35 * * * *")],
)


def prepare(settings: Settings, passwords: Passwords | None = None) -> Services:
    """Migrate the database and open everything on it. Every starter begins with this."""
    upgrade(settings.database_url)
    services = open_services(settings, passwords or Passwords())
    with services.store.begin() as tx:
        create.start_numbers(tx, settings)
    return services


def build_worker(services: Services, *, threads: int = 4) -> Worker:
    """A worker over the given services; `threads` jobs run at a time."""
    return Worker(services, PLAN, threads=threads)


def build_app(services: Services) -> FastAPI:
    """The web application: API and pages over the given services, which close with it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.gather(
            services.store.read_slow(_warm), asyncio.to_thread(languages.warm), return_exceptions=True
        )
        yield
        await warming
        services.close()

    app = _App(
        # What goes by itself to an exporter that somebody configured would tell of people's requests.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        title="Deskhand",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services, app.state.pages = services, shell.tell
    errors.install(app)
    for router in ROUTERS:
        app.router.routes += router.routes
    app.router.routes += PAGES
    openapi.install(app)
    health.install(app, head())
    switchboard.install(app.router)
    _allow_origins(app, services.settings)
    app.add_middleware(Envelope, proxies=services.settings.proxy_networks, traffic=services.traffic)
    return app


class _App(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's, without what the envelope does: answering to bugs, bounding bodies, and telling of requests."""
        app: ASGIApp = AsyncExitStackMiddleware(self.router)
        app = ExceptionMiddleware(app, handlers=self.exception_handlers)
        for layer, arguments, options in reversed(self.user_middleware):
            app = layer(app, *arguments, **options)
        return app


def _warm(tx: Connection) -> None:
    """Read what search and classifier keep in memory, so that the first visitor does not wait for it."""
    kb_search.search(tx, "warm", limit=1)
    learning.suggest(tx, read("", ""))


def _allow_origins(app: FastAPI, settings: Settings) -> None:
    """The host product's dashboard may call from these origins; its credential travels in a header, never a cookie."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
            allow_headers=[
                "Authorization",
                "X-API-Key",
                "Content-Type",
                answers.KEY_HEADER,
                "If-Match",
                "If-None-Match",
                "X-Request-ID",
            ],
            expose_headers=[
                "ETag",
                "Idempotent-Replay",
                "Link",
                "RateLimit-Limit",
                "RateLimit-Policy",
                "RateLimit-Remaining",
                "RateLimit-Reset",
                "Retry-After",
                "WWW-Authenticate",
                "X-Request-ID",
            ],
        )
