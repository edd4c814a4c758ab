"""Who may reach what: every route for every kind of caller, on rows that are not theirs.

The expectations stand here, by hand, and the routes come from the application: a route that nobody thought about fails.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from deskhand.accounts.actor import Client, Scope
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import new_id
from deskhand.tickets import access, contact, queries
from deskhand.tickets.filters import Filter
from tests.support.api import UNLIMITED, api_key, api_routes, cast, is_problem, nothing, png, rows, upload, with_key
from tests.support.app import PASSWORD, SUPPORT, Caller, Desk, email, running

# method, path, whom it is for, the scope that an API key needs (`person`: no key will do). `own`: whoever is signed in,
# of what is theirs alone.
ROUTES = """
POST   /api/v1/auth/login                       open    -
POST   /api/v1/auth/signup                      open    -
POST   /api/v1/auth/verify                      open    -
POST   /api/v1/auth/password-reset              open    -
POST   /api/v1/auth/password-reset/confirm      open    -
POST   /api/v1/auth/setup                       open    -
POST   /api/v1/auth/handoff                     own     person
GET    /api/v1/me                               own     -
GET    /api/v1/api-keys                         own     -
POST   /api/v1/api-keys                         own     person
GET    /tickets                                 own     tickets:read
POST   /tickets                                 own     tickets:write
POST   /tickets/public                          open    -
GET    /tickets/{ticket_id}                     own     tickets:read
PATCH  /tickets/{ticket_id}                     own     tickets:write
POST   /tickets/{ticket_id}/replies             own     tickets:write
POST   /tickets/{ticket_id}/close               own     tickets:write
POST   /tickets/{ticket_id}/satisfaction        own     tickets:write
POST   /tickets/{ticket_id}/reopen              own     tickets:write
PATCH  /tickets/{ticket_id}/mute                own     tickets:write
POST   /attachments                             own     tickets:write
GET    /attachments/{attachment_id}             own     tickets:read
GET    /attachments/{attachment_id}/thumbnail   own     tickets:read
GET    /categories                              open    -
GET    /brand                                   open    -
GET    /brand/logo                              open    -
GET    /preferences                             own     preferences
PATCH  /preferences                             own     preferences
GET    /kb/search                               open    -
GET    /kb/{slug}                               open    -
POST   /kb/{slug}/helpful                       open    -
GET    /staff/tickets                           staff   staff:read
POST   /staff/tickets                           staff   staff:write
GET    /staff/tickets/{ticket_id}               staff   staff:read
PATCH  /staff/tickets/{ticket_id}               staff   staff:write
POST   /staff/tickets/{ticket_id}/replies       staff   staff:write
POST   /staff/tickets/{ticket_id}/notes         staff   staff:write
GET    /staff/tags                              staff   staff:read
GET    /staff/macros                            staff   staff:read
POST   /staff/macros                            staff   staff:write
GET    /staff/macros/{macro_id}                 staff   staff:read
PATCH  /staff/macros/{macro_id}                 staff   staff:write
POST   /staff/tickets/{ticket_id}/macros/{macro_id}                 staff  staff:write
GET    /staff/views                             staff   staff:read
POST   /staff/views                             staff   staff:write
PATCH  /staff/views/{view_id}                   staff   staff:write
GET    /staff/counts                            staff   staff:read
GET    /staff/spam                              staff   staff:read
POST   /staff/spam/{spam_id}/release            staff   staff:write
GET    /staff/categories                        staff   staff:read
POST   /staff/categories                        admin   staff:write
PATCH  /staff/categories/{slug}                 admin   staff:write
GET    /staff/kb/articles                       staff   staff:read
POST   /staff/kb/articles                       staff   staff:write
GET    /staff/kb/articles/{article_id}          staff   staff:read
PATCH  /staff/kb/articles/{article_id}          staff   staff:write
GET    /staff/kb/articles/{article_id}/votes    staff   staff:read
GET    /staff/kb/articles/{article_id}/revisions                    staff  staff:read
POST   /staff/kb/articles/{article_id}/revisions/{number}/restore   staff  staff:write
GET    /staff/kb/misses                         staff   staff:read
DELETE /staff/kb/misses                         staff   staff:write
GET    /staff/users                             staff   staff:read
POST   /staff/users                             admin   staff:write
GET    /staff/users/{user_id}                   staff   staff:read
PATCH  /staff/users/{user_id}                   staff   staff:write
GET    /staff/accounts/{external_id:path}       staff   staff:read
PUT    /staff/accounts/{external_id:path}       staff   staff:write
GET    /staff/reports/summary                   staff   staff:read
GET    /staff/reports/csat                      staff   staff:read
GET    /staff/jobs                              staff   staff:read
POST   /staff/jobs/{job_id}/retry               staff   staff:write
PATCH  /staff/brand                             admin   staff:write
PUT    /staff/brand/logo                        admin   staff:write
DELETE /staff/brand/logo                        admin   staff:write
GET    /staff/outbox                            admin   staff:read
GET    /staff/outbox/{mail_id}                  admin   staff:write
DELETE /staff/kb/articles/{article_id}          staff   staff:write
DELETE /staff/views/{view_id}                   staff   staff:write
DELETE /staff/macros/{macro_id}                 staff   staff:write
DELETE /api/v1/api-keys/{key_id}                own     person
POST   /api/v1/auth/logout                      own     -
"""
REQUESTER = {"email": "newcomer@example.com", "name": "Newcomer"}
LONG = "a password that is long enough"
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/auth/login": {"email": email("alice"), "password": PASSWORD},
    "POST /api/v1/auth/signup": {"email": "x@example.com", "name": "X", "password": LONG},
    "POST /api/v1/auth/verify": {"token": "t", "password": LONG},
    "POST /api/v1/auth/password-reset": {"email": "x@example.com"},
    "POST /api/v1/auth/password-reset/confirm": {"token": "t", "password": LONG},
    "POST /api/v1/auth/setup": {"token": "t", "email": "x@example.com", "name": "X", "password": LONG},
    "POST /api/v1/auth/handoff": {"return_to": "/support/ALT-1001"},
    "POST /api/v1/api-keys": {"name": "one more"},
    "POST /tickets": {"subject": "Mine", "body": "Own words."},
    "POST /tickets/public": {"name": "Vi", "email": "vi@example.com", "subject": "Hello", "body": "Who is there?"},
    "PATCH /tickets/{ticket_id}": {"priority": "low"},
    "POST /tickets/{ticket_id}/replies": {"body": "Me again."},
    "POST /tickets/{ticket_id}/satisfaction": {"rating": 1},
    "PATCH /tickets/{ticket_id}/mute": {"muted": True},
    "PATCH /preferences": {"email_digest": True},
    "POST /kb/{slug}/helpful": {"helpful": True},
    "POST /staff/tickets": {"subject": "By phone", "body": "She called.", "requester": REQUESTER},
    "PATCH /staff/tickets/{ticket_id}": {"priority": "high"},
    "POST /staff/tickets/{ticket_id}/replies": {"body": "We look into it."},
    "POST /staff/tickets/{ticket_id}/notes": {"body": "Between us."},
    "POST /staff/macros": {"name": "Hello", "body": "Hello {{customer.name}}"},
    "PATCH /staff/macros/{macro_id}": {"name": "xylophone!"},
    "POST /staff/views": {"name": "Waiting", "query": "status:open"},
    "PATCH /staff/views/{view_id}": {"name": "xylophone!"},
    "POST /staff/categories": {"slug": "sdk", "name": "SDK"},
    "PATCH /staff/categories/{slug}": {"position": 9},
    "POST /staff/kb/articles": {"title": "Another", "body": "Text.", "status": "draft"},
    "PATCH /staff/kb/articles/{article_id}": {"summary": "In short"},
    "POST /staff/users": {"email": "new@example.com", "name": "New"},
    "PATCH /staff/users/{user_id}": {"name": "Alice M."},
    "PUT /staff/accounts/{external_id:path}": {"name": "Acme"},
    "PATCH /staff/brand": {"name": "Acme Support"},
}
QUERIES = {"DELETE /staff/kb/misses": {"query": "flugelhorn"}}
# Words that stand in what is Alice's, or the team's alone.
MARKERS = ("zanzibar", "quokka", "xylophone", "marzipan", email("alice"), "Alice Moreau")


class Route(NamedTuple):
    method: str
    path: str
    audience: str
    scope: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> list[Route]:
    return [Route(*line.split()) for line in ROUTES.strip().splitlines()]


class World(NamedTuple):
    """A desk, and the rows in it that are Alice's or the team's, by the names that paths have for them."""

    desk: Desk
    ids: dict[str, str]
    note_file: str

    def call(self, caller: Caller, route: Route, **ids: str) -> httpx2.Response:
        path = route.path
        for name, value in (self.ids | ids).items():
            path = path.replace("{" + name + "}", value)
        if route.name == "POST /attachments":
            return upload(caller)
        if route.name == "PUT /staff/brand/logo":
            return caller.put(route.path, files={"file": ("logo.png", png())})
        return caller.request(route.method, path, BODIES.get(route.name), params=QUERIES.get(route.name))


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        cast(desk)
        yield furnished(desk)


def furnished(desk: Desk) -> World:
    alice, sam = desk.as_("alice"), desk.as_("sam")
    file = upload(alice, png(), "marzipan.png").json()
    ticket = desk.new_ticket(subject="About zanzibar", body=f"See {file['markdown']} of quokka.")
    note_file = upload(sam, b"xylophone", "xylophone.txt").json()
    sam.post(f"/staff/tickets/{ticket['id']}/notes", {"body": f"xylophone {note_file['markdown']}"}, expect=201)
    article = {"title": "Draft of xylophone", "body": "xylophone", "slug": "secret-draft", "status": "draft"}
    form = BODIES["POST /tickets/public"] | {"subject": "marzipan", "honeypot": "x", "email": "robot@example.com"}
    desk.anyone().post("/tickets/public", form, expect=201)
    sam.put("/staff/accounts/acme", {"name": "xylophone"}, expect=200)
    desk.anyone().get("/kb/search?q=flugelhorn&settled=true", expect=200)
    desk.work()
    mails = desk.as_("ada").get("/staff/outbox", expect=200).json()["mails"]
    ids = {
        "ticket_id": ticket["id"],
        "attachment_id": file["id"],
        "key_id": api_key(desk, "alice")[0],
        "spam_id": sam.get("/staff/spam", expect=200).json()["spam"][0]["id"],
        "article_id": sam.post("/staff/kb/articles", article, expect=201).json()["id"],
        "macro_id": sam.post("/staff/macros", {"name": "xylophone", "body": "xylophone"}, expect=201).json()["id"],
        "view_id": sam.post("/staff/views", {"name": "xylophone", "query": "tag:x"}, expect=201).json()["id"],
        "number": "1",
        "slug": "secret-draft",
        "user_id": desk.user_id("alice"),
        "external_id:path": "acme",
        "job_id": new_id(),
        "mail_id": mails[0]["id"],
    }
    return World(desk, ids, note_file["id"])


def said(route: Route, who: str, answer: httpx2.Response) -> str:
    return f"{who}: {route.name}: {answer.status_code} {answer.text[:200]}"


def leaks(route: Route, who: str, answer: httpx2.Response) -> str:
    found = [word for word in MARKERS if word in answer.text]
    return f"{said(route, who, answer)} leaks {found}" if found else ""


def test_every_route_has_an_expectation(world: World) -> None:
    there = {f"{method} {route.path.removeprefix(SUPPORT)}" for method, route in api_routes(world.desk)}
    assert there == {route.name for route in routes()}


def test_nobody_gets_nothing(world: World) -> None:
    nobody = world.desk.anyone()
    before, wrong, bodies = rows(world.desk), [], set()
    for route in routes():
        if route.audience == "open":
            continue
        for ids in ({}, dict.fromkeys(world.ids, "nothing")):
            answer = world.call(nobody, route, **ids)
            wrong.append("" if answer.status_code == 401 else said(route, "nobody", answer))
            wrong.append("" if "www-authenticate" in answer.headers else said(route, "no challenge", answer))
            bodies.add(answer.content)
    nothing(wrong)
    assert len(bodies) == 1
    assert rows(world.desk) == before


def test_strangers_and_colleagues_find_nothing_of_alices(world: World) -> None:
    """404 and never 403, and the same 404 as for what there is not."""
    before, wrong = rows(world.desk), []
    for who in ("mallory", "bob", "sam", "ada"):
        caller = world.desk.as_(who)
        for route in routes():
            if "{" not in route.path or route.audience != "own":
                continue
            if "attachment" in route.path and who in ("sam", "ada"):
                continue  # of a ticket, which the team may read
            answer, absent = world.call(caller, route), world.call(caller, route, **dict.fromkeys(world.ids, new_id()))
            wrong.append("" if answer.status_code == 404 else said(route, who, answer))
            wrong.append("" if answer.content == absent.content else said(route, f"{who} can tell", answer))
            wrong.append(leaks(route, who, answer))
    nothing(wrong)
    assert rows(world.desk) == before


def test_customers_reach_nothing_of_the_teams_nor_agents_of_the_admins(world: World) -> None:
    before, wrong = rows(world.desk), []
    for who, shut in (("alice", {"staff", "admin"}), ("mallory", {"staff", "admin"}), ("sam", {"admin"})):
        for route in routes():
            if route.audience in shut:
                answer = world.call(world.desk.as_(who), route)
                wrong.append("" if answer.status_code == 403 else said(route, who, answer))
                wrong.append("" if who == "alice" else leaks(route, who, answer))
    nothing(wrong)
    assert rows(world.desk) == before


def test_what_is_open_or_ones_own_tells_nothing_of_others(world: World) -> None:
    wrong = []
    for who in ("nobody", "mallory", "bob"):
        caller = world.desk.anyone() if who == "nobody" else world.desk.as_(who)
        seen = [route for route in routes() if route.method == "GET" and route.audience in ("open", "own")]
        wrong += [leaks(route, who, world.call(caller, route)) for route in seen]
    for word in MARKERS[:4]:
        for path in ("/tickets", "/kb/search"):
            found = world.desk.as_("mallory").get(path, params={"q": word}, expect=200).json()
            wrong.append(f"{path}?q={word}: {found}" if found["total"] else "")
    nothing(wrong)
    assert world.desk.anyone().get("/kb/secret-draft").status_code == 404
    assert world.desk.as_("alice").get("/kb/secret-draft").status_code == 404


def test_those_for_whom_a_route_is_reach_it(world: World) -> None:
    """Without this, everything above would hold for a desk that is shut."""
    desk = world.desk
    who = {"own": "alice", "staff": "sam", "admin": "ada"}
    wrong = []
    for route in routes():
        if route.audience == "open" or route.path.endswith("logout"):
            continue
        ids = {"slug": "general"} if "categories" in route.path else {}
        answer = world.call(desk.as_(who[route.audience]), route, **ids)
        expected = {404} if "job_id" in route.path else {200, 201, 204, 409}
        wrong.append("" if answer.status_code in expected else said(route, who[route.audience], answer))
    nothing(wrong)
    assert desk.as_("sam").get(f"/attachments/{world.ids['attachment_id']}").status_code == 200
    assert desk.as_("ada").get(f"/attachments/{world.note_file}").status_code == 200


def test_an_api_key_reaches_as_far_as_its_scopes(world: World) -> None:
    """For each scope a key that has it alone; and none reaches further than its owner."""
    desk, wrong = world.desk, []
    keys = {("alice", scope): api_key(desk, "alice", scope)[1] for scope in Scope if not scope.startswith("staff")}
    keys |= {("ada", scope): api_key(desk, "ada", scope)[1] for scope in Scope}
    for (who, scope), key in keys.items():
        for route in routes():
            if route.audience == "open" or route.method == "DELETE" or route.path.endswith("logout"):
                continue
            answer = world.call(with_key(desk, key), route)
            shut = route.scope not in ("-", scope)
            if "attachments/" in route.path and who == "ada" and scope == Scope.STAFF_READ:
                shut = False  # the team's files, which this scope opens
            shut = shut or (who == "alice" and route.audience != "own")
            right = answer.status_code == 403 if shut else answer.status_code not in (401, 403)
            wrong.append("" if right else said(route, f"{who}'s key for {scope}", answer))
            if shut and (who == "ada" or route.audience == "own"):
                code = "session_required" if route.scope == "person" else "missing_scope"
                wrong.append("" if answer.json()["code"] == code else said(route, scope, answer))
    mallory = with_key(desk, api_key(desk, "mallory")[1])
    for route in routes():
        if "{" in route.path and route.audience == "own":
            answer = world.call(mallory, route)
            right = answer.status_code == (403 if route.scope == "person" else 404)
            wrong.append("" if right else said(route, "mallory's key", answer))
    nothing(wrong)
    wider = desk.as_("alice").post("/api/v1/api-keys", {"name": "x", "scopes": ["staff:read"]})
    is_problem(wider, 403, "scope_not_allowed")


def test_a_key_of_a_customer_keeps_out_of_anothers_list(world: World) -> None:
    mine = api_key(world.desk, "mallory", "tickets:read")[1]
    assert with_key(world.desk, mine).get("/tickets", expect=200).json()["total"] == 0
    assert with_key(world.desk, mine).get("/api/v1/api-keys", expect=200).json()["api_keys"][0]["prefix"] in mine


def test_a_signed_link_opens_one_ticket(world: World) -> None:
    desk = world.desk
    form = BODIES["POST /tickets/public"] | {"email": email("alice")}
    visited = desk.anyone().post("/tickets/public", form, expect=201).json()["id"]
    holder = desk.write(contact.open_link, visited, Client("web"))
    assert holder.user_id == desk.user_id("alice")
    assert desk.read(access.get, holder, visited).id == visited
    with pytest.raises(NotFound):
        desk.read(access.get, holder, world.ids["ticket_id"])
    assert [row.ticket.id for row in desk.read(queries.list_own, holder, Filter()).rows] == [visited]
    assert desk.read(queries.list_own, holder, Filter(q="zanzibar")).total == 0


def seen_by(caller: Caller, ticket_id: str) -> list[tuple[bytes, str | None]]:
    paths = [
        f"/tickets/{ticket_id}",
        "/tickets",
        "/tickets?sort=-updated_at",
        "/tickets?q=zanzibar",
        "/tickets?q=gloves",
    ]
    paths += ["/tickets?status=open", "/preferences", "/api/v1/me"]
    answers = [caller.get(path, expect=200) for path in paths]
    return [(answer.content, answer.headers.get("etag")) for answer in answers]


def test_a_note_and_what_else_is_the_teams_own_change_nothing_for_the_customer(world: World) -> None:
    desk, ticket_id = world.desk, world.ids["ticket_id"]
    alice, sam = desk.as_("alice"), desk.as_("sam")
    before = seen_by(alice, ticket_id)
    file = upload(sam, b"kid gloves", "gloves.txt").json()
    sam.post(f"/staff/tickets/{ticket_id}/notes", {"body": f"Kid gloves! {file['markdown']}"}, expect=201)
    change = {"tags": ["gloves"], "assignee_id": desk.user_id("sam")}
    sam.patch(f"/staff/tickets/{ticket_id}", change, expect=200)
    assert seen_by(alice, ticket_id) == before
    for path in (f"/attachments/{file['id']}", f"/attachments/{world.note_file}"):
        assert alice.get(path).status_code == 404
        assert sam.get(path).status_code == 200
    thread = alice.get(f"/tickets/{ticket_id}").json()
    assert thread["unread"] is False
    assert thread.keys().isdisjoint({"history", "enrichment", "assignee", "assignee_id", "tags", "version", "verified"})
    assert {tuple(message) for message in thread["messages"]} == {
        ("id", "author", "body", "body_html", "attachments", "created_at")
    }
    assert sam.get("/staff/tickets?q=gloves").json()["total"] == 1
    assert "Kid gloves" in sam.get(f"/staff/tickets/{ticket_id}").text
    desk.work()
    mails = desk.as_("ada").get("/staff/outbox?per_page=100").json()["mails"]
    texts = [desk.as_("ada").get(f"/staff/outbox/{mail['id']}").text for mail in mails]
    assert texts
    assert [text for text in texts if "gloves" in text or "xylophone" in text] == []
    shapes = desk.anyone().get("/api/openapi.json").json()["components"]["schemas"]
    assert "kind" not in shapes["MessageOut"]["properties"]
