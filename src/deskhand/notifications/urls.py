"""Where the links in mails lead, and what the signed ones carry."""

from sqlalchemy import RowMapping

from deskhand.accounts.actor import Role
from deskhand.kit.clock import DAY
from deskhand.kit.settings import Settings
from deskhand.kit.signing import Signer

TICKET = "ticket-link"
SILENCE = "silence"
_TICKET_LASTS = 180 * DAY


def ticket(
    settings: Settings, signer: Signer, ticket_id: str, readable_id: str, reader: RowMapping, *, verified: bool = True
) -> str:
    """The page on which this reader follows the ticket. Who has no way to sign in gets a signed link."""
    if reader["role"] != Role.CUSTOMER:
        return f"{settings.base_url}/desk/tickets/{readable_id}"
    if verified and (reader["login"] or reader["host_sub"]):
        return f"{settings.base_url}/support/{readable_id}"
    return f"{settings.base_url}/t/{signer.sign(TICKET, [ticket_id], _TICKET_LASTS)}"


def files(settings: Settings, ticket_url: str) -> str:
    """What stands before the ids of the ticket's files, for a reader who came by a signed link; "" for all others."""
    return f"{ticket_url}/attachments/" if ticket_url.startswith(f"{settings.base_url}/t/") else ""


def silence(settings: Settings, signer: Signer, user_id: str, ticket_id: str | None) -> str:
    """One click and there is no more of this (RFC 8058); without a ticket, no more mails at all."""
    return f"{settings.base_url}/unsubscribe/{signer.sign(SILENCE, [user_id, ticket_id], None)}"
