"""From the desk's query language to a filter: looks up the categories and people that a query names."""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Connection

from deskhand.accounts import names
from deskhand.accounts import queries as people
from deskhand.accounts.actor import Actor
from deskhand.categories import queries as categories
from deskhand.kit.phrases import Phrase
from deskhand.tickets import ask, days
from deskhand.tickets.ask import Known, Member, Problem, Question
from deskhand.tickets.filters import Filter
from deskhand.tickets.model import Priority, Status

MAX_PEOPLE = 500  # whom one value of `from:` stands for; more people than that have nothing in common


class Understood(NamedTuple):
    """A query, and the filter that it means to whoever asks; the filter names no page."""

    question: Question
    filter: Filter


def understand(tx: Connection, actor: Actor, text: str, *, zone: tzinfo = UTC) -> Understood:
    """What the agent asks for; days are those of `zone`."""
    return understand_all(tx, actor, [text], zone=zone)[0]


def understand_all(tx: Connection, actor: Actor, texts: Sequence[str], *, zone: tzinfo = UTC) -> list[Understood]:
    """As `understand`, with no more statements for many queries than for one."""
    actor.require_staff()
    questions = [ask.read(text) for text in texts]
    known = Known({}, [])
    if any(question.values("category") or question.values("assignee") for question in questions):
        known = _known(tx)
        questions = [ask.read(text, known) for text in texts]
    asked = [name for question in questions for name in question.values("from")]
    found = names.find(tx, asked, MAX_PEOPLE + 1)
    return [
        Understood(_remarked(question, found), _filter(question, actor, known, found, zone)) for question in questions
    ]


def _known(tx: Connection) -> Known:
    team = [Member(row["id"], row["name"], row["email"]) for row in people.ever_staff(tx)]
    return Known({row["slug"]: row["name"] for row in categories.list_all(tx)}, team)


def _remarked(question: Question, found: dict[str, list[str]]) -> Question:
    """With a word about the names that stand for too many people to look for all of them."""

    def remark(part: ask.Part) -> ask.Part:
        if part.key != "from" or all(len(found[value]) <= MAX_PEOPLE for value in part.values):
            return part
        message = Phrase("More than {most} people are called so: this looks for some of them.", most=MAX_PEOPLE)
        return part._replace(problem=Problem("too_many_people", message))

    return Question(tuple(map(remark, question.parts)))


def _filter(question: Question, actor: Actor, known: Known, found: dict[str, list[str]], zone: tzinfo) -> Filter:
    given: dict[str, Any] = {
        "status": tuple(map(Status, question.values("status"))),
        "category": question.values("category"),
        "priority": tuple(map(Priority, question.values("priority"))),
        "tags": question.values("tag"),
        "channel": question.values("channel"),
        "q": question.words or None,
    }
    if asked := question.values("assignee"):
        ids = (one for value in asked for one in ask.whom(value, actor.user_id, known.team))
        given["assignee"] = tuple(dict.fromkeys(ids))
    if asked := question.values("from"):
        given["people"] = tuple(dict.fromkeys(one for value in asked for one in found[value][:MAX_PEOPLE]))
    if said := question.values("is"):
        given["verified"] = said[-1] == "verified"
    if said := question.values("created"):
        spans = [days.moments(value, zone) for value in said]
        given["since"] = max((since for since, _ in spans if since is not None), default=None)
        given["until"] = min((until for _, until in spans if until is not None), default=None)
    if said := question.values("sort"):
        given["sort"] = said[-1]
    return Filter(**given)
