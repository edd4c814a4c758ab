"""One ticket of the demo as acts: filed, sorted, answered, noted, resolved, closed, rated."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from zlib import crc32

from sqlalchemy import Connection

from deskhand.accounts.actor import SYSTEM, Actor, Client, Identity
from deskhand.csat import ops as csat
from deskhand.csat.model import NewRating
from deskhand.kit.clock import MINUTE, SECOND
from deskhand.kit.settings import Settings
from deskhand.tickets import access, create, ops
from deskhand.tickets.model import NewNote, NewReply, NewStaffReply, NewTicket, StaffTicketChange, Status, Ticket

_CHANNELS = {
    "api": (Identity.API_KEY, "altimeter-python/2.4.1"),
    "web": (Identity.SESSION, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    "contact": (
        Identity.SIGNED_LINK,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 Safari/605.1.15",
    ),
    "mail": (Identity.VERIFIED_MAIL, ""),
}
_READ_AFTER = 25 * MINUTE
_ALREADY_READ = 12 * 60  # minutes; the requester has not yet seen what is younger

People = dict[str, Actor]


def story(
    tx: Connection, settings: Settings, told: dict[str, Any], staff: People, customers: People, zero: int
) -> Iterator[tuple[int, Callable[[], object]]]:
    """(moment, act) of one ticket, in order; ages count back from `zero`, in microseconds."""
    it = _Telling(tx, settings, told, staff, customers)
    filed = zero - told["age"] * MINUTE
    answers = [message for message in told["messages"] if message["by"] in staff]
    sorter = told["assignee"] or (answers[0]["by"] if answers else None)
    yield filed, lambda: it.file(guess=told["channel"] != "web" and sorter is not None)
    if sorter:
        # Just before the first answer, or a while after the ticket came in.
        first = (
            zero - answers[0]["age"] * MINUTE - 40 * SECOND if answers else filed + min(told["age"], 8) * MINUTE // 2
        )
        yield max(filed + SECOND, first), lambda: it.sort(staff[sorter])
    for message in told["messages"]:
        at = zero - message["age"] * MINUTE
        yield at, lambda message=message: it.write(message)
        if message in answers and not message["note"] and message["age"] > _ALREADY_READ:
            yield at + _READ_AFTER, it.read
    if "resolved_age" in told:
        closer = staff[told["assignee"] or answers[-1]["by"]]
        yield zero - told["resolved_age"] * MINUTE, lambda: it.resolve(closer)
    if "closed_age" in told:
        yield zero - told["closed_age"] * MINUTE, it.close
    if "rating" in told:
        yield zero - told["rating"]["age"] * MINUTE, it.rate


class _Telling:
    """The acts on one ticket, which is fetched anew for each, as every door does."""

    def __init__(
        self, tx: Connection, settings: Settings, told: dict[str, Any], staff: People, customers: People
    ) -> None:
        self.tx, self.settings, self.told = tx, settings, told
        self.staff, self.customers = staff, {email: _through(told, actor) for email, actor in customers.items()}
        self.requester = self.customers[told["requester"]]
        self.id = ""

    def file(self, *, guess: bool) -> None:
        fields = {name: self.told[name] for name in ("subject", "body", "priority", "metadata")}
        new = NewTicket(**fields, category_slug=None if guess else self.told["category"])
        self.id = create.create(self.tx, self.settings, self.requester, new).id

    def sort(self, agent: Actor) -> None:
        wanted: dict[str, Any] = {"category_slug": self.told["category"], "tags": self.told["tags"]}
        if self.told["assignee"]:
            wanted["assignee_id"] = self.staff[self.told["assignee"]].user_id
        ops.change(self.tx, agent, self._ticket(), StaffTicketChange(**wanted))

    def write(self, message: dict[str, Any]) -> None:
        body, agent = message["body"], self.staff.get(message["by"])
        if message["note"] and agent:
            ops.add_note(self.tx, agent, self._ticket(), NewNote(body=body))
        elif agent:
            ops.reply(self.tx, agent, self._ticket(), NewStaffReply(body=body))
        else:
            ops.reply(self.tx, self.customers[message["by"]], self._ticket(), NewReply(body=body))

    def read(self) -> None:
        ops.mark_read(self.tx, self.requester, self._ticket())

    def resolve(self, agent: Actor) -> None:
        ops.change(self.tx, agent, self._ticket(), StaffTicketChange(status=Status.RESOLVED))

    def close(self) -> None:
        by = self.told["closed_by"]
        ops.close(self.tx, SYSTEM if by is None else self.staff.get(by) or self.customers[by], self._ticket())

    def rate(self) -> None:
        rating = self.told["rating"]
        new = NewRating(rating=rating["rating"], comment=rating["comment"] or None)
        csat.rate(self.tx, self.requester, self._ticket(), new)

    def _ticket(self) -> Ticket:
        return access.lock(self.tx, SYSTEM, self.id)


def _through(told: dict[str, Any], actor: Actor) -> Actor:
    """The customer as known through the ticket's channel, always from one address of a documentation network."""
    identity, agent = _CHANNELS[told["channel"]]
    address = "" if told["channel"] == "mail" else f"203.0.113.{1 + crc32((actor.email or '').encode()) % 250}"
    return replace(actor, identity=identity, client=Client(told["channel"], address, agent))
