"""The desk's queue asked in words: what each filter finds, on both databases, and how many there are."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text

from deskhand.accounts import names, people
from deskhand.accounts.actor import Role
from deskhand.accounts.model import UserChange
from deskhand.accounts.tables import user_words
from deskhand.kit import clock
from deskhand.kit.errors import Forbidden
from deskhand.tickets import counts, filters, queries, resolve, search, tags
from deskhand.tickets.filters import Filter
from deskhand.tickets.model import Status
from deskhand.tickets.tables import ticket_tags, tickets
from deskhand.tickets.texts import Words
from tests.support.api import UNLIMITED, cast, fields, is_problem, statements
from tests.support.app import Desk, running


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        cast(desk)
        yield desk


def asked(desk: Desk, query: str, who: str = "sam", **more: Any) -> list[str]:
    """Subjects, in order of their names: how they are sorted is told elsewhere."""
    answer = desk.as_(who).get("/staff/tickets", params={"query": query, **more}, expect=200).json()
    assert answer["misread"] == [], answer
    assert answer["total"] == len(answer["tickets"])
    return sorted(ticket["subject"] for ticket in answer["tickets"])


def furnish(desk: Desk) -> None:
    """A: Alice's bill, Sam's. B: Bob's outage, Ada's. C: Mallory's question, nobody's. V: a visitor's."""
    sam = desk.as_("sam")
    for who, subject, more in (
        ("alice", "A", {"category_slug": "billing", "priority": "high", "body": "Charged twice, says the bank."}),
        ("bob", "B", {"category_slug": "technical-issue", "priority": "urgent", "body": "Nothing works."}),
        ("mallory", "C", {"category_slug": "general", "priority": "low", "body": "A question for the bank."}),
    ):
        desk.new_ticket(who, subject=subject, **more)
    visitor = {"name": "Vi Åström", "email": "vi@visitors.example", "subject": "V", "body": "Hello?"}
    desk.anyone().post("/tickets/public", visitor, expect=201)
    found = {ticket["subject"]: ticket["id"] for ticket in sam.get("/staff/tickets").json()["tickets"]}
    change = {"assignee_id": desk.user_id("sam"), "status": "pending", "tags": ["VIP", "refund"]}
    sam.patch(f"/staff/tickets/{found['A']}", change, expect=200)
    change = {"assignee_id": desk.user_id("ada"), "tags": ["vip"]}
    sam.patch(f"/staff/tickets/{found['B']}", change, expect=200)


