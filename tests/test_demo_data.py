"""The demo's data is written by hand: these tests find what a proofreader overlooks."""

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import deskhand
from deskhand.macros.model import NewMacro
from deskhand.tickets import ask
from deskhand.tickets.ask import Known
from deskhand.views.model import NewView

DEMO = Path(deskhand.__file__).parent / "doors" / "cli" / "demo"
CATEGORIES = {"technical-issue", "billing", "feature-request", "account", "general"}
STATUSES = {"open", "pending", "resolved", "closed"}
WEEK = 7 * 24 * 60
THURSDAY_15 = (3 * 24 + 15) * 60
"""The moment, in minutes since Monday 00:00 UTC, for which ages were written."""


def article(path: Path) -> dict:
    head, body = path.read_text("utf-8").removeprefix("---\n").split("\n---\n", 1)
    return dict(line.split(": ", 1) for line in head.splitlines()) | {"body": body.strip(), "file": path.stem}


PEOPLE = json.loads((DEMO / "people.json").read_text("utf-8"))
ARTICLES = [article(path) for path in sorted(DEMO.glob("articles/*.md"))]
TICKETS = [t for path in sorted(DEMO.glob("tickets/*.json")) for t in json.loads(path.read_text("utf-8"))]
MACROS = json.loads((DEMO / "macros.json").read_text("utf-8"))
VIEWS = json.loads((DEMO / "views.json").read_text("utf-8"))
STAFF = {person["email"] for person in PEOPLE["staff"]}
CUSTOMERS = {person["email"] for person in PEOPLE["customers"]}
SLUGS = {a["slug"]: a["status"] for a in ARTICLES}


def links(text: str) -> set[str]:
    return set(re.findall(r"/help/([a-z0-9-]+)", text))


def texts(ticket: dict) -> list[tuple[str, bool]]:
    return [(ticket["body"], False), *((m["body"], m["note"]) for m in ticket["messages"])]


def offenders(rule) -> list[str]:
    """Subjects of the tickets that break `rule`: a failing test then names them all at once."""
    return [ticket["subject"] for ticket in TICKETS if not rule(ticket)]


def test_there_is_as_much_as_promised() -> None:
    assert len(ARTICLES) == 34
    assert Counter(SLUGS.values()) == {"published": 30, "draft": 4}
    assert len(TICKETS) == 140
    assert (len(MACROS), len(VIEWS)) == (10, 3)
    assert len(CUSTOMERS) == 40
    assert len(PEOPLE["accounts"]) == 18
    assert len(STAFF) == 5
    counts = Counter(t["status"] for t in TICKETS)
    for status, about in {"open": 35, "pending": 25, "resolved": 40, "closed": 40}.items():
        assert abs(counts[status] - about) <= 7, counts
    assert sum(any(m["note"] for m in t["messages"]) for t in TICKETS) >= 25
    assert sum("rating" in t for t in TICKETS) >= 45


def test_people_have_one_address_and_an_account_that_exists() -> None:
    everyone = PEOPLE["staff"] + PEOPLE["customers"]
    assert len({person["email"] for person in everyone}) == len(everyone)
    assert all(person["email"].endswith(".example") for person in everyone)
    accounts = {account["external_id"] for account in PEOPLE["accounts"]}
    assert {person["account"] for person in PEOPLE["customers"]} == accounts | {None}
    assert {account["plan"] for account in PEOPLE["accounts"]} == {"free", "starter", "pro", "scale"}
    assert {person["role"] for person in PEOPLE["staff"]} == {"agent", "admin"}


def test_articles_keep_to_the_limits() -> None:
    for a in ARTICLES:
        assert a["slug"] == a["file"], a["file"]
        assert re.fullmatch(r"[a-z0-9-]{1,120}", a["slug"]), a["slug"]
        assert a["slug"] != "search"
        assert len(a["title"]) <= 255
        assert 20 <= len(a["summary"]) <= 500, a["slug"]
        assert a["category"] in CATEGORIES, a["slug"]
        assert a["author"] in STAFF, a["slug"]
        assert 200 <= len(a["body"].split()) <= 700, a["slug"]
        assert "\n## " in "\n" + a["body"], a["slug"]
        assert a["body"].count("```") % 2 == 0, a["slug"]
    assert len({a["title"] for a in ARTICLES}) == len(ARTICLES)


def test_links_point_at_articles_which_the_reader_may_open() -> None:
    for a in ARTICLES:
        for slug in links(a["body"]):
            assert slug in SLUGS, (a["slug"], slug)
            assert a["status"] == "draft" or SLUGS[slug] == "published", (a["slug"], slug)
            assert slug != a["slug"], slug
    for t in TICKETS:
        for body, note in texts(t):
            for slug in links(body):
                assert SLUGS.get(slug) == "published" or (note and slug in SLUGS), (t["subject"], slug)
    for macro in MACROS:
        assert all(SLUGS.get(slug) == "published" for slug in links(macro["body"])), macro["name"]


def test_every_published_article_is_linked_from_another() -> None:
    linked = set().union(*(links(a["body"]) for a in ARTICLES))
    assert {slug for slug, status in SLUGS.items() if status == "published"} - linked == set()


