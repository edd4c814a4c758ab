"""A desk of any size, written straight into its tables: the same rows that the acts would have left, at bulk speed.

People and articles are few and come by their own acts. Tickets are told as stories (filed, answered, assigned,
resolved, rated…) in the order of time. tests/test_bench.py tells some of them again through the acts and compares.
"""

import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from scripts.bench import texts
from scripts.bench.bulk import Bulk
from scripts.bench.writing import Writing
from sqlalchemy import Connection

from deskhand import migrations
from deskhand.accounts import people
from deskhand.accounts.actor import SYSTEM, Actor, Role
from deskhand.csat.tables import ratings
from deskhand.doors.cli import rows as desk_rows
from deskhand.kb import ops as kb
from deskhand.kb.model import NewArticle
from deskhand.kb.model import Status as ArticleStatus
from deskhand.kit.clock import DAY, HOUR, MINUTE, now, rfc3339
from deskhand.kit.db import open_store
from deskhand.kit.events import events
from deskhand.kit.settings import Settings
from deskhand.tickets.tables import enrichments, messages, ticket_tags, tickets

PREFIX, START = "ALT", 1000
YEARS = 2
_TAGS = ("bug", "vip", "refund", "crawler", "sla", "migration", "docs", "beta", "outage", "onboarding")
_CATEGORIES = ("technical-issue", "billing", "feature-request", "account", "general")
_POOL = 5_000
_AUTOCLOSE = Settings().autoclose_days * DAY
_CLIENT = {"via": "api", "user_agent": "example-sdk/2.4", "ip": "192.0.2.10"}


class Size(NamedTuple):
    """`large` accounts have `large_tickets` each, the others share the rest."""

    accounts: int
    large: int
    large_tickets: int
    tickets: int
    messages: int
    articles: int
    agents: int = 4
    texts: int = _POOL


SIZES = {
    "tiny": Size(accounts=6, large=1, large_tickets=30, tickets=60, messages=300, articles=6, texts=40),
    "base": Size(accounts=40, large=0, large_tickets=0, tickets=4_000, messages=20_000, articles=200),
    "small": Size(accounts=182, large=2, large_tickets=1_000, tickets=20_000, messages=100_000, articles=500),
    "full": Size(accounts=2_000, large=5, large_tickets=10_000, tickets=200_000, messages=1_000_000, articles=2_000),
}


class Person(NamedTuple):
    id: str
    name: str
    account: dict[str, Any]
    usage: dict[str, Any]


_ITSELF = Person("", SYSTEM.name, {}, {})


class Story:
    """A ticket under way: `row` is what the table will hold, `steps` what is still to happen to it."""

    __slots__ = ("at", "first", "owner", "row", "steps")

    def __init__(self, at: int, owner: Person, steps: str) -> None:
        self.at, self.owner, self.steps = at, owner, steps
        self.row: dict[str, Any] = {}
        self.first = True


def seed(url: str, size: Size) -> None:
    """Fill the empty database at `url`, which is migrated first."""
    migrations.upgrade(url)
    with _opened(url) as tx:
        team, customers = _people(tx, size)
        _articles(tx, size, team[0])
        writing = Writing(tx, size.texts)
    with Bulk(url) as bulk:
        _Desk(bulk, writing, team).run(_stories(customers, size))
    with _opened(url) as tx:
        desk_rows.continue_numbers(tx, START + size.tickets)


@contextmanager
def _opened(url: str) -> Iterator[Connection]:
    store = open_store(url)
    try:
        with store.begin() as tx:
            yield tx
    finally:
        store.close()


def _people(tx: Connection, size: Size) -> tuple[list[Person], list[Person]]:
    team, customers = [], []
    for number in range(size.agents + 1):
        role = Role.ADMIN if number == size.agents else Role.AGENT
        email, name = f"agent{number}@desk.example", f"Agent {number}"
        row = people.create_own(tx, email=email, name=name, password_hash=None, role=role, verified=True)
        team.append(Person(row["id"], name, {}, {}))
    for number in range(size.accounts):
        account = {"id": f"org_{number}", "name": f"Customer {number} Ltd", "plan": "growth"}
        claims = {"account": account, "usage": {"credits": number * 7 % 5000, "jobs_today": number % 90}}
        row = people.from_host(
            tx,
            sub=f"user_{number}",
            email=f"owner{number}@customer{number}.example",
            name=f"Owner {number}",
            claims=claims,
            role=Role.CUSTOMER,
        )
        customers.append(Person(row["id"], row["name"], account, claims["usage"]))
    return team, customers


def _articles(tx: Connection, size: Size, author: Person) -> None:
    chance, vocabulary = random.Random(11), texts.vocabulary()
    actor = Actor(author.id, Role.AGENT, author.name)
    for number in range(size.articles):
        title, summary, body = texts.article(chance, vocabulary, number)
        slug = _CATEGORIES[number % len(_CATEGORIES)]
        new = NewArticle(title=title, summary=summary, body=body, category_slug=slug, status=ArticleStatus.PUBLISHED)
        kb.create(tx, actor, new)


