"""Ways into an own account by a signed link: the first admin's, a reset or invitation, an e-mail's confirmation.

Hashing a password takes long and happens before the transaction; `hashed` is what came of it.
"""

from sqlalchemy import Connection, RowMapping

from deskhand.accounts import links, people
from deskhand.accounts.actor import Role
from deskhand.accounts.model import FirstAdmin
from deskhand.kit.errors import Conflict
from deskhand.kit.signing import Signer


class AlreadySetUp(Conflict):
    code = "already_set_up"
    title = "There is an admin already"


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


def confirm_email(tx: Connection, signer: Signer, token: str) -> None:
    """Raises BadLink."""
    people.verify_email(tx, links.redeem(tx, signer, "verify", token=token) or "")
