"""The shapes of reports."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import TypedDict

from deskhand.kit.clock import SECOND, rfc3339
from deskhand.reports.model import Figures, Period, Ratings, day_name, percentile
from deskhand.reports.names import Names
from deskhand.reports.queries import Summary
from deskhand.reports.ratings import Csat
from deskhand.tickets.model import Status


class Times(TypedDict):
    """Durations in whole seconds, and how many they were; None where there were none."""

    count: int
    median: int | None
    p90: int | None


class FiguresOut(TypedDict):
    """`backlog` is open and pending."""

    created: int
    replies: int
    resolved: int
    closed: int
    reopened: int
    backlog: int | None
    first_reply: Times
    resolution: Times


class Day(FiguresOut):
    date: str


class CategoryFigures(FiguresOut):
    slug: str
    name: str


class AgentFigures(FiguresOut):
    """Both None for tickets that are nobody's."""

    id: str | None
    name: str | None


class ChannelFigures(FiguresOut):
    channel: str


class Backlog(TypedDict):
    open: int
    pending: int
    unassigned: int


# `from` is a reserved word, hence the functional form.
PeriodOut = TypedDict("PeriodOut", {"from": str, "to": str})


class SummaryOut(TypedDict):
    """`to` is the first moment after the period; `backlog` is today's."""

    period: PeriodOut
    totals: FiguresOut
    backlog: Backlog
    by_day: list[Day]
    by_category: list[CategoryFigures]
    by_agent: list[AgentFigures]
    by_channel: list[ChannelFigures]


class RatingsOut(TypedDict):
    count: int
    average: float | None


class RatedDay(RatingsOut):
    date: str


class RatedCategory(RatingsOut):
    slug: str
    name: str


class RatedAgent(RatingsOut):
    id: str | None
    name: str | None


class CommentAgent(TypedDict):
    id: str
    name: str


class Comment(TypedDict):
    ticket_id: str
    readable_id: str
    rating: int
    comment: str
    agent: CommentAgent | None
    created_at: str


class Responses(TypedDict):
    """Of the tickets resolved or closed in the period, how many have a rating."""

    solved: int
    rated: int


class CsatOut(TypedDict):
    """`response_rate` is `responses.rated` by `responses.solved`, from 0 to 1."""

    period: PeriodOut
    count: int
    average: float | None
    distribution: dict[str, int]
    response_rate: float | None
    responses: Responses
    by_day: list[RatedDay]
    by_category: list[RatedCategory]
    by_agent: list[RatedAgent]
    comments: list[Comment]


def summary(report: Summary, names: Names) -> SummaryOut:
    return {
        "period": _period(report.period),
        "totals": _figures(report.total),
        "backlog": {
            "open": report.backlog[Status.OPEN],
            "pending": report.backlog[Status.PENDING],
            "unassigned": report.unassigned,
        },
        "by_day": [{"date": day_name(day), **_figures(found)} for day, found in report.by_day.items()],
        "by_category": [{**head, **_figures(found)} for head, found in _by_category(report.by_category, names)],
        "by_agent": [{**head, **_figures(found)} for head, found in _by_agent(report.by_agent, names)],
        "by_channel": [{"channel": channel, **_figures(found)} for channel, found in sorted(report.by_channel.items())],
    }


def csat(report: Csat, names: Names) -> CsatOut:
    return {
        "period": _period(report.period),
        **_ratings(report.total),
        "distribution": {str(stars): count for stars, count in enumerate(report.total.counts, 1)},
        "response_rate": round(report.answered / report.solved, 4) if report.solved else None,
        "responses": {"solved": report.solved, "rated": report.answered},
        "by_day": [{"date": day_name(day), **_ratings(found)} for day, found in report.by_day.items()],
        "by_category": [{**head, **_ratings(found)} for head, found in _by_category(report.by_category, names)],
        "by_agent": [{**head, **_ratings(found)} for head, found in _by_agent(report.by_agent, names)],
        "comments": [_comment(row) for row in report.comments],
    }


def _by_category(found: dict[str, Any], names: Names) -> Iterator[tuple[Any, Any]]:
    """In the categories' order; those that nothing is known of are left out."""
    for slug, name in names.categories.items():
        if slug in found:
            yield {"slug": slug, "name": name}, found[slug]


def _by_agent(found: dict[str | None, Any], names: Names) -> Iterator[tuple[Any, Any]]:
    """By name; what is nobody's comes last."""
    for name, agent_id in sorted((names.agents[agent_id], agent_id) for agent_id in found if agent_id):
        yield {"id": agent_id, "name": name}, found[agent_id]
    if None in found:
        yield {"id": None, "name": None}, found[None]


def _figures(found: Figures) -> FiguresOut:
    return {
        "created": found.created,
        "replies": found.replies,
        "resolved": found.resolved,
        "closed": found.closed,
        "reopened": found.reopened,
        "backlog": found.backlog,
        "first_reply": _times(found.first_reply),
        "resolution": _times(found.resolution),
    }


def _ratings(found: Ratings) -> RatingsOut:
    return {"count": found.total, "average": found.average}


def _times(durations: list[int]) -> Times:
    if not durations:
        return {"count": 0, "median": None, "p90": None}
    ordered = sorted(durations)
    median, p90 = (round(percentile(ordered, share) / SECOND) for share in (0.5, 0.9))
    return {"count": len(ordered), "median": median, "p90": p90}


def _comment(row: Any) -> Comment:
    agent: CommentAgent | None = {"id": row["assignee_id"], "name": row["name"]} if row["assignee_id"] else None
    return {
        "ticket_id": row["id"],
        "readable_id": row["readable_id"],
        "rating": row["rating"],
        "comment": row["comment"],
        "agent": agent,
        "created_at": rfc3339(row["created_at"]),
    }


def _period(period: Period) -> PeriodOut:
    return {"from": rfc3339(period.start), "to": rfc3339(period.end)}