def _stories(customers: list[Person], size: Size) -> list[Story]:
    """Everybody's tickets, by the time at which they are filed."""
    chance = random.Random(13)
    owners = [customer for customer in customers[: size.large] for _ in range(size.large_tickets)]
    others = customers[size.large :]
    owners += [others[number % len(others)] for number in range(size.tickets - len(owners))]
    chance.shuffle(owners)
    end = now() - DAY
    times = sorted(end - chance.randrange(YEARS * 365 * DAY) for _ in owners)
    counts = _message_counts(chance, size)
    return [Story(at, owner, _steps(chance, count)) for at, owner, count in zip(times, owners, counts, strict=True)]


def _message_counts(chance: random.Random, size: Size) -> list[int]:
    """1 to some 20 a ticket, together exactly as many as asked for."""
    counts = [
        1 + min(20, int(chance.expovariate(size.tickets / (size.messages - size.tickets)))) for _ in range(size.tickets)
    ]
    missing = size.messages - sum(counts)
    while missing:
        at, step = chance.randrange(size.tickets), 1 if missing > 0 else -1
        if counts[at] + step >= 1:
            counts[at] += step
            missing -= step
    return counts


def _steps(chance: random.Random, count: int) -> str:
    """What happens to a ticket with so many messages: C filed, S assigned and tagged, A agent's reply, U customer's
    reply, N note, R agent's reply that resolves it, X closed by the customer, Z closed by itself a week later, V rated,
    L looked at by the customer."""
    steps = "C" + ("S" if chance.random() < 0.6 else "")
    written = 1
    while written < count:
        last = written == count - 1
        if last and chance.random() < 0.7:
            steps += "RL" + ("V" if chance.random() < 0.3 else "") + ("X" if chance.random() < 0.6 else "Z")
        elif chance.random() < 0.06:
            steps += "N"
        else:
            steps += "U" if steps[-1] in "AL" else "AL" if chance.random() < 0.8 else "A"
        written += 1
    return steps


