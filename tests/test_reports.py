"""Reports count what happened: small cases by hand, large ones against a count of every single event."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from random import Random
from statistics import quantiles
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, insert, select

from deskhand.csat.tables import ratings
from deskhand.kit.clock import DAY, HOUR, MINUTE, SECOND, now
from deskhand.kit.events import events
from deskhand.kit.ids import new_id
from deskhand.kit.sheets import to_csv
from deskhand.tickets.tables import tickets
from tests.support.app import Desk

TODAY = now() // DAY
NOTHING = {"count": 0, "median": None, "p90": None}
FLOWS = {
    "open": ("pending", "resolved", "closed"),
    "pending": ("open", "resolved", "closed"),
    "resolved": ("open", "closed", "pending"),
    "closed": ("open", "resolved"),
}
CATEGORIES = ("technical-issue", "billing", "general")


class Told(NamedTuple):
    """One thing that happened to a ticket: `status` is what it became, `by` the agent who replied."""

    at: int
    status: str | None = None
    by: str | None = None


class Story:
    """Tickets and their events, written as rows at any time of the past, and remembered for counting by hand."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.requester = desk.user_id("alice")
        self.tickets: list[dict[str, Any]] = []
        self.told: list[list[Told]] = []
        self.ratings: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._numbers = 5000

    def ticket(
        self, created_at: int, *told: Told, category: str = "billing", agent: str | None = None, channel: str = "api"
    ) -> dict[str, Any]:
        self._numbers += 1
        row: dict[str, Any] = {column.name: None for column in tickets.c} | {
            "id": new_id(),
            "number": self._numbers,
            "readable_id": f"ALT-{self._numbers}",
            "requester_id": self.requester,
            "assignee_id": agent,
            "subject": "Empty content",
            "status": "open",
            "priority": 1,
            "category_slug": category,
            "metadata": {},
            "channel": channel,
            "verified": True,
            "version": 1,
            "created_at": created_at,
            "updated_at": max([created_at, *(item.at for item in told)]),
        }
        for item in told:
            self._tell(row, item)
        self.tickets.append(row)
        self.told.append(list(told))
        return row

    def rating(self, ticket: dict[str, Any], at: int, stars: int, comment: str | None = None) -> None:
        row = {"ticket_id": ticket["id"], "user_id": self.requester, "rating": stars, "comment": comment}
        self.ratings.append(row | {"created_at": at})

    def write(self) -> None:
        def rows(tx: Any) -> None:
            for table, values in ((tickets, self.tickets), (events, self._events), (ratings, self.ratings)):
                if values:
                    tx.execute(insert(table), values)

        self.desk.write(rows)

    def _tell(self, row: dict[str, Any], item: Told) -> None:
        """As the acts do it."""
        changes = {}
        if item.by:
            row["first_reply_at"] = row["first_reply_at"] or item.at
        if item.status:
            changes = {"status": [row["status"], item.status]}
            row["status"] = item.status
            row["resolved_at"] = item.at if item.status == "resolved" else row["resolved_at"]
            row["closed_at"] = item.at if item.status == "closed" else None
            if item.status in {"open", "pending"}:
                row["resolved_at"] = None
        event = {
            "id": new_id(),
            "name": "ticket.replied" if item.by else "ticket.changed",
            "subject_id": row["id"],
            "actor_id": item.by,
            "actor_type": "agent" if item.by else "customer",
            "actor_name": "",
            "staff_only": False,
            "data": {"changes": changes | {"subject": ['"status":["open","closed"]', "x"]}, "assignee_id": None},
            "at": item.at,
            "dispatched_at": item.at,
        }
        self._events.append(event)


def summary(desk: Desk, query: str = "") -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/reports/summary{query}", expect=200).json()


def csat(desk: Desk, query: str = "") -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/reports/csat{query}", expect=200).json()


def volumes(figures: dict[str, Any]) -> list[int]:
    return [figures[name] for name in ("created", "replies", "resolved", "closed", "reopened")]


