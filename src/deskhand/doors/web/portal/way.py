"""How a reader came to a ticket's page: signed in, or by the link that was mailed. The page is the same."""

from typing import NamedTuple

from starlette.requests import Request

from deskhand.accounts.actor import Actor
from deskhand.attachments import wire
from deskhand.doors.web.visit import actor, visit
from deskhand.tickets.model import Ticket


class Way(NamedTuple):
    """`ref` is how the address, or the link, names the ticket; `link` is the path of a signed one."""

    who: Actor
    ref: str
    link: str = ""

    def place(self, ticket: Ticket, part: str = "") -> str:
        """Where the ticket's page stands, or that part of it."""
        return f"{self.link or f'/support/{ticket.readable_id}'}{'#' if part else ''}{part}"

    @property
    def files(self) -> str:
        """What stands before the ids of the ticket's files: an account's addresses want a login."""
        return f"{self.link}/attachments/" if self.link else wire.URL


def way(request: Request) -> Way:
    """The one that a link's page has found, or else whoever is signed in."""
    return getattr(request.state, "way", None) or Way(actor(request).as_customer(), request.path_params["ref"])


def is_known(request: Request) -> bool:
    """Whether there is anybody: not once a session has ended."""
    return bool(way(request).link) or visit(request).signed_in
