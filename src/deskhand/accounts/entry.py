"""Ways into an own account by a signed link: the first admin's, a reset or invitation, an e-mail's confirmation.

Hashing a password takes long and happens before the transaction; `hashed` is what came of it.
"""

from sqlalchemy import Connection, RowMapping

from deskhand.accounts import links, people
from deskhand.accounts.actor import Role
from deskhand.accounts.model import FirstAdmin
from deskhand.kit.errors import Conflict, FieldError, Invalid
from deskhand.kit.signing import Signer


class AlreadySetUp(Conflict):
    code = "already_set_up"
    title = "There is an admin already"


class WrongPassword(Invalid):
    def __init__(self) -> None:
        message = "This is not the password that was chosen with this address."
        super().__init__(message, [FieldError("password", "wrong_password", message)])


def make_first_admin(tx: Connection, signer: Signer, new: FirstAdmin, hashed: str) -> RowMapping:
    """Raises BadLink, AlreadySetUp."""
    links.redeem(tx, signer, "first-admin", token=new.token)
    if people.count_admins(tx):
        raise AlreadySetUp
    return people.create_own(tx, email=new.email, name=new.name, password_hash=hashed, role=Role.ADMIN, verified=True)


def choose_password(tx: Connection, signer: Signer, token: str, hashed: str) -> None:
    """Follow a reset's or an invitation's link: every session of the account ends. Raises BadLink."""
    user_id = links.redeem(tx, signer, "reset", "invite", token=token)
    people.reset_password(tx, user_id or "", hashed)


def claimed_by(tx: Connection, signer: Signer, token: str) -> RowMapping:
    """Whose address a verification's link is to confirm; uses nothing up. Raises BadLink."""
    return people.get(tx, links.peek(tx, signer, "verify", token=token) or "")


def confirm_email(tx: Connection, signer: Signer, token: str, stored: str) -> None:
    """Confirm the address, for whoever just gave the password that `stored` is the hash of. Raises BadLink.

    The link alone does not do: somebody else may have signed up with this address and waits for its owner to click.
    """
    user_id = links.redeem(tx, signer, "verify", token=token)
    if people.get(tx, user_id or "")["password_hash"] != stored:
        raise links.BadLink
    people.verify_email(tx, user_id or "")
