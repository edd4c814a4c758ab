"""Who acts: the one object that every act and every query asks for leave."""

from dataclasses import dataclass, replace
from enum import StrEnum

from deskhand.kit.addresses import subscriber
from deskhand.kit.errors import Forbidden, Unauthenticated
from deskhand.kit.phrases import Phrase


class Role(StrEnum):
    VISITOR = "visitor"
    CUSTOMER = "customer"
    AGENT = "agent"
    ADMIN = "admin"
    SYSTEM = "system"


class Identity(StrEnum):
    """How sure we are of a message's author; staff see it beside the message."""

    SESSION = "session"
    API_KEY = "api_key"
    SIGNED_LINK = "signed_link"
    VERIFIED_MAIL = "verified_mail"
    UNVERIFIED = "unverified"


class Scope(StrEnum):
    """What an API key may be used for, beneath what its owner may do."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    PREFERENCES = "preferences"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"


@dataclass(frozen=True, slots=True)
class Client:
    """What the request came from: `via` is api, web, contact, mail, staff, cli or system."""

    via: str = "system"
    ip: str = ""
    user_agent: str = ""

    @property
    def network(self) -> str:
        """By what limits count a client who is nobody in particular."""
        return subscriber(self.ip)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the system. `role` is what the actor acts as; `exempt` says that limits do not count for them.

    `ticket_id` narrows an actor who came by a signed link to that ticket alone; `scopes` narrows an API key.
    """

    user_id: str | None
    role: Role
    name: str = ""
    email: str | None = None
    identity: Identity = Identity.SESSION
    client: Client = Client()
    scopes: frozenset[str] | None = None
    session_id: str | None = None
    ticket_id: str | None = None
    exempt: bool = False

    @property
    def is_staff(self) -> bool:
        return self.role in {Role.AGENT, Role.ADMIN}

    @property
    def author(self) -> tuple[str | None, str, str]:
        """(user id, author type, name), as messages and events keep it."""
        kind = "agent" if self.is_staff else "system" if self.role is Role.SYSTEM else "customer"
        return self.user_id, kind, self.name

    def as_customer(self) -> "Actor":
        """The same person on the customers' side, where staff see only what is their own."""
        return self if self.role is Role.CUSTOMER else replace(self, role=Role.CUSTOMER)

    def require(self, scope: Scope) -> None:
        """Raises Forbidden when the API key in use does not reach that far."""
        if self.scopes is not None and scope not in self.scopes:
            raise Forbidden(Phrase("This API key lacks the scope {scope}.", scope=scope), code="missing_scope")

    def require_user(self) -> str:
        """The user's id. Raises Unauthenticated for visitors."""
        if self.user_id is None:
            raise Unauthenticated
        return self.user_id

    def require_staff(self) -> None:
        if not self.is_staff:
            raise Forbidden("This is for the support team.", code="staff_only")

    def require_admin(self) -> None:
        if self.role is not Role.ADMIN:
            raise Forbidden("This is for admins.", code="admin_only")


SYSTEM = Actor(None, Role.SYSTEM, "Deskhand")
