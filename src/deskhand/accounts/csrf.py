"""CSRF tokens: a signature over the session, which only a page of ours can read and send back in a header."""

from deskhand.kit.errors import Refusal
from deskhand.kit.signing import Signer


def csrf_token(signer: Signer, session_id: str) -> str:
    """The session's token; always the same one."""
    return signer.sign("csrf", [session_id], None)


def csrf_matches(signer: Signer, session_id: str, token: str) -> bool:
    try:
        return signer.read(token, "csrf") == [session_id]
    except Refusal:
        return False
