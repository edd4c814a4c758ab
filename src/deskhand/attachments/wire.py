"""The shape of attachments, the same for customers and staff."""

import re
from typing import NotRequired

from typing_extensions import TypedDict

from deskhand.attachments import model

URL = "/api/v1/support/attachments/"

# What would end the link's text or be taken for more markup in it.
_SPECIAL = re.compile(r"[\\\[\]`*<&]")


class Attachment(TypedDict):
    """`markdown` is the link to put into a message; `thumbnail_url` is there for images."""

    id: str
    filename: str
    content_type: str
    size: int
    url: str
    markdown: str
    thumbnail_url: NotRequired[str]


def attachment(row: model.Attachment) -> Attachment:
    text = _SPECIAL.sub(r"\\\g<0>", row.filename)
    shape: Attachment = {
        "id": row.id,
        "filename": row.filename,
        "content_type": row.content_type,
        "size": row.size,
        "url": URL + row.id,
        "markdown": f"{'!' if row.is_image else ''}[{text}](attachment:{row.id})",
    }
    if row.is_image:
        shape["thumbnail_url"] = f"{URL}{row.id}/thumbnail"
    return shape
