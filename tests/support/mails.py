"""What tests of mails share: reading those that a desk wrote."""

import re
from email.message import EmailMessage
from typing import Any, NamedTuple

from sqlalchemy import select

from deskhand.kit.mail_message import from_text
from deskhand.notifications.tables import mails
from tests.support.app import Desk

TOKEN = r"[A-Za-z0-9_-]+"


class Mail(NamedTuple):
    """A row of the outbox, and the message in it."""

    kind: str
    to: str
    state: str
    error: str | None
    message: EmailMessage
    source: str

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def words(self) -> str:
        """Everything a reader could see: headers, decoded, and both parts."""
        headers = "\n".join(f"{name}: {value}" for name, value in self.message.items())
        return "\n".join((headers, self.text, self.html))

    @property
    def one_click(self) -> str:
        """The path that a mail program posts to (RFC 8058)."""
        assert self.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        return str(self.message["List-Unsubscribe"]).removeprefix("<http://testserver").removesuffix(">")

    def link(self, path: str) -> str:
        """The path of the link in the text that begins with `path`."""
        return re.findall(rf"http://testserver({path}[A-Za-z0-9_?=./-]*)", self.text)[0]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return part.get_content()


def outbox(desk: Desk) -> list[Mail]:
    """Every mail there is, oldest first."""
    rows = desk.read(lambda tx: tx.execute(select(mails).order_by(mails.c.id)).mappings().all())
    return [_mail(row) for row in rows]


def mailed(desk: Desk) -> list[Mail]:
    """Do the work that waits; the mails that this wrote, oldest first."""
    before = len(outbox(desk))
    desk.work()
    return outbox(desk)[before:]


def told(desk: Desk) -> list[tuple[str, str]]:
    """Do the work that waits; (first part of the address, kind) of each mail that this wrote, sorted."""
    return sorted((mail.to.partition("@")[0], mail.kind) for mail in mailed(desk))


def _mail(row: Any) -> Mail:
    return Mail(row["kind"], row["recipient"], row["state"], row["error"], from_text(row["content"]), row["content"])
