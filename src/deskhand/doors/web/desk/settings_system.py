"""What runs behind the desk.

GET  /desk/settings                      to the first of them
GET  /desk/settings/mail                 how mail goes out, and every mail that did
GET  /desk/settings/mail/{mail_id}       one of them
GET  /desk/settings/limits               how much each person may do
GET  /desk/settings/jobs                 what failed
POST /desk/settings/jobs/{job_id}/retry
"""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act
from deskhand.doors.web.rendering import go, render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor, services
from deskhand.kit import jobs
from deskhand.kit.clock import rfc3339
from deskhand.kit.errors import NotFound
from deskhand.kit.ids import parse_id
from deskhand.kit.limits import Rate
from deskhand.kit.settings import PREFIX, Settings
from deskhand.notifications import outbox

_PER_PAGE = 30
_STATES = ("waiting", "sent", "kept", "failed")


async def start(request: Request) -> Response:
    return go(request, "/desk/settings/staff" if actor(request).role is Role.ADMIN else "/desk/settings/views")


async def mail(request: Request) -> Response:
    desk, number = services(request), _page_number(request)
    state = request.query_params.get("state", "")
    values = await framed(request, _mails, state if state in _STATES else None, number, slow=True)
    smtp = urlsplit(desk.settings.smtp_url)
    shown: dict[str, Any] = {
        # The host alone: the address holds a password.
        "smtp": f"{smtp.hostname}:{smtp.port or 25}" if smtp.hostname else "",
        "sender": desk.settings.mail_from,
        "states": _STATES,
        "state": state,
    }
    return render(request, "desk/settings_mail.html", **values | shown)


async def one_mail(request: Request) -> Response:
    values = await framed(request, _mail, _id(request, "mail_id"))
    return render(request, "desk/settings_one_mail.html", headers={"Cache-Control": "no-store"}, **values)


async def limits(request: Request) -> Response:
    values = await framed(request)
    return render(request, "desk/settings_limits.html", limits=_limits(services(request).settings), **values)


async def failed(request: Request) -> Response:
    values = await framed(request, _jobs, _page_number(request), slow=True)
    return render(request, "desk/settings_jobs.html", **values)


async def retry(request: Request) -> Response:
    job_id = _id(request, "job_id")

    def work(tx: Connection) -> str:
        jobs.retry(tx, job_id)
        return "/desk/settings/jobs"

    return await act(request, work, flash="It is being tried again.")


def _limits(settings: Settings) -> list[dict[str, Any]]:
    found = []
    for name, field in Settings.model_fields.items():
        if name.startswith("limit_"):
            rate: Rate | None = getattr(settings, name)
            shown = {"name": PREFIX + name.upper(), "what": field.description or ""}
            found.append(shown | {"count": rate and rate.count, "seconds": rate and rate.seconds})
    return found


def _mails(tx: Connection, who: Actor, state: str | None, number: int) -> dict[str, Any]:
    rows, total = outbox.list_mails(tx, who, state=state, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
    return {"mails": [outbox.mail(row) for row in rows], "total": total, "page": number, "per_page": _PER_PAGE}


def _mail(tx: Connection, who: Actor, mail_id: str) -> dict[str, Any]:
    return {"mail": outbox.mail_with_text(outbox.get(tx, who, mail_id))}


def _jobs(tx: Connection, _who: Actor, number: int) -> dict[str, Any]:
    rows, total = jobs.list_jobs(tx, state="failed", limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
    shown = [
        {name: row[name] for name in ("id", "kind", "state", "attempts", "error")}
        | {"run_at": rfc3339(row["run_at"]), "created_at": rfc3339(row["created_at"])}
        for row in rows
    ]
    return {"jobs": shown, "total": total, "page": number, "per_page": _PER_PAGE}


def _page_number(request: Request) -> int:
    given = request.query_params.get("page", "1")
    return max(1, int(given)) if given.isdecimal() and given.isascii() and len(given) < 7 else 1


def _id(request: Request, name: str) -> str:
    found = parse_id(request.path_params[name])
    if found is None:
        raise NotFound
    return found


routes = [
    Route("/desk/settings", page(start, Role.AGENT), methods=["GET"]),
    Route("/desk/settings/mail", page(mail, Role.ADMIN), methods=["GET"]),
    Route("/desk/settings/mail/{mail_id}", page(one_mail, Role.ADMIN), methods=["GET"]),
    Route("/desk/settings/limits", page(limits, Role.ADMIN), methods=["GET"]),
    Route("/desk/settings/jobs", page(failed, Role.AGENT), methods=["GET"]),
    Route("/desk/settings/jobs/{job_id}/retry", page(retry, Role.AGENT), methods=["POST"]),
]