def test_tickets_keep_to_the_limits() -> None:
    assert offenders(lambda t: 1 <= len(t["subject"]) <= 255 and t["subject"] == t["subject"].strip()) == []
    assert offenders(lambda t: "\n" not in t["subject"]) == []
    assert offenders(lambda t: all(1 <= len(body.strip()) <= 65_536 for body, _ in texts(t))) == []
    assert offenders(lambda t: all(body.count("```") % 2 == 0 for body, _ in texts(t))) == []
    assert offenders(lambda t: len(t["tags"]) <= 20 and all(1 <= len(tag) <= 40 for tag in t["tags"])) == []
    assert offenders(lambda t: t["category"] in CATEGORIES and t["status"] in STATUSES) == []
    assert offenders(lambda t: t["priority"] in {"low", "medium", "high", "urgent"}) == []
    assert offenders(lambda t: t["channel"] in {"api", "web", "contact", "mail"}) == []
    assert offenders(lambda t: len(t["metadata"]) <= 50 and all(len(key) <= 64 for key in t["metadata"])) == []
    assert offenders(lambda t: all(len(str(v)) <= 1024 for v in t["metadata"].values())) == []
    assert offenders(lambda t: 1 <= 1 + len(t["messages"]) <= 9) == []


def test_no_story_is_told_twice() -> None:
    subjects = Counter(t["subject"].casefold() for t in TICKETS)
    assert [subject for subject, n in subjects.items() if n > 1] == []
    bodies = Counter(" ".join(body.split()).casefold() for t in TICKETS for body, _ in texts(t))
    assert [body for body, n in bodies.items() if n > 1] == []


def test_only_known_people_write_and_only_staff_write_notes() -> None:
    assert offenders(lambda t: t["requester"] in CUSTOMERS) == []
    assert offenders(lambda t: t["assignee"] is None or t["assignee"] in STAFF) == []
    assert offenders(lambda t: all(m["by"] in STAFF | CUSTOMERS for m in t["messages"])) == []
    assert offenders(lambda t: all(m["by"] in STAFF for m in t["messages"] if m["note"])) == []
    domain = {t["subject"]: t["requester"].partition("@")[2] for t in TICKETS}
    strangers = [
        (t["subject"], m["by"])
        for t in TICKETS
        for m in t["messages"]
        if m["by"] in CUSTOMERS and not m["by"].endswith("@" + domain[t["subject"]])
    ]
    assert strangers == []


def test_ages_run_forward() -> None:
    for t in TICKETS:
        ages = [t["age"], *(m["age"] for m in t["messages"])]
        ages += [t[key] for key in ("resolved_age", "closed_age") if key in t]
        assert all(earlier >= later for earlier, later in pairwise(ages)), t["subject"]
        assert len({t["age"], *(m["age"] for m in t["messages"])}) == 1 + len(t["messages"]), t["subject"]
        assert ages[-1] >= 0, t["subject"]
        assert t["age"] <= 90 * 24 * 60, t["subject"]
        if "rating" in t:
            done = t.get("resolved_age", t.get("closed_age"))
            assert 0 <= t["rating"]["age"] <= done, t["subject"]


def test_status_follows_from_the_thread() -> None:
    for t in TICKETS:
        public = [m["by"] in STAFF for m in t["messages"] if not m["note"]]
        staff_last = bool(public) and public[-1]
        ended = {key for key in ("resolved_age", "closed_age") if key in t}
        match t["status"]:
            case "open":
                assert not staff_last, t["subject"]
                assert not ended, t["subject"]
            case "pending":
                assert staff_last, t["subject"]
                assert not ended, t["subject"]
            case "resolved":
                assert any(public), t["subject"]
                assert ended == {"resolved_age"}, t["subject"]
                assert t["resolved_age"] <= WEEK, t["subject"]
            case "closed":
                assert "closed_age" in ended, t["subject"]
                assert t["closed_by"] is not None or t["resolved_age"] - t["closed_age"] == WEEK, t["subject"]


def test_only_finished_tickets_are_rated() -> None:
    rated = [t for t in TICKETS if "rating" in t]
    assert [t["subject"] for t in rated if t["status"] not in {"resolved", "closed"}] == []
    assert [t["subject"] for t in rated if t["rating"]["rating"] not in range(1, 6)] == []
    assert [t["subject"] for t in rated if len(t["rating"]["comment"]) > 2000] == []
    unhappy = [t for t in rated if t["rating"]["rating"] <= 3]
    assert 5 <= len(unhappy) <= len(rated) // 4
    assert all(t["rating"]["comment"] for t in unhappy)


def test_weekends_are_quiet() -> None:
    days = Counter((THURSDAY_15 - t["age"]) // (24 * 60) % 7 for t in TICKETS)
    assert max(days[5], days[6]) < min(days[day] for day in range(5))


def test_macros_and_views_are_such_as_the_desk_takes() -> None:
    for kind, told in ((NewMacro, MACROS), (NewView, VIEWS)):
        assert len({each["name"] for each in told}) == len(told)
        for each in told:
            assert kind(**each).name == each["name"]
    assert {macro["actions"].get("category_slug", "general") for macro in MACROS} <= CATEGORIES
    known = Known(dict.fromkeys(CATEGORIES, ""), [])
    assert [view["name"] for view in VIEWS if ask.read(view["query"], known).misread] == []