def day(ago: int) -> str:
    return datetime.fromtimestamp((TODAY - ago) * DAY // SECOND, UTC).date().isoformat()


def at(ago: int, hours: float = 0) -> int:
    return (TODAY - ago) * DAY + int(hours * HOUR)


def test_it_is_for_staff(desk: Desk) -> None:
    for path in ("/staff/reports/summary", "/staff/reports/csat"):
        desk.anyone().get(path, expect=401)
        desk.as_("alice").get(path, expect=403)
        desk.as_("ada").get(path, expect=200)


def test_an_empty_desk_has_thirty_days_of_nothing(desk: Desk) -> None:
    report = summary(desk)
    assert [line["date"] for line in report["by_day"]] == [day(ago) for ago in range(29, -1, -1)]
    assert report["period"] == {"from": f"{day(29)}T00:00:00Z", "to": f"{day(-1)}T00:00:00Z"}
    assert report["totals"] == {
        "created": 0, "replies": 0, "resolved": 0, "closed": 0, "reopened": 0, "backlog": 0,
        "first_reply": NOTHING, "resolution": NOTHING,
    }  # fmt: skip
    assert report["backlog"] == {"open": 0, "pending": 0, "unassigned": 0}
    assert report["by_category"] == report["by_agent"] == report["by_channel"] == []
    rated = csat(desk)
    assert (rated["count"], rated["average"], rated["response_rate"]) == (0, None, None)
    assert rated["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}
    assert (len(rated["by_day"]), rated["comments"]) == (30, [])


def test_counts_what_the_acts_record(desk: Desk) -> None:
    first, second = desk.new_ticket(category_slug="billing"), desk.new_ticket("bob", category_slug="account")
    staff = desk.as_("sam")
    staff.patch(f"/staff/tickets/{first['id']}", {"assignee_id": desk.user_id("sam")}, expect=200)
    staff.post(f"/staff/tickets/{first['id']}/replies", {"body": "Which URL?"}, expect=201)
    staff.post(f"/staff/tickets/{first['id']}/notes", {"body": "Odd."}, expect=201)
    desk.as_("alice").post(f"/tickets/{first['id']}/replies", {"body": "That one."}, expect=201)
    staff.post(f"/staff/tickets/{first['id']}/replies", {"body": "Fixed.", "status": "resolved"}, expect=201)
    desk.as_("alice").post(f"/tickets/{first['id']}/replies", {"body": "No."}, expect=201)
    staff.patch(f"/staff/tickets/{first['id']}", {"status": "resolved", "priority": "high"}, expect=200)
    desk.as_("alice").post(f"/tickets/{first['id']}/close", expect=200)
    desk.as_("alice").post(f"/tickets/{first['id']}/satisfaction", {"rating": 4, "comment": "Well."}, expect=201)
    desk.as_("ada").post(f"/staff/tickets/{second['id']}/replies", {"body": "Hello."}, expect=201)

    report = summary(desk)
    assert volumes(report["totals"]) == [2, 3, 2, 1, 1]
    assert volumes(report["by_day"][-1]) == [2, 3, 2, 1, 1]
    assert (report["totals"]["first_reply"]["count"], report["totals"]["resolution"]["count"]) == (2, 1)
    assert (report["backlog"], report["totals"]["backlog"]) == ({"open": 0, "pending": 1, "unassigned": 1}, 1)
    assert [(line["slug"], line["name"], *volumes(line), line["backlog"]) for line in report["by_category"]] == [
        ("billing", "Billing", 1, 2, 2, 1, 1, 0),
        ("account", "Account", 1, 1, 0, 0, 0, 1),
    ]
    assert [(line["name"], *volumes(line), line["backlog"]) for line in report["by_agent"]] == [
        ("Ada Brandt", 0, 1, 0, 0, 0, 0),
        ("Sam Okafor", 1, 2, 2, 1, 1, 0),
        (None, 1, 0, 0, 0, 0, 1),
    ]
    assert [(line["channel"], line["created"]) for line in report["by_channel"]] == [("api", 2)]

    rated = csat(desk)
    assert (rated["count"], rated["average"], rated["response_rate"]) == (1, 4.0, 1.0)
    (comment,) = rated["comments"]
    assert comment == {
        "ticket_id": first["id"],
        "readable_id": first["readable_id"],
        "rating": 4,
        "comment": "Well.",
        "agent": {"id": desk.user_id("sam"), "name": "Sam Okafor"},
        "created_at": comment["created_at"],
    }


def test_times_run_from_creation_to_the_resolution_that_stands(desk: Desk) -> None:
    story, sam = Story(desk), desk.user_id("sam")
    # Answered after an hour, resolved after two; resolved again the next day, and closed by itself much later.
    story.ticket(at(9), Told(at(9, 1), "pending", sam), Told(at(9, 2), "resolved"), Told(at(8), "open"),
                 Told(at(8, 6), "resolved"), Told(at(1), "closed"))  # fmt: skip
    story.ticket(at(9), Told(at(9, 3), by=sam), Told(at(9, 10), "closed"))  # closed without a resolution
    story.ticket(at(9), Told(at(9, 4), "resolved"), Told(at(7), "open"))  # open again: no resolution stands
    story.write()
    report = summary(desk, f"?from={day(10)}&to={day(7)}")
    assert report["totals"]["first_reply"] == {"count": 2, "median": 2 * 3600, "p90": int(2.8 * 3600)}
    assert report["totals"]["resolution"] == {"count": 2, "median": 20 * 3600, "p90": 28 * 3600}
    assert [line["resolution"]["count"] for line in report["by_day"]] == [0, 1, 1, 0]
    assert [line["first_reply"]["count"] for line in report["by_day"]] == [0, 2, 0, 0]
    assert [volumes(line) for line in report["by_day"]] == [
        [0, 0, 0, 0, 0],
        [3, 2, 2, 1, 0],
        [0, 0, 1, 0, 1],
        [0, 0, 0, 0, 1],
    ]
    assert [line["backlog"] for line in report["by_day"]] == [0, 0, 0, 1]
    assert report["backlog"] == {"open": 1, "pending": 0, "unassigned": 1}


def test_days_are_whole_and_moments_exact(desk: Desk) -> None:
    story = Story(desk)
    for moment in (at(5) - 1, at(5), at(4) - 1, at(4), at(4, 12)):
        story.ticket(moment)
    story.write()
    assert summary(desk, f"?from={day(5)}&to={day(5)}")["totals"]["created"] == 2
    assert summary(desk, f"?from={day(5)}&to={day(4)}")["totals"]["created"] == 4
    exact = summary(desk, f"?from={day(5)}T00:00:00Z&to={day(4)}T00:00:00Z")
    assert (exact["totals"]["created"], len(exact["by_day"])) == (2, 1)
    noon = summary(desk, f"?from={day(4)}T12:00:00Z&to={day(4)}T15:00:00%2B01:00")
    assert [(line["date"], line["created"], line["backlog"]) for line in noon["by_day"]] == [(day(4), 1, 5)]
    early = summary(desk, f"?from={day(4)}T00:00:00Z&to={day(4)}T06:00:00Z")
    assert [(line["created"], line["backlog"]) for line in early["by_day"]] == [(1, 4)]
    assert len(summary(desk, f"?from={day(5)}")["by_day"]) == 6
    assert [line["date"] for line in summary(desk, f"?to={day(40)}")["by_day"]][::29] == [day(69), day(40)]


def test_days_to_come_have_no_backlog_yet(desk: Desk) -> None:
    desk.new_ticket()
    report = summary(desk, f"?from={day(1)}&to={day(-2)}")
    assert [line["backlog"] for line in report["by_day"]] == [0, 1, None, None]


def test_refuses_periods_that_are_none(desk: Desk) -> None:
    for query, field in (
        (f"from={day(1)}&to={day(2)}", "from"),
        (f"from={day(1)}T10:00:00Z&to={day(1)}T10:00:00Z", "from"),
        (f"from={day(-1)}", "from"),
        ("from=2024-01-01&to=2026-01-01", "from"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("to=1700000000", "to"),
        ("to=2026-05-18T10:00:00", "to"),
        ("to=1969-12-31", "to"),
        ("to=9999-12-31", "to"),
        ("to=２０２６-05-18", "to"),
        ("from=%00", "from"),
        ("agent=sam", "agent"),
        ("agent=%00", "agent"),
        ("category=%00", "category"),
        ("format=xml", "format"),
        ("table=secrets", "table"),
    ):
        for report in ("summary", "csat"):
            refused = desk.as_("sam").get(f"/staff/reports/{report}?{query}", expect=422).json()
            assert [error["field"] for error in refused["errors"]] == [field], query
    assert len(summary(desk, "?from=2024-01-01&to=2025-12-31")["by_day"]) == 731


def test_csv_holds_a_table_safe_to_open(desk: Desk) -> None:
    story = Story(desk)
    rename = desk.as_("ada").patch(f"/staff/users/{desk.user_id('sam')}", {"name": "=1+1"}, expect=200)
    assert rename.json()["name"] == "=1+1"
    done = story.ticket(at(3), Told(at(2, 1.5), "resolved", desk.user_id("sam")), agent=desk.user_id("sam"))
    story.rating(done, at(1), 2, '@SUM(A1), "quoted"\nsecond line')
    story.write()
    answer = desk.as_("sam").get(f"/staff/reports/summary?from={day(3)}&to={day(1)}", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="summary-by_day.csv"'
    assert "Accept" in answer.headers["vary"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["date"], line["created"], line["resolved"], line["backlog"]) for line in lines] == [
        (day(3), "1", "0", "1"), (day(2), "0", "1", "0"), (day(1), "0", "0", "0")
    ]  # fmt: skip
    assert [line["first_reply_median"] for line in lines] == ["", str(int(25.5 * 3600)), ""]
    assert {"first_reply_p90", "resolution_count"} <= lines[0].keys()
    unchanged = {"Accept": "text/csv", "If-None-Match": answer.headers["etag"]}
    desk.as_("sam").get(f"/staff/reports/summary?from={day(3)}&to={day(1)}", headers=unchanged, expect=304)

    def table(query: str) -> list[dict[str, str]]:
        text = desk.as_("sam").get(f"/staff/reports/{query}", expect=200).text
        return list(csv.DictReader(io.StringIO(text, newline="")))

    assert [line["name"] for line in table("summary?format=csv&table=by_agent")] == ["'=1+1"]
    (comment,) = table("csat?format=csv&table=comments")
    assert (comment["comment"], comment["agent_name"]) == ('\'@SUM(A1), "quoted"\nsecond line', "'=1+1")
    for accept in ("application/json, text/csv", "*/*", "text/html"):
        answer = desk.as_("sam").get("/staff/reports/csat", headers={"Accept": accept}, expect=200)
        assert answer.headers["content-type"] == "application/json"
    assert desk.as_("sam").get("/staff/reports/csat?format=json", headers={"Accept": "text/csv"}).json()["count"] == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_becomes_a_formula(start: str) -> None:
    assert list(csv.reader(io.StringIO(to_csv([{"a": f"{start}1", "b": -1, "c": f"1{start}"}]), newline=""))) == [
        ["a", "b", "c"],
        [f"'{start}1", "-1", f"1{start}"],
    ]


def test_rates_the_tickets_solved_in_the_period(desk: Desk) -> None:
    story, sam = Story(desk), desk.user_id("sam")
    done = [story.ticket(at(9), Told(at(5, hour), "resolved"), agent=sam) for hour in range(4)]
    before = story.ticket(at(9), Told(at(8), "closed"), category="general")
    story.ticket(at(9), Told(at(5), "resolved"), Told(at(4), "open"))
    story.rating(done[0], at(5, 8), 5, "Quick.")
    story.rating(done[1], at(4), 2)
    story.rating(done[2], at(1), 1, "Too late for the period.")
    story.rating(before, at(4, 1), 4, "Fine.")
    story.write()
    report = csat(desk, f"?from={day(6)}&to={day(3)}")
    assert (report["count"], report["average"]) == (3, 3.67)
    assert report["distribution"] == {"1": 0, "2": 1, "3": 0, "4": 1, "5": 1}
    assert (report["responses"], report["response_rate"]) == ({"solved": 4, "rated": 3}, 0.75)
    assert [(line["date"], line["count"], line["average"]) for line in report["by_day"]] == [
        (day(6), 0, None), (day(5), 1, 5.0), (day(4), 2, 3.0), (day(3), 0, None)
    ]  # fmt: skip
    assert [(line["slug"], line["count"], line["average"]) for line in report["by_category"]] == [
        ("billing", 2, 3.5), ("general", 1, 4.0)
    ]  # fmt: skip
    assert [(line["name"], line["count"]) for line in report["by_agent"]] == [("Sam Okafor", 2), (None, 1)]
    assert [(line["comment"], line["agent"] and line["agent"]["name"]) for line in report["comments"]] == [
        ("Fine.", None), ("Quick.", "Sam Okafor")
    ]  # fmt: skip
    assert csat(desk, f"?from={day(6)}&to={day(3)}&agent={sam}")["count"] == 2
    assert csat(desk, f"?from={day(6)}&to={day(3)}&agent=none&category=general")["count"] == 1


def test_shows_the_latest_hundred_comments(desk: Desk) -> None:
    story = Story(desk)
    for minute in range(105):
        story.rating(story.ticket(at(2), Told(at(2, 1), "resolved")), at(1) + minute * MINUTE, 3, f"No. {minute}")
    story.write()
    comments = csat(desk)["comments"]
    assert [line["comment"] for line in comments] == [f"No. {minute}" for minute in range(104, 4, -1)]


def write_at_random(desk: Desk, random: Random, agents: list[str]) -> Story:
    """200 tickets over the last 60 days whose status moves back and forth."""
    story = Story(desk)
    for _ in range(200):
        moment = at(random.randrange(60), random.uniform(0, 24))
        created, status, told = min(moment, now() - DAY), "open", []
        moment = created
        for _ in range(random.randrange(7)):
            moment += random.randrange(5 * DAY)
            if moment >= now():
                break
            status = random.choice((*FLOWS[status], None))
            told.append(Told(moment, status, random.choice((*agents, None))))
            status = status or next((item.status for item in reversed(told) if item.status), "open")
        ticket = story.ticket(
            created, *told, category=random.choice(CATEGORIES), agent=random.choice((*agents, None)),
            channel=random.choice(("api", "web", "mail")),
        )  # fmt: skip
        if status in {"resolved", "closed"} and random.random() < 0.5:
            comment = random.choice((None, "words"))
            story.rating(ticket, min(moment, now() - 1) + random.randrange(HOUR), random.randint(1, 5), comment)
    story.write()
    return story


def active_at(ticket: dict[str, Any], told: list[Told], moment: int) -> bool:
    if ticket["created_at"] >= moment:
        return False
    states = ["open", *(item.status for item in told if item.status and item.at < moment)]
    return states[-1] in {"open", "pending"}


def expected(story: Story, start: int, end: int, wanted: dict[str, Any], agent: str | None) -> dict[str, Any]:
    """The figures, one event at a time."""
    counted: Counter[str] = Counter()
    first, solved = [], []
    for ticket, told in zip(story.tickets, story.told, strict=True):
        if any(ticket[name] != value for name, value in wanted.items() if name != "assignee_id"):
            continue
        counted["replies"] += sum(
            start <= item.at < end and item.by is not None and agent in (None, item.by) for item in told
        )
        if any(ticket[name] != value for name, value in wanted.items()):
            continue
        counted["created"] += start <= ticket["created_at"] < end
        status, done_at = "open", None
        for item in told:
            if item.status is None:
                continue
            if item.status in {"open", "pending"}:
                done_at = None
                counted["reopened"] += start <= item.at < end and status in {"resolved", "closed"}
            else:
                counted[item.status] += start <= item.at < end
                # Closing what is resolved adds no time to it.
                done_at = done_at if (status, item.status) == ("resolved", "closed") else item.at
            status = item.status
        replied_at = next((item.at for item in told if item.by), None)
        first += [replied_at - ticket["created_at"]] if replied_at and start <= replied_at < end else []
        solved += [done_at - ticket["created_at"]] if done_at and start <= done_at < end else []
    return {**{name: counted[name] for name in ("created", "replies", "resolved", "closed", "reopened")},
            "first_reply": times(first), "resolution": times(solved)}  # fmt: skip


def times(durations: list[int]) -> dict[str, Any]:
    if not durations:
        return NOTHING
    tenths = quantiles(durations, n=10, method="inclusive") if len(durations) > 1 else durations * 9
    return {"count": len(durations), "median": round(tenths[4] / SECOND), "p90": round(tenths[8] / SECOND)}


def without_backlog(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in figures if name not in {"backlog", "date", "slug", "id", "name", "channel"}}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_a_count_of_every_event(desk: Desk, seed: int) -> None:
    random = Random(seed)
    agents = [desk.user_id("sam"), desk.user_id("ada")]
    story = write_at_random(desk, random, agents)
    assert desk.read(lambda tx: tx.execute(select(func.count()).select_from(tickets)).scalar_one()) == 200
    for _ in range(4):
        first_ago = random.randrange(1, 60)
        last_ago = random.randrange(first_ago + 1)
        category, agent = random.choice((None, *CATEGORIES)), random.choice((None, *agents))
        query = f"?from={day(first_ago)}&to={day(last_ago)}"
        query += f"&category={category}" * bool(category) + f"&agent={agent}" * bool(agent)
        wanted = {"category_slug": category} if category else {}
        wanted |= {"assignee_id": agent} if agent else {}
        start, end = at(first_ago), at(last_ago - 1)
        report = summary(desk, query)
        assert without_backlog(report["totals"]) == expected(story, start, end, wanted, agent), query
        assert len(report["by_day"]) == first_ago - last_ago + 1
        for ago, line in zip(range(first_ago, last_ago - 1, -1), report["by_day"], strict=True):
            assert without_backlog(line) == expected(story, at(ago), at(ago - 1), wanted, agent), (query, ago)
            alive = sum(
                active_at(ticket, told, min(at(ago - 1), now()))
                for ticket, told in zip(story.tickets, story.told, strict=True)
                if all(ticket[name] == value for name, value in wanted.items())
            )
            assert line["backlog"] == alive, (query, ago)
        for table, column, key in (("by_category", "category_slug", "slug"), ("by_channel", "channel", "channel")):
            for line in report[table]:
                one = wanted | {column: line[key]}
                assert without_backlog(line) == expected(story, start, end, one, agent), (query, line[key])


def test_counts_ratings_at_random(desk: Desk) -> None:
    story = write_at_random(desk, Random(4), [desk.user_id("sam"), desk.user_id("ada")])
    by_id = {ticket["id"]: ticket for ticket in story.tickets}
    start, end = at(40), at(9)
    report = csat(desk, f"?from={day(40)}&to={day(10)}")
    given = [rating for rating in story.ratings if start <= rating["created_at"] < end]
    assert report["count"] == len(given) > 10
    assert report["average"] == round(sum(rating["rating"] for rating in given) / len(given), 2)
    stars = Counter(rating["rating"] for rating in given)
    assert report["distribution"] == {str(n): stars[n] for n in range(1, 6)}
    assert sum(line["count"] for line in report["by_day"]) == len(given)
    in_categories = Counter(by_id[rating["ticket_id"]]["category_slug"] for rating in given)
    assert {line["slug"]: line["count"] for line in report["by_category"]} == in_categories
    solved = [t for t in story.tickets if start <= (t["resolved_at"] or t["closed_at"] or 0) < end]
    rated = {rating["ticket_id"] for rating in story.ratings}
    assert report["responses"] == {"solved": len(solved), "rated": sum(t["id"] in rated for t in solved)}


def test_an_agents_replies_are_the_writers(desk: Desk) -> None:
    story, sam, ada = Story(desk), desk.user_id("sam"), desk.user_id("ada")
    story.ticket(at(2), Told(at(2, 1), "pending", ada), agent=sam)
    story.write()
    assert volumes(summary(desk, f"?agent={ada}")["totals"]) == [0, 1, 0, 0, 0]
    assert volumes(summary(desk, f"?agent={sam}")["totals"]) == [1, 0, 0, 0, 0]
    assert volumes(summary(desk, "?agent=none")["totals"]) == [0, 0, 0, 0, 0]
    assert volumes(summary(desk, f"?agent={new_id()}&category=nothing")["totals"]) == [0, 0, 0, 0, 0]
