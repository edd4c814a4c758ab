"""What the caller wants to be told of.

GET    /preferences
PATCH  /preferences
"""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from deskhand.accounts.actor import Scope
from deskhand.doors.api import answers
from deskhand.doors.api.routers import for_customers
from deskhand.notifications import preferences

router = for_customers("Preferences", Scope.PREFERENCES, Scope.PREFERENCES)


@router.get("/preferences", response_model=preferences.Preferences)
async def get_preferences(request: Request) -> Response:
    """Which mails you get."""
    return await answers.read(request, preferences.get, answers.actor_of(request).require_user())


@router.patch("/preferences", response_model=preferences.Preferences)
async def change_preferences(request: Request, change: preferences.PreferenceChange) -> Response:
    """Change any of the switches."""
    actor = answers.actor_of(request)

    def work(tx: Connection) -> Any:
        return preferences.change(tx, actor, change)

    return await answers.act(request, work)
