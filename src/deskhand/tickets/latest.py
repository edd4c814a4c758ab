"""What was said last on each of many tickets, for lists: enough of it to know what it is about."""

import re
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from deskhand.kit.statements import Statement
from deskhand.kit.text import excerpt
from deskhand.tickets.tables import messages

LENGTH = 200
_READ = 1_000  # characters of HTML, most of which may be tags
_BLOCK = re.compile(r"</?(?:p|div|h[1-6]|ul|ol|li|blockquote|pre|table|tr|t[dh]|br|hr|img)\b[^>]*>?")
_TAG = re.compile(r"<[^>]*>?")

_m = messages.c
_NEWEST = (
    select(func.max(_m.seq))
    .where(_m.ticket_id.in_(bindparam("ids", expanding=True)), _m.kind == "message")
    .group_by(_m.ticket_id)
)
_LATEST = Statement(
    select(_m.ticket_id, _m.author_type, _m.author_name, func.substr(_m.body_html, 1, _READ)).where(_m.seq.in_(_NEWEST))
)


class Latest(NamedTuple):
    """Who wrote it, and how it begins, on one line. Notes do not count: a list may be looked at over a shoulder."""

    author_type: str
    author_name: str
    excerpt: str


def of(tx: Connection, ticket_ids: Sequence[str]) -> dict[str, Latest]:
    """By ticket, in one statement."""
    if not ticket_ids:
        return {}
    found = _LATEST.rows(tx, {"ids": list(ticket_ids)})
    return {ticket_id: Latest(kind, name, _plain(begin)) for ticket_id, kind, name, begin in found}


def _plain(html: str) -> str:
    """Sanitised HTML, maybe cut off, as a line of text."""
    return excerpt(unescape(_TAG.sub("", _BLOCK.sub(" ", html))), LENGTH)
