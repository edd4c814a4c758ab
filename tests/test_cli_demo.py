"""`deskhand demo`: the data becomes a desk, by real acts at believable times."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from deskhand.doors.cli import stories
from deskhand.doors.cli.demonstrate import fill
from deskhand.kit import clock, ids
from deskhand.kit.schema import metadata
from tests.support.app import Desk, running
from tests.support.cli import Cli
from tests.support.databases import Databases

DATA = stories.load()
T = metadata.tables


@pytest.fixture(scope="module")
def shown(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory):
    """A desk filled at a moment in the middle of a week, and that moment."""
    folder = tmp_path_factory.mktemp("demo")
    with sqlite_databases.migrated() as url, running(url, folder) as desk:
        start = clock.now()
        with desk.store.begin() as tx:
            fill(tx, desk.settings, DATA, "no hash")
        yield desk, start


def column(desk: Desk, name: str, *where: Any) -> list[Any]:
    table, _, field = name.partition(".")
    return desk.read(lambda tx: tx.execute(select(T[table].c[field]).where(*where)).scalars().all())


def test_one_command_makes_a_desk_to_look_at_and_only_once(database_url: str, tmp_path: Path) -> None:
    cli = Cli(database_url, tmp_path)
    people = [line.split("\t") for line in cli.ok("demo").splitlines()]
    assert [role for _, role, _ in people].count("admin") >= 1
    with running(database_url, tmp_path) as desk:
        for address, role, password in (people[0], people[-1]):
            signed_in = desk.client.post("/api/v1/auth/login", json={"email": address, "password": password})
            token = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
            assert desk.client.get("/api/v1/me", headers=token).json()["role"] == role
        assert desk.anyone().get("/kb/search?q=api+keys").json()["total"] > 3
        assert desk.as_("sam").get("/staff/tickets").json()["total"] == len(DATA.tickets)
        assert desk.work() == 0
        assert desk.new_ticket()["readable_id"] == f"ALT-{1001 + len(DATA.tickets)}"
    again = cli("demo")
    assert (again.code, again.out) == (1, "")
    assert "here already" in again.err


def test_every_ticket_ends_as_it_is_told(shown: tuple[Desk, int]) -> None:
    desk, _ = shown
    columns = [T["tickets"].c[name] for name in ("subject", "status", "category_slug")]
    found = desk.read(lambda tx: set(map(tuple, tx.execute(select(*columns)))))
    told = {(each["subject"], each["status"], each["category"]) for each in DATA.tickets}
    assert found == told
    written = desk.read(lambda tx: tx.execute(select(func.count()).select_from(T["messages"])).scalar_one())
    assert written == sum(1 + len(each["messages"]) for each in DATA.tickets)
    assert len(column(desk, "ratings.rating")) == sum("rating" in each for each in DATA.tickets)
    assert sorted(column(desk, "macros.name")) == sorted(each["name"] for each in DATA.macros)
    assert sorted(column(desk, "saved_views.name")) == sorted(each["name"] for each in DATA.views)
    assert Counter(column(desk, "articles.status")) == Counter(each["status"] for each in DATA.articles)


def test_time_runs_forward_and_ends_now(shown: tuple[Desk, int]) -> None:
    desk, start = shown
    tickets, events = T["tickets"].c, T["events"].c
    by_number = select(tickets.created_at, tickets.id).order_by(tickets.number)
    for ordered in (by_number, select(events.at, events.id).order_by(events.seq)):
        rows = desk.read(lambda tx, ordered=ordered: [(at, id_[:13]) for at, id_ in tx.execute(ordered)])
        assert rows == sorted(rows)
    happened = [at for at, _ in rows]
    assert start - 400 * clock.DAY < happened[0] < happened[-1] <= clock.now()
    assert max(column(desk, "tickets.updated_at")) <= clock.now()
    first = column(desk, "tickets.first_reply_at", T["tickets"].c.first_reply_at < T["tickets"].c.created_at)
    assert first == []


def test_nothing_of_it_is_told_to_anybody(shown: tuple[Desk, int]) -> None:
    desk, _ = shown
    assert column(desk, "events.id", T["events"].c.dispatched_at.is_(None)) == []
    assert column(desk, "jobs.id") == column(desk, "mails.id") == []


def test_people_have_their_company_beside_their_tickets(shown: tuple[Desk, int]) -> None:
    desk, _ = shown
    told = next(each for each in DATA.customers if each["account"])
    ticket = desk.as_("sam").get(f"/staff/tickets?requester={told['email']}").json()["tickets"][0]
    enrichment = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()["enrichment"]
    assert enrichment["account"]["id"] == told["account"]
    assert enrichment["usage"]
    assert enrichment["client"]["via"] == ticket["channel"]


@pytest.mark.parametrize("today", ["2026-03-02T09:00:00Z", "2026-03-05T14:59:00Z", "2026-03-05T15:01:00Z"])
def test_old_tickets_keep_their_weekday_and_new_ones_their_age(today: str) -> None:
    with time_machine.travel(today, tick=False):
        start = clock.now()
        for each in DATA.tickets:
            zero = stories._zero(each, start)
            assert start - 7 * clock.DAY < zero <= start
            moment = clock.to_datetime(zero)
            last = min([each["age"], *(m["age"] for m in each["messages"]), each.get("closed_age", each["age"])])
            if last > 7 * 24 * 60 and "resolved_age" not in each:
                assert (moment.weekday(), moment.hour, moment.minute) == (3, 15, 0)
            if each["status"] in {"resolved", "open"} and last < 60:
                assert zero == start


def test_a_pretended_moment_is_this_threads_alone_and_ends() -> None:
    then = clock.now() - 90 * clock.DAY
    with clock.at(then):
        assert clock.now() == then
        made = [ids.new_id() for _ in range(3)]
        with clock.at(then + clock.SECOND):
            assert clock.now() == then + clock.SECOND
        assert clock.now() == then
    assert clock.now() > then + 89 * clock.DAY
    milliseconds = {int(each.replace("-", "")[:12], 16) for each in made}
    assert all(abs(each - then // 1000) < 5 for each in milliseconds)
    assert ids.new_id() > max(made)
