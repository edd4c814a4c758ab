"""A form that is tried: done, or shown again with what was typed, why not, and the status that says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from deskhand.doors.web.forms import act, messages
from deskhand.doors.web.languages import say
from deskhand.doors.web.rendering import render
from deskhand.doors.web.visit import visit
from deskhand.kit.errors import Conflict, Invalid, TooMany


class Trial:
    """`new` is the act's input, or None where it is not valid.

    `errors` are messages by field, under `form` what belongs to none; `wait` is seconds until a limit opens.
    """

    def __init__(self, new: Any = None, given: dict[str, str] | None = None, errors: dict[str, str] | None = None):
        self.new, self.given, self.errors = new, given or {}, errors or {}
        self.status, self.headers = 422 if self.errors else 200, {}
        self.wait: int | None = None

    def refuse(self, field: str, message: str) -> None:
        self.errors, self.status = self.errors | {field: message}, 422

    async def act(self, request: Request, work: Callable[[Connection], str], **more: Any) -> Response | None:
        """As `forms.act`; None where there is something that the form itself has to tell."""
        if not self.errors:
            with self.hearing(request):
                return await act(request, work, **more)
        return None

    @contextmanager
    def hearing(self, request: Request) -> Iterator[None]:
        """Within, a refusal that belongs into the form ends the block and is kept for it."""
        try:
            yield
        except (Conflict, Invalid, TooMany) as refusal:
            self.status, self.headers = refusal.status, refusal.headers
            if isinstance(refusal, TooMany):
                self.wait = refusal.retry_after
            elif isinstance(refusal, Invalid) and refusal.errors:
                self.errors = messages(request, refusal)
            else:
                self.errors = {"form": say(visit(request).language, refusal.detail)}

    def render(self, request: Request, template: str, **context: Any) -> Response:
        tried = {"errors": self.errors, "given": self.given, "wait": self.wait}
        return render(request, template, self.status, headers=self.headers, **tried, **context)
