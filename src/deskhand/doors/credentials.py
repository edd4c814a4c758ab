"""The session cookie, by which pages and the API know the same person."""

from deskhand.accounts import sessions
from deskhand.accounts.actor import Actor, Client
from deskhand.doors.services import Services

SESSION_COOKIE = "deskhand_session"


async def by_cookie(desk: Services, cookie: str, client: Client) -> Actor:
    """Who the cookie says it is. Raises Unauthenticated once the session has ended."""
    claims = desk.own_tokens.verify(cookie)
    return await desk.store.read(sessions.authenticate, claims.user_id, claims.session_id, client)
