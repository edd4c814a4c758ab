"""What happens behind the scenes: jobs that failed, and the mails.

GET    /staff/jobs                  what failed, or waits to be tried again
POST   /staff/jobs/{job_id}/retry
GET    /staff/outbox                every mail and what became of it (admins)
GET    /staff/outbox/{mail_id}      with its text
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection, RowMapping
from typing_extensions import TypedDict

from deskhand.accounts.actor import Role, Scope
from deskhand.doors.api import answers, params
from deskhand.doors.api.auth import guarded
from deskhand.doors.api.routers import SUPPORT, for_staff
from deskhand.kit import jobs
from deskhand.kit.clock import rfc3339, rfc3339_or_none
from deskhand.notifications import outbox

router = for_staff("jobs")
mails = for_staff("outbox", admins_only=True)
# Mails hold links by which one signs in: a key that may only read must not come by them.
mail_texts = APIRouter(
    prefix=f"{SUPPORT}/staff",
    tags=["Staff: outbox"],
    route_class=guarded(Role.ADMIN, Scope.STAFF_WRITE, Scope.STAFF_WRITE),
)

JobState = Annotated[
    Literal["failed", "queued", "running", "done", "dead", "all"],
    Query(description="`failed`: dead, or waiting to be tried again after a failure."),
]
MailState = Annotated[
    Literal["waiting", "sent", "kept", "failed"] | None, Query(description="`kept`: no SMTP is configured.")
]


class Job(TypedDict):
    """Its payload is not shown: it may hold what is not for every agent."""

    id: str
    kind: str
    state: str
    attempts: int
    run_at: str
    error: str | None
    created_at: str
    finished_at: str | None


class Jobs(TypedDict):
    jobs: list[Job]
    total: int
    page: int
    per_page: int


@router.get("/jobs", response_model=Jobs)
async def list_jobs(
    request: Request, state: JobState = "failed", page: params.Page = 1, per_page: params.PerPage = 20
) -> Response:
    """What failed for good, then what waits to be tried again; or the jobs of one state, newest first."""

    def query(tx: Connection) -> Any:
        wanted = None if state == "all" else state
        rows, total = jobs.list_jobs(tx, state=wanted, limit=per_page, offset=(page - 1) * per_page)
        return {"jobs": [_job(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@router.post("/jobs/{job_id}/retry", response_model=Job)
async def retry_job(request: Request, job_id: str) -> Response:
    """Try again now, with as many attempts as a new job has. One that is under way or done stays as it is."""
    return await answers.act(request, lambda tx: _job(jobs.retry(tx, params.id_of(job_id))))


@mails.get("/outbox", response_model=outbox.Mails)
async def list_mails(
    request: Request, state: MailState = None, page: params.Page = 1, per_page: params.PerPage = 20
) -> Response:
    """Mails, newest first: the local outbox where no SMTP is configured, the record of delivery where it is."""
    actor = answers.actor_of(request)

    def query(tx: Connection) -> Any:
        rows, total = outbox.list_mails(tx, actor, state=state, limit=per_page, offset=(page - 1) * per_page)
        return {"mails": [outbox.mail(row) for row in rows], "total": total, "page": page, "per_page": per_page}

    return await answers.read_page(request, query)


@mail_texts.get("/outbox/{mail_id}", response_model=outbox.MailWithText)
async def get_mail(request: Request, mail_id: str) -> Response:
    """One mail with its text. An API key needs `staff:write` for it: the text may hold a link to sign in by."""
    actor = answers.actor_of(request)
    return await answers.read(request, lambda tx: outbox.mail_with_text(outbox.get(tx, actor, params.id_of(mail_id))))


def _job(row: RowMapping) -> Job:
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": row["state"],
        "attempts": row["attempts"],
        "run_at": rfc3339(row["run_at"]),
        "error": row["error"],
        "created_at": rfc3339(row["created_at"]),
        "finished_at": rfc3339_or_none(row["finished_at"]),
    }
