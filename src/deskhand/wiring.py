"""The one file that knows everything: which routes there are, what follows from which event, what runs when."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from deskhand import __version__
from deskhand.accounts.passwords import Passwords
from deskhand.doors.api import (
    accounts,
    answers,
    attachments,
    categories,
    contact,
    errors,
    kb,
    openapi,
    preferences,
    staff_tickets,
    tickets,
)
from deskhand.doors.api.envelope import Envelope
from deskhand.doors.services import Services, open_services
from deskhand.doors.worker import Plan
from deskhand.kit.settings import Settings
from deskhand.migrations import upgrade
from deskhand.tickets import create

PLAN = Plan(reactions={}, handlers={}, regulars=[])


def prepare(settings: Settings, passwords: Passwords | None = None) -> Services:
    """Migrate the database and open everything on it. Every starter begins with this."""
    upgrade(settings.database_url)
    services = open_services(settings, passwords or Passwords())
    with services.store.begin() as tx:
        create.start_numbers(tx, settings)
    return services


def build_app(services: Services) -> FastAPI:
    """The web application: API and pages over the given services, which close with it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        services.close()

    app = FastAPI(
        title="Deskhand",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    errors.install(app)
    # The contact form's path would read as a ticket's id, and an article's as a search: they come first.
    for router in (
        accounts.public,
        accounts.signed_in,
        contact.public,
        tickets.router,
        attachments.uploads,
        attachments.downloads,
        categories.public,
        preferences.router,
        kb.public,
        kb.staff,
        staff_tickets.router,
        contact.staff,
        categories.staff,
        categories.admin,
    ):
        app.router.routes += router.routes
    openapi.install(app)
    if services.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.settings.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
            allow_headers=[
                "Authorization",
                "X-API-Key",
                "Content-Type",
                answers.KEY_HEADER,
                "If-Match",
                "If-None-Match",
            ],
            expose_headers=["ETag", "Link", "Retry-After", "X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining"],
        )
    app.add_middleware(Envelope, proxies=services.settings.proxy_networks)
    return app