@pytest.mark.parametrize("many", [2_000, 0], ids=["gathered", "walked"])
def test_each_filter_finds_what_it_names(calm: Desk, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """Also where tickets are walked through in their order, as SQLite does when there are many."""
    monkeypatch.setattr(filters, "_MANY", many)
    furnish(calm)
    for query, expected in {
        "": "A B C V",
        "status:open": "B C V",
        "status:open,pending": "A B C V",
        "status:closed": "",
        "category:billing": "A",
        'category:billing,"technical issue"': "A B",
        "priority:high,urgent": "A B",
        "from:alice": "A",
        "from:mor": "A",
        'from:"alice moreau"': "A",
        "from:acme": "A B",
        "from:bob@ac": "B",
        "from:alice,mallory": "A C",
        "from:astrom": "V",
        "from:lice": "",
        "assignee:me": "A",
        "assignee:ada": "B",
        "assignee:none": "C V",
        "assignee:none,me": "A C V",
        "assignee:sam,brandt": "A B",
        f"assignee:{calm.user_id('ada')}": "B",
        "tag:vip": "A B",
        "tag:vip tag:refund": "A",
        "tag:refund,vip": "A",
        "tag:vip tag:none": "",
        "channel:contact": "V",
        "channel:api,contact": "A B C V",
        "is:unverified": "V",
        "is:verified": "A B C",
        "created:today": "A B C V",
        "created:yesterday": "",
        "created:7d": "A B C V",
        "created:2020-01-01..2020-12-31": "",
        "created:2020-01-01..": "A B C V",
        "bank": "A C",
        "bank from:alice": "A",
        '"charged twice" status:pending': "A",
        "tag:vip status:open priority:urgent from:lindq assignee:ada": "B",
    }.items():
        assert asked(calm, query) == expected.split(), query


def test_parameters_outrank_a_query_and_the_fixed_views_both(calm: Desk) -> None:
    furnish(calm)
    assert asked(calm, "status:open", status="pending") == ["A"]
    assert asked(calm, "tag:vip", tag="refund") == ["A"]
    assert asked(calm, "bank", q="question") == ["C"]
    assert asked(calm, "assignee:none", view="mine") == ["A"]
    assert asked(calm, "assignee:me", view="unassigned") == ["C", "V"]
    assert asked(calm, "priority:high", view="mine", priority="low") == []


def test_what_is_not_understood_is_told_and_searched_for(calm: Desk) -> None:
    calm.new_ticket(subject="Error: timeout")
    calm.new_ticket(subject="Timeout")
    answer = calm.as_("sam").get("/staff/tickets", params={"query": "error:timeout status:open"}, expect=200).json()
    assert [ticket["subject"] for ticket in answer["tickets"]] == ["Error: timeout"]
    (misread,) = answer["misread"]
    assert (misread["text"], misread["code"]) == ("error:timeout", "unknown_key")
    assert "error" in misread["message"]
    for odd in ("a" * 501, "a\nb"):
        assert fields(calm.as_("sam").get("/staff/tickets", params={"query": odd})) == {"query"}
    is_problem(calm.as_("alice").get("/staff/tickets", params={"query": "status:open"}), 403, "staff_only")


def test_a_query_says_its_order_and_a_cursor_leads_through_it(calm: Desk) -> None:
    made = [calm.new_ticket(subject=str(n), priority=("low", "urgent", "high")[n % 3])["subject"] for n in range(5)]
    sam = calm.as_("sam")

    def subjects(page: Any) -> list[str]:
        return [ticket["subject"] for ticket in page["tickets"]]

    assert subjects(sam.get("/staff/tickets?query=sort:created_at").json()) == made
    assert subjects(sam.get("/staff/tickets?query=sort:created_at&sort=-created_at").json()) == made[::-1]
    first = sam.get("/staff/tickets?query=sort:-priority from:alice&per_page=2", expect=200).json()
    url = "/staff/tickets?query=sort:-priority from:alice&per_page=3"
    rest = sam.get(f"{url}&cursor={first['next_cursor']}", expect=200).json()
    assert subjects(first) + subjects(rest) == ["4", "1", "2", "3", "0"]


def test_a_person_is_found_by_what_they_are_called_now(calm: Desk) -> None:
    alice = calm.user_id("alice")
    calm.new_ticket(subject="A")
    calm.write(people.change, calm.actor("sam"), alice, UserChange(name="Élise Ünal-Weiß"))
    for query in ("from:elise", "from:ünal", 'from:"weiss elise"', "from:alice@acme"):
        assert asked(calm, query) == ["A"], query
    assert asked(calm, "from:moreau") == []
    person = {"sub": "host-1", "claims": {}, "role": Role.CUSTOMER}
    calm.write(people.from_host, name="Nia Bello", email="nia@one.example", **person)
    host = calm.write(people.from_host, name=None, email="nia@two.example", **person)
    found = calm.read(names.find, ["nia bello", "nia@one", "nia@two"], 9)
    assert found == {"nia bello": [host["id"]], "nia@one": [], "nia@two": [host["id"]]}


def test_names_are_found_all_at_once_and_so_many_only(calm: Desk) -> None:
    for n in range(4):
        calm.write(people.add_correspondent, email=f"kim{n}@kim.example", name=f"Kim Kimura {n}", verified=True)
    with statements() as seen:
        found = calm.read(names.find, ["kim", "ali", "mor ali", "", "nobody", "kim"], 3)
    assert len(seen) == 1
    assert len(set(found["kim"])) == 3
    assert found["ali"] == found["mor ali"] == [calm.user_id("alice")]
    assert found[""] == found["nobody"] == []
    words = calm.read(lambda tx: tx.execute(select(user_words.c.word).distinct()).scalars().all())
    assert "kim2@kim.example" in words


def test_too_many_namesakes_are_said_to_be_too_many(calm: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "MAX_PEOPLE", 1)
    for who in ("alice", "bob"):
        calm.new_ticket(who)
    page = calm.as_("sam").get("/staff/tickets?query=from:acme").json()
    assert page["total"] == 1
    assert [part["code"] for part in page["misread"]] == ["too_many_people"]


def test_many_queries_cost_no_more_statements_than_one(calm: Desk) -> None:
    furnish(calm)
    texts = ["from:alice assignee:ada", "from:bob category:billing", "tag:vip", "from:mallory,alice assignee:sam"]
    sam = calm.actor("sam")
    with statements() as seen:
        understood = calm.read(resolve.understand_all, sam, texts)
    assert len(seen) <= 3
    assert [one.filter.people for one in understood] == [
        (calm.user_id("alice"),),
        (calm.user_id("bob"),),
        None,
        (calm.user_id("mallory"), calm.user_id("alice")),
    ]


def test_the_rail_counts_what_waits(calm: Desk) -> None:
    furnish(calm)
    sam = calm.as_("sam")
    honey = {"name": "R", "email": "r@example.com", "subject": "Buy", "body": "Now", "honeypot": "x"}
    for _ in range(2):
        calm.anyone().post("/tickets/public", honey, expect=201)
    calm.new_ticket(subject="D")
    (mine,) = [one["id"] for one in sam.get("/staff/tickets?query=assignee:none from:alice").json()["tickets"]]
    sam.patch(f"/staff/tickets/{mine}", {"assignee_id": calm.user_id("sam"), "status": "resolved"}, expect=200)
    actor = calm.actor("sam")
    with statements() as seen:
        rail = calm.read(counts.rail, actor)
    assert rail == counts.Rail(mine=1, unassigned=2, open=3, pending=1, resolved=1, spam=2)
    assert len(seen) == 1
    assert calm.read(counts.rail, calm.actor("ada")).mine == 1
    spam_id = sam.get("/staff/spam").json()["spam"][0]["id"]
    sam.post(f"/staff/spam/{spam_id}/release", expect=201)
    assert calm.read(counts.rail, calm.actor("sam"))[-1] == 1
    with pytest.raises(Forbidden):
        calm.read(counts.rail, calm.actor("alice"))


def test_filters_are_counted_together_but_for_searches(calm: Desk) -> None:
    furnish(calm)
    sam, asking = calm.actor("sam"), ["tag:vip", "bank", "from:alice tag:refund", "", "status:closed"]
    found = [one.filter for one in calm.read(resolve.understand_all, sam, asking)]
    with statements() as seen:
        assert calm.read(counts.count, sam, found) == [2, None, 1, 4, 0]
    assert len(seen) == 1
    assert calm.read(counts.count, sam, []) == []


def test_counting_stops(calm: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST", 3)
    counts._statement.cache_clear()
    try:
        for _ in range(5):
            calm.new_ticket()
        assert calm.read(counts.rail, calm.actor("sam")) == counts.Rail(0, 3, 3, 0, 0, 0)
    finally:
        counts._statement.cache_clear()


def test_tags_are_suggested_most_used_first(calm: Desk) -> None:
    sam = calm.as_("sam")
    for given in (["vip", "refund"], ["vip"], ["100%"], ["vip", "victory", "refund"]):
        sam.patch(f"/staff/tickets/{calm.new_ticket()['id']}", {"tags": given}, expect=200)
    assert sam.get("/staff/tags", expect=200).json()["tags"] == [
        {"tag": "vip", "tickets": 3},
        {"tag": "refund", "tickets": 2},
        {"tag": "100%", "tickets": 1},
        {"tag": "victory", "tickets": 1},
    ]
    assert [one["tag"] for one in sam.get("/staff/tags?begins=VI").json()["tags"]] == ["vip", "victory"]
    assert [one["tag"] for one in sam.get("/staff/tags?begins=%25").json()["tags"]] == []
    assert [one["tag"] for one in sam.get("/staff/tags?limit=1").json()["tags"]] == ["vip"]
    for odd in ("limit=0", "limit=101", "limit=x", "begins=" + "a" * 41):
        assert len(fields(sam.get(f"/staff/tags?{odd}"))) == 1
    assert calm.read(tags.common, begins="ref") == [tags.Common("refund", 2)]


RARE = ("channel:mail", "is:unverified", "assignee:me", "from:alice", "tag:rare", "tag:rare from:bob status:open")
COMMON = (
    *("", "status:open", "category:billing", "assignee:none status:open", "created:2026-03-02..2026-03-03"),
    *("status:open,pending,closed", "from:bob", "tag:common", "tag:common status:closed sort:-updated_at"),
    *("category:billing sort:-updated_at", "assignee:none sort:-priority", "created:2026-03-02.. sort:updated_at"),
)


def test_no_filter_walks_through_everything(calm: Desk) -> None:
    """What few tickets have is looked up by it; what many have is found a page or a thousand at a time, in order."""
    sam, bob = calm.actor("sam"), calm.user_id("bob")
    calm.write(lambda tx: tx.execute(insert(tickets), [row | {"requester_id": bob} for row in many()]))
    tagged = [{"ticket_id": row["id"], "tag": "common"} for row in many()]
    calm.write(lambda tx: tx.execute(insert(ticket_tags), tagged))
    calm.write(lambda tx: tx.execute(text("ANALYZE")) if tx.dialect.name == "postgresql" else None)
    for query in (*RARE, *COMMON):
        found = calm.read(resolve.understand, sam, query).filter
        with statements() as counted:
            calm.read(counts.count, sam, [found])
        with statements() as listed:
            calm.read(queries.list_desk, sam, found)
        assert (len(counted), len(listed)) == (1, 2)
        plans = [calm.read(explained, *asked) for asked in (*counted, listed[-1])]
        for plan in plans:
            assert not walked(plan, rare=query in RARE), f"{query}\n{plan}"
        assert query in RARE or not sorted_at_last(plans[-1]), f"{query}\n{plans[-1]}"


def test_a_filter_also_lets_through_what_a_search_finds_far_back(calm: Desk) -> None:
    """The newest messages with a word are all in closed tickets; one that is open is older than a thousand of these."""
    sam, bob = calm.actor("sam"), calm.user_id("bob")
    rows = [row | {"requester_id": bob, "status": "closed"} for row in many()[:1_200]]
    rows[3]["status"] = "open"
    calm.write(lambda tx: tx.execute(insert(tickets), rows))
    calm.write(index, rows, bob)
    for word in ("outage", "many"):
        (found,) = calm.read(queries.list_desk, sam, Filter(q=word, status=(Status.OPEN,))).rows
        assert found.ticket.id == rows[3]["id"]
        everything = calm.read(queries.list_desk, sam, Filter(q=word))
        assert len(everything.rows) == 20
        assert everything.total >= search.DEPTH


def test_a_search_in_another_order_begins_with_what_is_far_back(calm: Desk) -> None:
    """A thousand and more tickets hold the word; the oldest of them, and the urgent one, are not among the newest."""
    sam, bob = calm.actor("sam"), calm.user_id("bob")
    rows = [row | {"requester_id": bob, "priority": 0} for row in many()[:1_200]]
    rows[5]["priority"] = 3
    calm.write(lambda tx: tx.execute(insert(tickets), rows))
    calm.write(index, rows, bob)
    for sort, first in (("created_at", 0), ("updated_at", 0), ("-priority", 5), ("-created_at", -1)):
        found = calm.read(queries.list_desk, sam, Filter(q="outage", sort=sort)).rows
        assert found[0].ticket.id == rows[first]["id"], sort


def index(tx: Connection, rows: list[dict[str, Any]], owner_id: str) -> None:
    for number, row in enumerate(rows, start=1):
        words = Words.of("Many", "outage")
        search.index_message(tx, seq=number, ticket_id=row["id"], owner_id=owner_id, words=words, internal=False)


def sorted_at_last(plan: str) -> bool:
    """Whether SQLite gathers all that match to sort them; PostgreSQL knows better when that is worth it."""
    return "TEMP B-TREE FOR ORDER BY" in plan or "TEMP B-TREE FOR LAST TERM" in plan


def many() -> list[dict[str, Any]]:
    """Twenty thousand tickets, over a hundred days."""
    moment = clock.from_datetime(datetime(2026, 3, 1, tzinfo=UTC))
    blank: dict[str, Any] = dict.fromkeys(column.name for column in tickets.columns)
    rows = []
    for n in range(20_000):
        at = moment + n * 432 * clock.SECOND
        rows.append(
            blank
            | {
                "id": f"0190b000-0000-7000-8000-{n:012d}",
                "number": 5_000 + n,
                "readable_id": f"ALT-{5_000 + n}",
                "subject": "Many",
                "status": ("open", "closed", "closed", "closed")[n % 4],
                "priority": n % 4,
                "category_slug": ("billing", "general", "general")[n % 3],
                "metadata": {},
                "channel": "mail" if n % 2_000 == 7 else "api",
                "verified": n % 4_000 != 11,
                "version": 1,
                "created_at": at,
                "updated_at": at,
            }
        )
    return rows


def explained(tx: Connection, sql: str, parameters: Any) -> str:
    how = "EXPLAIN QUERY PLAN " if tx.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in tx.exec_driver_sql(how + sql, parameters))


def walked(plan: str, *, rare: bool) -> bool:
    """Whether a plan reads the table from end to end; in its own order, where that ends soon, is not that."""
    lines = plan.splitlines()
    wrong = r"SCAN tickets(?!.*unverified)|Seq Scan on tickets|using ix_tickets_all" if rare else r"SCAN tickets$"
    return any(re.search(wrong, line) for line in lines)
