"""For machines that watch over the desk.

GET    /healthz    the process answers
GET    /readyz     database reachable, schema at this release's: else 503
GET    /metrics    Prometheus; for the addresses in DESKHAND_METRICS_ALLOW alone
"""

from collections.abc import Iterator
from ipaddress import ip_network

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Connection, text
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deskhand.doors.api.auth import services
from deskhand.doors.api.envelope import registry
from deskhand.doors.backlog import Backlog, backlog
from deskhand.kit import clock
from deskhand.kit.addresses import among
from deskhand.kit.errors import Forbidden, Unavailable
from deskhand.kit.settings import Settings

_HOP_HEADERS = ("x-forwarded-for", "forwarded", "x-real-ip", "via")

ProcessCollector(registry=registry)


def install(app: FastAPI, head: str | None) -> None:
    """Serve the three; `head` is the schema's revision that this release needs."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=_FRESH)

    async def readyz(request: Request) -> Response:
        try:
            revision = await services(request).store.read(_revision)
        except Unavailable as refusal:
            return PlainTextResponse(f"{refusal.detail}\n", 503, _FRESH)
        if revision != head:
            return PlainTextResponse(f"The schema is at {revision}, this release needs {head}.\n", 503, _FRESH)
        return PlainTextResponse("ready\n", headers=_FRESH)

    async def metrics(request: Request) -> Response:
        desk = services(request)
        if not _may_see(request, desk.settings):
            raise Forbidden("DESKHAND_METRICS_ALLOW does not name this address.", code="metrics_not_allowed")
        found = await desk.store.read(backlog)
        body = generate_latest(registry) + generate_latest(_gauges(found))
        return Response(body, headers=_FRESH, media_type=CONTENT_TYPE_LATEST)

    app.router.routes += [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


_REVISION = text("SELECT version_num FROM alembic_version")
_FRESH = {"Cache-Control": "no-store"}


def _revision(tx: Connection) -> str | None:
    return tx.execute(_REVISION).scalar_one_or_none()


def _gauges(found: Backlog) -> CollectorRegistry:
    class Gauges:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            by_state = GaugeMetricFamily("deskhand_jobs", "Jobs that are not done, by state.", labels=["state"])
            for state, count in found.jobs.items():
                by_state.add_metric([state], count)
            yield by_state
            yield GaugeMetricFamily("deskhand_events_waiting", "Events not yet dispatched.", value=found.events)
            yield GaugeMetricFamily(
                "deskhand_oldest_waiting_seconds",
                "How long the oldest due job or event has waited for a worker.",
                value=found.oldest / clock.SECOND,
            )

    made = CollectorRegistry()
    made.register(Gauges())
    return made


def _may_see(request: Request, settings: Settings) -> bool:
    """Whether the client is among those allowed. A proxy that is not trusted makes everybody look local: nobody is."""
    trusted = request.client is not None and among(request.client.host, settings.proxy_networks)
    if not trusted and any(name in request.headers for name in _HOP_HEADERS):
        return False
    return among(request.state.client_ip, (ip_network(each, strict=False) for each in settings.metrics_allow))
