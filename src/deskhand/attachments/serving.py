"""How a file is handed out, as plain data: status, headers, and which bytes. RFC 9110, sections 13 and 14."""

import re
from typing import NamedTuple

from deskhand.attachments.images import THUMBNAIL_TYPE
from deskhand.attachments.model import Attachment
from deskhand.attachments.names import content_disposition

_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)

# Whatever it is, it runs nothing, reaches nothing and belongs to no origin. Kept by the browser, but asked for again
# each time: rights may have changed.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}


class Served(NamedTuple):
    """200, 206, 304 or 416; `span` is what `Storage.get_stream(key, span)` takes, None where there is no body."""

    status: int
    headers: dict[str, str]
    key: str
    span: tuple[int, int] | None


def serve(
    file: Attachment, *, range_: str | None = None, if_range: str | None = None, if_none_match: str | None = None
) -> Served:
    """The file itself. The arguments are the request's headers `Range`, `If-Range` and `If-None-Match`."""
    disposition = content_disposition(file.filename, inline=file.inline)
    asked = _Asked(range_, if_range, if_none_match)
    return _serve(file.storage_key, file.size, f'"{file.sha256}"', file.content_type, disposition, asked)


def serve_thumbnail(file: Attachment, *, if_none_match: str | None = None) -> Served | None:
    """The small picture of an image; None where there is none."""
    if file.thumbnail_key is None or file.thumbnail_size is None:
        return None
    etag = f'"{file.sha256}-thumbnail"'
    asked = _Asked(None, None, if_none_match)
    return _serve(file.thumbnail_key, file.thumbnail_size, etag, THUMBNAIL_TYPE, "inline", asked)


class _Asked(NamedTuple):
    range_: str | None
    if_range: str | None
    if_none_match: str | None


def _serve(key: str, size: int, etag: str, content_type: str, disposition: str, asked: _Asked) -> Served:
    headers = {**_HEADERS, "ETag": etag}
    if asked.if_none_match and _matches(asked.if_none_match, etag):
        return Served(304, headers, key, None)
    headers |= {"Content-Type": content_type, "Content-Disposition": disposition}
    if asked.range_ and asked.if_range in {None, etag}:
        span = _span(asked.range_, size)
        if span is _UNSATISFIABLE:
            return Served(416, {**headers, "Content-Range": f"bytes */{size}", "Content-Length": "0"}, key, None)
        if span:
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
            return Served(206, {**headers, "Content-Length": str(span[1] - span[0])}, key, span)
    return Served(200, {**headers, "Content-Length": str(size)}, key, (0, size))


_UNSATISFIABLE = (0, 0)


def _span(header: str, size: int) -> tuple[int, int] | None:
    """The one range asked for, its end excluded. None, the whole file, for several ranges, other units and nonsense."""
    asked = _RANGE.fullmatch(header)
    if not asked or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    return (start, end) if start < end else _UNSATISFIABLE


def _matches(header: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags
