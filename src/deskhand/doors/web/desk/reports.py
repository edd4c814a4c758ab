"""How the desk is doing.

GET  /desk/reports       figures, charts and the tables behind them; `from`, `to`, `category`, `agent`
GET  /desk/reports.csv   one of the tables
"""

from datetime import date
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.accounts.queries import team
from deskhand.categories import queries as categories
from deskhand.doors.web import dates
from deskhand.doors.web.desk import charts
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services, visit
from deskhand.kit.clock import DAY
from deskhand.kit.errors import Invalid, NotFound
from deskhand.kit.ids import parse_id
from deskhand.kit.sheets import to_csv
from deskhand.reports import names, queries, ratings, wire
from deskhand.reports.model import Asked, Period, day_name, period

_TABLES = {"by_day", "by_category", "by_agent", "by_channel"}
_RATED = {"ratings_by_day", "ratings_by_category", "ratings_by_agent", "comments"}
_SPANS = (7, 30, 90, 365)


async def show(request: Request) -> Response:
    language = visit(request).language
    problem = ""
    try:
        asked = _asked(request)
    except Invalid as refusal:
        asked, problem = Asked(period(None, None)), say(language, refusal.detail)
    values = await framed(request, _read, asked, slow=True)
    report = values["report"]
    days = [dates.without_year(language, date.fromisoformat(day["date"])) for day in report["by_day"]]
    volume = [
        (say(language, "new"), [day["created"] for day in report["by_day"]]),
        (say(language, "resolved"), [day["resolved"] for day in report["by_day"]]),
    ]
    drawn = {
        "volume": charts.lines(days, volume),
        "backlog": charts.lines(days, [(say(language, "waiting"), [day["backlog"] for day in report["by_day"]])]),
        "waits": charts.bars(days, [round((day["first_reply"]["median"] or 0) / 3600, 1) for day in report["by_day"]]),
    }
    given = {
        "first": day_name(asked.period.start // DAY),
        "last": day_name((asked.period.end - 1) // DAY),
        "category": asked.category or "",
        "agent": asked.agent or "",
        "span": len(asked.period.days),
    }
    last = (asked.period.end - 1) // DAY
    starts = {days: day_name(max(0, last - days + 1)) for days in _SPANS}
    more: dict[str, Any] = {"charts": drawn, "asked": given, "spans": _SPANS, "starts": starts, "problem": problem}
    return render(request, "desk/reports.html", 422 if problem else 200, **values | more)


async def table(request: Request) -> Response:
    """CSV, as the API gives it."""
    name = request.query_params.get("table", "by_day")
    if name not in _TABLES | _RATED:
        raise NotFound
    values = await services(request).store.read_slow(_read, actor(request), _asked(request))
    rows = values["report"][name] if name in _TABLES else values["rated"][name.removeprefix("ratings_")]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(to_csv(rows), 200, headers, "text/csv")


def _asked(request: Request) -> Asked:
    """Raises Invalid for a period that is none."""
    given = request.query_params.get
    agent = given("agent") or None
    return Asked(
        period(given("from") or None, given("to") or None),
        (given("category") or "").replace("\x00", "") or None,
        agent if agent in {None, "none"} else parse_id(agent or "") or "none",
    )


def _read(tx: Connection, who: Actor, asked: Asked) -> dict[str, Any]:
    span = asked.period.end - asked.period.start
    before = asked._replace(period=Period(max(0, asked.period.start - span), asked.period.start))
    report, rated = queries.summarise(tx, who, asked), ratings.rate(tx, who, asked)
    found = names.find(tx, {*report.by_agent, *rated.by_agent})
    return {
        "report": wire.summary(report, found),
        "rated": wire.csat(rated, found),
        "earlier": wire.summary(queries.summarise(tx, who, before), found)["totals"] if before.period.days else None,
        "earlier_rated": wire.csat(ratings.rate(tx, who, before), found) if before.period.days else None,
        "categories": categories.list_all(tx),
        "team": team(tx),
    }


routes = [
    Route("/desk/reports", page(show, Role.AGENT), methods=["GET"]),
    Route("/desk/reports.csv", page(table, Role.AGENT), methods=["GET"]),
]
