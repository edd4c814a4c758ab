"""A macro on a ticket: its text with the placeholders replaced, and the change that its actions amount to."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from deskhand.accounts.actor import Actor
from deskhand.brand import queries as brands
from deskhand.kit.errors import Invalid
from deskhand.kit.markdown_text import literal
from deskhand.kit.phrases import Phrase
from deskhand.kit.settings import Settings
from deskhand.macros.model import PLACEHOLDER, Macro
from deskhand.tickets import queries, tags
from deskhand.tickets.model import MAX_BODY, MAX_TAGS, StaffTicketChange, Ticket


class Filled(NamedTuple):
    """`text` is blank for a macro that only changes; `change` has the status too, which a reply takes over."""

    text: str
    change: StaffTicketChange


def fill(tx: Connection, settings: Settings, actor: Actor, ticket: Ticket, macro: Macro) -> Filled:
    """What `macro` comes to on `ticket` in the hands of `actor`. Raises Invalid for too long a text, too many tags."""
    actor.require_staff()
    values = _values(tx, settings, actor, ticket) if PLACEHOLDER.search(macro.body) else {}
    # What stands in braces and is no placeholder any more was one when the macro was saved.
    text = PLACEHOLDER.sub(lambda found: values.get(found[1].strip(), found[0]), macro.body)
    if len(text) > MAX_BODY:
        message = Phrase("With the names filled in, the text is over {most} characters.", most=MAX_BODY)
        raise Invalid.field("body", "too_long", message)
    return Filled(text, _change(tx, actor, ticket, macro))


def _values(tx: Connection, settings: Settings, actor: Actor, ticket: Ticket) -> dict[str, str]:
    """As Markdown that shows what people and products are called, whatever their names look like."""
    customer = queries.person(tx, ticket.requester_id)
    name = customer.name if customer else ""
    plain = {
        "customer.name": name,
        "customer.first_name": first_name(name),
        "ticket.id": ticket.readable_id,
        "ticket.subject": ticket.subject,
        "agent.name": actor.name,
        "agent.first_name": first_name(actor.name),
        "brand": brands.get(tx, settings).name,
    }
    return {placeholder: literal(value) for placeholder, value in plain.items()}


def first_name(name: str) -> str:
    """What one would say after "Hi": the first word, or of somebody known by address alone what stands before the @."""
    return (name.partition("@")[0].split() or [name])[0]


def _change(tx: Connection, actor: Actor, ticket: Ticket, macro: Macro) -> StaffTicketChange:
    given: dict[str, Any] = dict(macro.actions)
    if "assignee" in given:
        named = given.pop("assignee")
        given["assignee_id"] = {"me": actor.user_id, "none": None}.get(named, named)
    if added := given.pop("add_tags", []):
        before = tags.of(tx, [ticket.id])[ticket.id]
        given["tags"] = list(dict.fromkeys([*before, *added]))
        if len(given["tags"]) > MAX_TAGS:
            message = Phrase("{ticket} would have more than {most} tags.", ticket=ticket.readable_id, most=MAX_TAGS)
            raise Invalid.field("tags", "too_many", message)
    return StaffTicketChange.model_validate(given)
