"""What is asked of the desk: each scenario's requests, chosen from what was seeded, the same for server and raw SQL."""

import json
import random
from typing import NamedTuple
from urllib.parse import quote

from scripts.bench import texts, yardstick
from scripts.bench.load import Call
from scripts.bench.raw import Step
from scripts.bench.writing import token_of
from sqlalchemy import Connection, text

from deskhand.accounts import sessions
from deskhand.accounts.actor import Client
from deskhand.doors.services import Services
from deskhand.kit.clock import DAY
from deskhand.tickets import access, cursors
from deskhand.tickets.model import Ticket

ROOT = "/api/v1/support"
_PEOPLE = 64
_ASKED, _USUAL = 40_000, 300  # different questions to the knowledge base


class Scenario(NamedTuple):
    """`goal` is the least share of raw SQL's rate on SQLite, `p99` the most milliseconds; None: no target. `raw` is
    what the raw loop sends, where that is not what the requests themselves send."""

    name: str
    calls: list[Call]
    writes: bool = False
    goal: float | None = None
    p99: float | None = None
    raw: list[Step] | None = None


class Customer(NamedTuple):
    id: str
    token: str


def scenarios(services: Services) -> list[Scenario]:
    """Every scenario, reads before writes."""
    with services.store.begin() as tx:
        people = [Customer(user_id, _token(services, tx, user_id)) for user_id in _customers(tx)]
        agent = _token(services, tx, tx.execute(text("SELECT id FROM users WHERE role = 'agent' LIMIT 1")).scalar_one())
        counts = {person.id: _tickets_of(tx, person.id) for person in people}
        typical = sorted(people, key=lambda person: counts[person.id])[: max(1, len(people) * 3 // 4)]
        busiest = max(people, key=lambda person: counts[person.id])
        return [
            Scenario("list of own tickets", [_list(person) for person in typical], goal=0.20),
            Scenario(f"list, account of {counts[busiest.id]:,}", [_list(busiest)]),
            Scenario("ticket with thread", _threads(tx, typical), goal=0.12),
            *_help(tx, typical),
            *_searches(tx, typical, busiest, agent, counts),
            *_queues(tx, agent),
            Scenario("create", _creations(typical), writes=True, goal=0.80),
            Scenario("reply", _replies(tx, typical), writes=True, goal=0.80),
        ]


def _customers(tx: Connection) -> list[str]:
    """The busiest, and others evenly spread over all."""
    ids = tx.execute(text("SELECT id FROM users WHERE role = 'customer' ORDER BY id")).scalars().all()
    return list(dict.fromkeys([ids[0], *ids[:: max(1, len(ids) // _PEOPLE)]]))[:_PEOPLE]


def _tickets_of(tx: Connection, user_id: str) -> int:
    return tx.execute(text("SELECT count(*) FROM tickets WHERE requester_id = :id"), {"id": user_id}).scalar_one()


def _token(services: Services, tx: Connection, user_id: str) -> str:
    session_id = sessions.start(tx, user_id, Client(), services.settings)
    return services.own_tokens.issue(user_id, session_id, DAY)


def _list(person: Customer) -> Call:
    return Call("GET", f"{ROOT}/tickets", person.token)


def _threads(tx: Connection, people: list[Customer]) -> list[Call]:
    """Threads of four to six messages that their requester has read: only the first look at news writes."""
    calls = []
    for person in people:
        rows = tx.execute(_THREADS, {"owner": person.id}).scalars()
        calls += [Call("GET", f"{ROOT}/tickets/{ticket_id}", person.token) for ticket_id in rows]
    return calls


def _searches(
    tx: Connection, people: list[Customer], busiest: Customer, agent: str, counts: dict[str, int]
) -> list[Scenario]:
    chance = random.Random(23)
    last: int = tx.execute(text("SELECT max(seq) FROM messages")).scalar_one()
    usual = [f"{one} {other}" for one in texts.USUAL for other in texts.USUAL if one < other]
    rare = [token_of(chance.randint(1, last)) for _ in range(50)]
    large = f"account of {counts[busiest.id]:,}"
    staff = f"{ROOT}/staff/tickets"
    return [
        Scenario("ticket search, own", [_get("tickets", person, q) for person, q in _pairs(people, usual)], p99=50),
        Scenario(f"ticket search, {large}", [_get("tickets", busiest, q) for q in usual], p99=50),
        Scenario(f"… a common word, {large}", [_get("tickets", busiest, texts.COMMON)], p99=50),
        Scenario("ticket search, staff", [Call("GET", f"{staff}?q={quote(q)}", agent) for q in usual], p99=50),
        Scenario("… a common word, staff", [Call("GET", f"{staff}?q={texts.COMMON}", agent)], p99=50),
        Scenario("… a rare word, staff", [Call("GET", f"{staff}?q={word}", agent) for word in rare], p99=50),
    ]


def _help(tx: Connection, people: list[Customer]) -> list[Scenario]:
    """Three words of a title: what nobody asked before, and what many ask. The first is asked once and never again."""
    chance = random.Random(37)
    titles = [title.lower().split() for (title,) in tx.execute(text("SELECT title FROM articles ORDER BY id"))]
    asked = {" ".join(chance.sample(chance.choice(titles), 3)) for _ in range(_ASKED)}
    new, usual = sorted(asked), sorted(asked)[:_USUAL]
    chance.shuffle(new)
    yardstick.make(tx)
    return [
        Scenario(
            name,
            [_get("kb/search", people[number % len(people)], query) for number, query in enumerate(queries)],
            goal=0.70,
            raw=yardstick.steps(tx.dialect.name, queries[:500]),
        )
        for name, queries in (("knowledge-base search, never asked before", new), ("… asked again and again", usual))
    ]


def _pairs(people: list[Customer], queries: list[str]) -> list[tuple[Customer, str]]:
    return [(people[number % len(people)], query) for number, query in enumerate(queries * 3)]


def _get(path: str, person: Customer, query: str) -> Call:
    return Call("GET", f"{ROOT}/{path}?q={quote(query)}", person.token)


def _queues(tx: Connection, agent: str) -> list[Scenario]:
    """The desk's queue, and the same far down: behind three quarters of all tickets."""
    total: int = tx.execute(text("SELECT count(*) FROM tickets")).scalar_one()
    deep = tx.execute(access.TICKETS.order_by(*cursors.order("-created_at")).limit(1).offset(total * 3 // 4)).one()
    cursor = cursors.write(Ticket._make(deep), "-created_at")
    staff = f"{ROOT}/staff/tickets"
    return [
        Scenario("queue, unassigned and open", [Call("GET", f"{staff}?view=unassigned&status=open", agent)]),
        Scenario("queue, all tickets", [Call("GET", staff, agent)]),
        Scenario("queue, all, deep by cursor", [Call("GET", f"{staff}?cursor={cursor}", agent)]),
    ]


def _creations(people: list[Customer]) -> list[Call]:
    """No category given: the classifier chooses, as for most tickets that come by the API."""
    bodies = [
        {
            "subject": it.subject,
            "body": it.body.replace(texts.TOKEN, f"new{number:011d}"),
            "metadata": {"job_id": "job_1"},
        }
        for number, it in enumerate(texts.pool(300, seed=29))
    ]
    return [
        Call("POST", f"{ROOT}/tickets", people[number % len(people)].token, json.dumps(body))
        for number, body in enumerate(bodies)
    ]


def _replies(tx: Connection, people: list[Customer]) -> list[Call]:
    pool = texts.pool(300, seed=31)
    calls = []
    for person in people:
        for ticket_id in tx.execute(_OPEN, {"owner": person.id}).scalars():
            body = json.dumps({"body": pool[len(calls) % len(pool)].body})
            calls.append(Call("POST", f"{ROOT}/tickets/{ticket_id}/replies", person.token, body))
    return calls


_THREADS = text(
    "SELECT t.id FROM tickets t WHERE t.requester_id = :owner "
    "AND coalesce(t.staff_replied_at, 0) <= coalesce(t.requester_read_at, 0) "
    "AND (SELECT count(*) FROM messages m WHERE m.ticket_id = t.id AND m.kind = 'message') BETWEEN 4 AND 6 "
    "ORDER BY t.id LIMIT 6"
)
_OPEN = text("SELECT id FROM tickets WHERE requester_id = :owner AND status = 'open' ORDER BY id LIMIT 6")
