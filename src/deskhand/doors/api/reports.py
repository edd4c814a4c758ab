"""Reports, as JSON or as CSV.

GET    /staff/reports/summary   volumes, backlog, times
GET    /staff/reports/csat      ratings, with comments
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy import Connection

from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import services
from deskhand.doors.api.routers import for_staff
from deskhand.kit.sheets import to_csv
from deskhand.reports import names, queries, ratings, wire
from deskhand.reports.model import Asked, agent_ref, period

router = for_staff("reports", "/reports")

_CSV = "text/csv"
_AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {_CSV: {"schema": {"type": "string"}}}}}

From = Annotated[
    str | None,
    Query(alias="from", description="First day (`2026-05-01`, UTC) or moment; 30 days before the end unless given."),
]
To = Annotated[
    str | None,
    Query(alias="to", description="Last day, or the first moment that no longer counts; today unless given."),
]
Agent = Annotated[
    Annotated[str, AfterValidator(agent_ref)] | None, Query(description="Assignee: a user's id, or `none`.")
]
Category = Annotated[params.Word | None, Query(description="A category's slug.")]


async def _asked(first: From = None, last: To = None, category: Category = None, agent: Agent = None) -> Asked:
    return Asked(period(first, last), category, agent)


Wanted = Annotated[Asked, Depends(_asked)]
Format = Annotated[Literal["json", "csv"] | None, Query(alias="format", description="Instead of `Accept`.")]
SummaryTable = Annotated[
    Literal["by_day", "by_category", "by_agent", "by_channel"], Query(description="Which table the CSV holds.")
]
CsatTable = Annotated[
    Literal["by_day", "by_category", "by_agent", "comments"], Query(description="Which table the CSV holds.")
]


@router.get("/summary", response_model=wire.SummaryOut, responses=_AS_CSV)
async def report_summary(
    request: Request, asked: Wanted, form: Format = None, table: SummaryTable = "by_day"
) -> Response:
    """How much came in and was done, what is left, and how long customers waited."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        report = queries.summarise(tx, actor, asked)
        return wire.summary(report, names.find(tx, report.by_agent))

    return await _answer(request, query, f"summary-{table}", form, table)


@router.get("/csat", response_model=wire.CsatOut, responses=_AS_CSV)
async def report_csat(request: Request, asked: Wanted, form: Format = None, table: CsatTable = "by_day") -> Response:
    """What customers said of the help they got."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        report = ratings.rate(tx, actor, asked)
        return wire.csat(report, names.find(tx, report.by_agent))

    return await _answer(request, query, f"csat-{table}", form, table)


async def _answer(
    request: Request, query: Callable[[Connection], Any], name: str, form: str | None, table: str
) -> Response:
    report = await services(request).store.read_slow(query)
    if form == "csv" or (form is None and _prefers_csv(request)):
        text = to_csv(report[table])
        response = answers.found(request, text)  # for its ETag
        if response.status_code == 200:
            headers = {key: response.headers[key] for key in ("etag", "cache-control", "vary")}
            response = Response(text, 200, headers, _CSV)
            response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    else:
        response = answers.found(request, report)
    response.headers["Vary"] += ", Accept"
    return response


def _prefers_csv(request: Request) -> bool:
    """Whether `Accept` names CSV before JSON and before whatever there is."""
    named = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return next((kind for kind in named if kind in {_CSV, "application/json", "*/*"}), "") == _CSV
