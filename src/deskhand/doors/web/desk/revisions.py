"""What an article said before, what readers thought of it, and what they looked for in vain.

GET  /desk/kb/{article_id}/revisions                       all of them, and one compared with the one before
POST /desk/kb/{article_id}/revisions/{number}/restore
GET  /desk/kb/{article_id}/votes                           what readers said
GET  /desk/kb/misses                                       searches that found nothing
POST /desk/kb/misses                                       dealt with: forget one
"""

from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskhand.accounts.actor import Actor, Role
from deskhand.doors.web.desk.frame import framed
from deskhand.doors.web.forms import act, texts
from deskhand.doors.web.rendering import render
from deskhand.doors.web.shell import page
from deskhand.doors.web.visit import actor
from deskhand.kb import access, misses, ops, queries, votes, wire
from deskhand.kit.errors import NotFound

_PER_PAGE = 50
_LINES = 4_000  # beyond which comparing would take too long


async def show(request: Request) -> Response:
    wanted = _number(request.query_params.get("show", ""))
    article_id = request.path_params["article_id"]
    values = await framed(request, _read, article_id, wanted, slow=True)
    return render(request, "desk/kb_revisions.html", **values)


async def restore(request: Request) -> Response:
    who, article_id = actor(request), request.path_params["article_id"]
    number = _number(request.path_params["number"])
    if number is None:
        raise NotFound

    def work(tx: Connection) -> str:
        ops.restore(tx, who, access.lock(tx, who, article_id), number)
        return f"/desk/kb/{article_id}"

    return await act(request, work, flash="Restored, as a new revision.")


async def heard(request: Request) -> Response:
    number = _number(request.query_params.get("page", "")) or 1
    article_id = request.path_params["article_id"]
    values = await framed(request, _votes, article_id, min(number, 10_000), slow=True)
    return render(request, "desk/kb_votes.html", **values)


async def missed(request: Request) -> Response:
    if request.method == "POST":
        query = (await texts(request)).get("query", "")

        def work(tx: Connection) -> str:
            misses.dismiss(tx, actor(request), query)
            return "/desk/kb/misses"

        return await act(request, work, flash="Forgotten, until somebody asks again.")
    number = _number(request.query_params.get("page", "")) or 1
    values = await framed(request, _misses, min(number, 10_000), slow=True)
    return render(request, "desk/kb_misses.html", **values)


def compare(before: str, after: str) -> list[tuple[str, str]]:
    """Lines as (`same`, `gone` or `new`, text); long stretches that are the same are left out as `skip`."""
    old, new = before.split("\n"), after.split("\n")
    if len(old) + len(new) > _LINES:
        return [("new", line) for line in new]
    told: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            told += _shortened(old[i1:i2])
        else:
            told += [("gone", line) for line in old[i1:i2]] + [("new", line) for line in new[j1:j2]]
    return told


def _shortened(lines: list[str]) -> list[tuple[str, str]]:
    if len(lines) <= 8:
        return [("same", line) for line in lines]
    kept = [("same", line) for line in lines[:3]], [("same", line) for line in lines[-3:]]
    return [*kept[0], ("skip", str(len(lines) - 6)), *kept[1]]


def _read(tx: Connection, who: Actor, article_id: str, wanted: int | None) -> dict[str, Any]:
    article = access.get(tx, who, article_id)
    latest = queries.latest_revision(tx, article.id)
    number = min(wanted or latest, latest)
    rows, _ = queries.list_revisions(tx, article.id, page=max(1, -(-latest // _PER_PAGE)), per_page=_PER_PAGE)
    shown = queries.get_revision(tx, article.id, number)
    before = queries.get_revision(tx, article.id, number - 1) if number > 1 else None
    return {
        "article": wire.listed(article),
        "revisions": [wire.revision(row) for row in reversed(rows)],
        "shown": wire.revision(shown),
        "changes": compare(_whole(before), _whole(shown)),
        "latest": latest,
    }


def _votes(tx: Connection, who: Actor, article_id: str, number: int) -> dict[str, Any]:
    article = access.get(tx, who, article_id)
    rows, total = votes.list_votes(tx, who, article, commented=False, page=number, per_page=_PER_PAGE)
    found = {"votes": [wire.vote(row) for row in rows], "total": total, "page": number, "per_page": _PER_PAGE}
    return {"article": wire.listed(article)} | found


def _misses(tx: Connection, who: Actor, number: int) -> dict[str, Any]:
    rows, total = misses.list_misses(tx, who, page=number, per_page=_PER_PAGE)
    return {"misses": [wire.miss(row) for row in rows], "total": total, "page": number, "per_page": _PER_PAGE}


def _whole(revision: Any) -> str:
    return f"# {revision.title}\n{revision.summary}\n\n{revision.body}" if revision else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 10 and int(text) else None


routes = [
    Route("/desk/kb/misses", page(missed, Role.AGENT), methods=["GET", "POST"]),
    Route("/desk/kb/{article_id}/revisions", page(show, Role.AGENT), methods=["GET"]),
    Route("/desk/kb/{article_id}/votes", page(heard, Role.AGENT), methods=["GET"]),
    Route("/desk/kb/{article_id}/revisions/{number}/restore", page(restore, Role.AGENT), methods=["POST"]),
]
