"""The demo's data as acts on a timeline: each is what the API would do, run at its moment in the past, in order."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, update

from deskhand.accounts import people
from deskhand.accounts.actor import Actor, Client, Role
from deskhand.accounts.model import AccountPush
from deskhand.accounts.tables import users
from deskhand.doors.cli.story import story
from deskhand.kb import ops as kb
from deskhand.kb import votes
from deskhand.kb.model import NewArticle, NewVote
from deskhand.kit import clock
from deskhand.kit.clock import DAY, HOUR
from deskhand.kit.settings import Settings
from deskhand.macros import ops as macros
from deskhand.macros.model import NewMacro
from deskhand.views import ops as views
from deskhand.views.model import NewView

FOLDER = Path(__file__).parent / "demo"
_WEEK = 7 * 24 * 60  # in minutes, as the data's ages are
_TEAM_SINCE, _CUSTOMERS_SINCE, _WRITTEN_FROM = 400 * DAY, 300 * DAY, 280 * DAY


class Act(NamedTuple):
    at: int
    do: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Data:
    """What stands in the folder; its README says how."""

    staff: list[dict[str, Any]]
    accounts: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    articles: list[dict[str, str]]
    tickets: list[dict[str, Any]]
    macros: list[dict[str, Any]]
    views: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody by address, as actor."""

    staff: dict[str, Actor]
    customers: dict[str, Actor]

    @classmethod
    def hire(cls, tx: Connection, data: Data, hashed: str) -> "Cast":
        """Make the team, the customers' companies and the customers, long before the first ticket."""
        start = clock.now()
        with clock.at(start - _TEAM_SINCE):
            staff = {each["email"]: _person(tx, each, Role(each["role"]), hashed) for each in data.staff}
        known = {}
        for account in data.accounts:
            pushed = AccountPush(**{name: account[name] for name in ("name", "plan", "traits", "usage")})
            known[account["external_id"]] = people.push_account(tx, account["external_id"], pushed)["id"]
        customers = {}
        for number, each in enumerate(data.customers):
            with clock.at(start - _CUSTOMERS_SINCE + number * HOUR):
                actor = customers[each["email"]] = _person(tx, each, Role.CUSTOMER, hashed)
            if each["account"]:
                joined = update(users).where(users.c.id == actor.user_id)
                tx.execute(joined.values(account_id=known[each["account"]]))
        return cls(staff, customers)


def load() -> Data:
    """Read the folder; tickets oldest first."""
    company = json.loads((FOLDER / "people.json").read_text("utf-8"))
    told = [each for path in sorted(FOLDER.glob("tickets/*.json")) for each in json.loads(path.read_text("utf-8"))]
    return Data(
        company["staff"],
        company["accounts"],
        company["customers"],
        [_article(path.read_text("utf-8")) for path in sorted(FOLDER.glob("articles/*.md"))],
        sorted(told, key=lambda each: -each["age"]),
        json.loads((FOLDER / "macros.json").read_text("utf-8")),
        json.loads((FOLDER / "views.json").read_text("utf-8")),
    )


def tell(tx: Connection, settings: Settings, data: Data, cast: Cast) -> None:
    """Run all acts in the order of time, so that numbers and ids rise with it."""
    start = clock.now()
    acts = _equipping(tx, data, cast, start) + _publishing(tx, data, cast, start) + _voting(tx, data, cast, start)
    for each in data.tickets:
        zero = _zero(each, start)
        acts += [Act(at, do) for at, do in story(tx, settings, each, cast.staff, cast.customers, zero)]
    for act in sorted(acts, key=lambda act: act.at):
        with clock.at(act.at):
            act.do()


def _person(tx: Connection, each: dict[str, Any], role: Role, hashed: str) -> Actor:
    row = people.create_own(tx, email=each["email"], name=each["name"], password_hash=hashed, role=role, verified=True)
    return Actor(row["id"], role, row["name"], row["email"], client=Client("web"))


def _article(text: str) -> dict[str, str]:
    head, body = text.removeprefix("---\n").split("\n---\n", 1)
    return dict(line.split(": ", 1) for line in head.splitlines()) | {"body": body.strip()}


def _equipping(tx: Connection, data: Data, cast: Cast, start: int) -> list[Act]:
    """Macros and views that an admin made for the team before it had anything to answer."""
    admin = next(actor for actor in cast.staff.values() if actor.role is Role.ADMIN)
    makers: list[Callable[[], object]] = [
        *(partial(macros.create, tx, admin, NewMacro(**each, shared=True)) for each in data.macros),
        *(partial(views.create, tx, admin, NewView(**each, shared=True)) for each in data.views),
    ]
    at = start - _CUSTOMERS_SINCE + 60 * DAY
    return [Act(at + number * HOUR, make) for number, make in enumerate(makers)]


def _publishing(tx: Connection, data: Data, cast: Cast, start: int) -> list[Act]:
    """Articles over the months before the tickets, and drafts in the last days."""
    acts = []
    for number, each in enumerate(data.articles):
        draft = each["status"] == "draft"
        at = start - (9 * DAY - number * HOUR if draft else _WRITTEN_FROM - number * 5 * DAY)
        acts.append(Act(at, lambda each=each: kb.create(tx, cast.staff[each["author"]], _new_article(each))))
    return acts


def _voting(tx: Connection, data: Data, cast: Cast, start: int) -> list[Act]:
    """What readers thought of the articles in the last months: most were helped."""
    chance = random.Random(1)  # noqa: S311 - the same demo every time
    acts = []
    for slug in (each["slug"] for each in data.articles if each["status"] == "published"):
        share = chance.uniform(0.05, 0.5)
        for actor in (actor for actor in cast.customers.values() if chance.random() < share):
            vote, at = NewVote(helpful=chance.random() < 0.86), start - chance.randrange(HOUR, 100 * DAY)
            acts.append(Act(at, lambda who=actor, slug=slug, vote=vote: votes.vote(tx, who, slug, vote, browser="")))
    return acts


def _new_article(each: dict[str, str]) -> NewArticle:
    fields = {name: each[name] for name in ("title", "slug", "summary", "body", "status")}
    return NewArticle(**fields, category_slug=each["category"])  # type: ignore[arg-type]


def _zero(each: dict[str, Any], start: int) -> int:
    """The moment that a ticket's ages count back from: now for what is recent; else a Thursday afternoon, for which the
    ages were written, so that weekends stay quiet."""
    ages = [each["age"], *(message["age"] for message in each["messages"])]
    ages += [each[name] for name in ("resolved_age", "closed_age") if name in each]
    if min(ages) <= _WEEK:
        return start
    moment = clock.to_datetime(start)
    thursday = moment.replace(hour=15, minute=0, second=0) - timedelta(days=(moment.weekday() - 3) % 7)
    if thursday > moment:
        thursday -= timedelta(days=7)
    return clock.from_datetime(thursday)