class _Desk:
    """Tells the stories in the order of time and writes the rows that they leave."""

    def __init__(self, bulk: Bulk, writing: Writing, team: list[Person]) -> None:
        self.bulk, self.writing, self.team, self.chance = bulk, writing, team, random.Random(17)
        self.recent: dict[str, deque[Story]] = {}
        self.number, self.message = START, 0

    def run(self, stories: list[Story]) -> None:
        for story, step in self._in_time(stories):
            self._tell(story, step)
        for story in stories:
            self.bulk.add(tickets, story.row)

    def _in_time(self, stories: list[Story]) -> Iterator[tuple[Story, str]]:
        moments: list[tuple[int, int, int]] = []
        end = now()
        for number, story in enumerate(stories):
            at = resolved = story.at
            for place, step in enumerate(story.steps):
                resolved = at if step == "R" else resolved
                at = resolved + _AUTOCLOSE if step == "Z" else at
                # A desk that ran for years has nothing left to close: else the worker would, while all is measured.
                if step != "Z" or at < end:
                    moments.append((at, number, place))
                at += self.chance.randrange(MINUTE, 8 * HOUR)
        moments.sort()
        for at, number, place in moments:
            story = stories[number]
            story.at = at
            yield story, story.steps[place]

    def _tell(self, story: Story, step: str) -> None:
        if step == "C":
            self._file(story)
        elif step in "ARU":
            self._reply(story, step)
        elif step == "N":
            self._note(story)
        elif step == "S":
            self._assign(story)
        elif step in "XZ":
            self._close(story, step)
        elif step == "V":
            self._rate(story)
        else:
            story.row["requester_read_at"] = story.at

    def _file(self, story: Story) -> None:
        self.number += 1
        text = self.chance.randrange(self.writing.filed)
        guessed = self.chance.random() < 0.5
        guess = self.writing.guess(text) if guessed else None
        story.row = dict.fromkeys(column.name for column in tickets.columns) | {
            "id": self.bulk.id_at(story.at),
            "number": self.number,
            "readable_id": f"{PREFIX}-{self.number}",
            "requester_id": story.owner.id,
            "subject": self.writing.pool[text].subject,
            "status": "open",
            "priority": self.chance.choice((0, 1, 1, 1, 1, 2, 3)),
            "category_slug": guess["slug"] if guess else self.chance.choice(_CATEGORIES),
            "category_guess": guess,
            "metadata": {"job_id": f"job_{self.number}"},
            "channel": "api",
            "verified": True,
            "version": 1,
            "created_at": story.at,
            "updated_at": story.at,
            "requester_read_at": story.at,
        }
        self._enrich(story)
        message = self._message(story, text, "message", story.owner, "customer")
        self._event(story, "ticket.created", story.owner, "customer", message_id=message, changes={})

    def _enrich(self, story: Story) -> None:
        known = self.recent.setdefault(story.owner.id, deque(maxlen=5))
        shown = ("id", "readable_id", "subject", "status")
        recent = [
            {name: other.row[name] for name in shown} | {"created_at": rfc3339(other.row["created_at"])}
            for other in known
        ]
        known.appendleft(story)
        row = {
            "ticket_id": story.row["id"],
            "account": story.owner.account,
            "usage": story.owner.usage,
            "client": _CLIENT,
            "recent": recent,
            "usage_state": "given",
        }
        self.bulk.add(enrichments, row)

    def _reply(self, story: Story, step: str) -> None:
        author, kind = (story.owner, "customer") if step == "U" else (self._agent(story), "agent")
        message = self._message(story, self._text(), "message", author, kind)
        status = {"U": "open", "A": "pending", "R": "resolved"}[step]
        changes = self._move(story, status)
        if step == "U":
            story.row["requester_read_at"] = story.at
        else:
            story.row["staff_replied_at"] = story.at
            story.row["first_reply_at"] = story.row["first_reply_at"] or story.at
        self._event(story, "ticket.replied", author, kind, changes=changes, message_id=message)

    def _note(self, story: Story) -> None:
        author = self._agent(story)
        message = self._message(story, self._text(), "note", author, "agent")
        story.row["version"] += 1
        self._event(story, "ticket.noted", author, "agent", changes={}, message_id=message, staff_only=True)

    def _assign(self, story: Story) -> None:
        agent, tag = self.chance.choice(self.team), self.chance.choice(_TAGS)
        story.row["assignee_id"] = agent.id
        story.row["version"] += 1
        self.bulk.add(ticket_tags, {"ticket_id": story.row["id"], "tag": tag})
        changes = {"assignee_id": [None, agent.id], "tags": [[], [tag]]}
        self._event(story, "ticket.changed", agent, "agent", changes=changes, staff_only=True)

    def _close(self, story: Story, step: str) -> None:
        actor, kind = (story.owner, "customer") if step == "X" else (_ITSELF, "system")
        self._event(story, "ticket.closed", actor, kind, changes=self._move(story, "closed"))

    def _rate(self, story: Story) -> None:
        comment = "Quick and clear." if self.chance.random() < 0.3 else None
        rating = self.chance.choice((1, 3, 4, 4, 5, 5, 5))
        row = {"ticket_id": story.row["id"], "user_id": story.owner.id, "rating": rating, "comment": comment}
        self.bulk.add(ratings, row | {"created_at": story.at})
        self._event(story, "ticket.rated", story.owner, "customer", rating=rating, comment=comment)

    def _move(self, story: Story, status: str) -> dict[str, Any]:
        row, before = story.row, story.row["status"]
        row["version"] += 1
        row["updated_at"] = story.at
        if status == before:
            return {}
        resolved = {"resolved": story.at, "closed": row["resolved_at"]}.get(status)
        row |= {"status": status, "resolved_at": resolved, "closed_at": story.at if status == "closed" else None}
        return {"status": [before, status]}

    def _message(self, story: Story, text: int, kind: str, author: Person, author_type: str) -> str:
        self.message += 1
        written = self.writing.message(text, self.message, subject=story.first)
        owner = None if kind == "note" else story.owner.id
        story.first = False
        row = {
            "seq": self.message,
            "id": self.bulk.id_at(story.at),
            "ticket_id": story.row["id"],
            "kind": kind,
            "author_id": author.id,
            "author_type": author_type,
            "author_name": author.name,
            "identity": "session",
            "via": "api",
            "body": written.body,
            "body_html": written.html,
            "created_at": story.at,
        }
        self.bulk.add(messages, row)
        self.bulk.add_words(self.writing.words(written, self.message, story.row["id"], owner))
        return row["id"]

    def _event(
        self,
        story: Story,
        name: str,
        actor: Person,
        actor_type: str,
        *,
        staff_only: bool = False,
        **data: Any,
    ) -> None:
        about = {"requester_id": story.owner.id, "assignee_id": story.row["assignee_id"]}
        row = {
            "id": self.bulk.id_at(story.at),
            "name": name,
            "subject_id": story.row["id"],
            "actor_id": actor.id or None,
            "actor_type": actor_type,
            "actor_name": actor.name,
            "staff_only": staff_only,
            "data": about | data,
            "at": story.at,
            "dispatched_at": story.at,
        }
        self.bulk.add(events, row)

    def _agent(self, story: Story) -> Person:
        return next((one for one in self.team if one.id == story.row["assignee_id"]), self.team[0])

    def _text(self) -> int:
        return self.chance.randrange(len(self.writing.pool))
