"""What machines ask: alive, ready, and the numbers."""

import re
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from deskhand.kit import clock, events, jobs
from deskhand.kit.db import open_store
from tests.support.app import Desk, running

LOCAL = ("127.0.0.1", 4711)


def scrape(desk: Desk, client: tuple[str, int] = LOCAL, **headers: str):
    return TestClient(desk.client.app, client=client, raise_server_exceptions=False).get("/metrics", headers=headers)


def value(page: str, name: str) -> float:
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found)


def test_it_is_alive_and_ready(desk: Desk) -> None:
    for path in ("/healthz", "/readyz"):
        answer = desk.client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_it_is_not_ready_on_another_schema(desk: Desk) -> None:
    desk.write(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '0000'")))
    answer = desk.client.get("/readyz")
    assert answer.status_code == 503
    assert "0000" in answer.text
    assert desk.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_it_is_not_ready_without_its_database(desk: Desk) -> None:
    gone = open_store("postgresql://nobody@127.0.0.1:1/nothing", pool=1)
    desk.client.app.state.services = replace(desk.services, store=gone)
    answer = desk.client.get("/readyz")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert desk.client.get("/healthz").status_code == 200
    gone.close()


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_nobody_notices_that_the_database_was_started_anew(desk: Desk, database_url: str) -> None:
    alice = desk.as_("alice")
    alice.get("/tickets", expect=200)
    with psycopg.connect(database_url, autocommit=True) as operator:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        operator.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    assert desk.new_ticket()["subject"]
    alice.get("/tickets", expect=200)


def test_the_numbers_tell_what_waits(desk: Desk) -> None:
    desk.new_ticket()
    page = scrape(desk).text
    assert value(page, "deskhand_events_waiting") == 1
    assert value(page, 'deskhand_jobs{state="queued"}') == 0
    assert value(page, "process_resident_memory_bytes") > 0
    assert 'deskhand_requests_total{method="POST",route="/api/v1/support/tickets",status="201"}' in page


def test_the_longest_wait_is_told(desk: Desk) -> None:
    def wait(tx):
        events.mark_dispatched(tx, [row["seq"] for row in events.take_waiting(tx, 10)])
        jobs.enqueue(tx, "later", {}, run_at=clock.now() + clock.HOUR)
        jobs.enqueue(tx, "late", {}, run_at=clock.now() - clock.HOUR)

    desk.write(wait)
    page = scrape(desk).text
    assert value(page, 'deskhand_jobs{state="queued"}') == 2
    assert 3600 <= value(page, "deskhand_oldest_waiting_seconds") < 3660


def test_a_desk_at_rest_waits_for_nothing(desk: Desk) -> None:
    page = scrape(desk).text
    assert value(page, "deskhand_oldest_waiting_seconds") == 0
    assert value(page, 'deskhand_jobs{state="dead"}') == 0


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("2001:db8::7", {}, 403),
        ("testclient", {}, 403),
        # A proxy on this machine that nobody said to trust: all of its clients would look local.
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 403),
    ],
)
def test_only_this_machine_may_read_them(desk: Desk, peer: str, headers: dict[str, str], status: int) -> None:
    assert scrape(desk, (peer, 4711), **headers).status_code == status


REFUSED = [
    ("PUT", "/help/some-article"),
    ("DELETE", "/support/ALT-1"),
    ("BREW", "/contact"),
    ("PUT", "/healthz"),
    ("PATCH", "/api/v1/support/categories"),
]


def test_every_route_is_counted_by_its_pattern_and_nothing_by_what_clients_make_up(desk: Desk) -> None:
    desk.client.get("/help/some-article")
    desk.client.get("/support/ALT-1")
    desk.client.get("/t/a-secret-token")
    desk.client.get("/api/v1/support/kb/some-article")
    desk.client.request("BREW", "/made/up")
    desk.client.get("/made/up/too")
    assert [desk.client.request(*ask).status_code for ask in REFUSED] == [405] * len(REFUSED)
    page = scrape(desk).text
    counted = set(re.findall(r'^deskhand_requests_total\{method="(\w+)",route="([^"]+)"', page, re.MULTILINE))
    pages = {("GET", route) for route in ("/help/{slug}", "/support/{ref}", "/t/{token}")}
    refused = {("PUT", "/help/{slug}"), ("DELETE", "/support/{ref}"), ("other", "/contact"), ("PUT", "/healthz")}
    refused |= {("PATCH", "/api/v1/support/categories")}
    others = {("GET", "/api/v1/support/kb/{slug}"), ("GET", "none"), ("other", "none")}
    assert pages | refused | others <= counted
    for said in ("some-article", "ALT-1", "secret", "made/up", "BREW"):
        assert said not in page


@pytest.mark.parametrize(
    ("peer", "hop", "status"),
    [
        ("198.51.100.9", None, 200),
        ("127.0.0.1", None, 403),
        ("192.0.2.1", "198.51.100.9", 200),
        ("192.0.2.1", "127.0.0.1", 403),
        ("192.0.2.1", "198.51.100.9, 203.0.113.5", 403),
        ("198.51.100.9", "198.51.100.9", 403),
    ],
)
def test_others_may_where_a_setting_says_so(
    database_url: str, tmp_path: Path, peer: str, hop: str | None, status: int
) -> None:
    settings = {"metrics_allow": ("198.51.100.0/24",), "trusted_proxies": ("192.0.2.1",)}
    with running(database_url, tmp_path, **settings) as desk:
        headers = {"X-Forwarded-For": hop} if hop else {}
        assert scrape(desk, (peer, 4711), **headers).status_code == status
