"""The switchboard comes to the route that trying all of them in turn would have come to."""

import random
import re

import pytest
from fastapi.testclient import TestClient
from starlette.routing import Match

from deskhand import wiring
from deskhand.doors.switchboard import Switchboard
from tests.support.app import Desk

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "FOO")
WORDS = ("a", "7", "public", "search", "new", "tickets", "a.b", "x y", "é", "%0a")


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_every_path_leads_where_it_would_have_led(desk: Desk) -> None:
    app = wiring.build_app(desk.services)
    board, chance = app.router.middleware_stack, random.Random(3)
    assert isinstance(board, Switchboard)
    templates = [getattr(route, "path_format", None) or route.path for route in board.routes]  # type: ignore[attr-defined]
    filled = {re.sub(r"\{[^}]+\}", lambda _: chance.choice(WORDS), path) for path in templates * 3}
    for path in sorted(filled | {f"{path}/" for path in filled} | {f"{path}\n" for path in filled}):
        for method in METHODS:
            scope = {"type": "http", "method": method, "path": path, "root_path": ""}
            in_turn = next((route for route in app.router.routes if route.matches(scope)[0] is Match.FULL), None)
            assert board.find(scope)[0] is in_turn, (method, path)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_it_does_not_know_is_left_to_the_router(desk: Desk) -> None:
    client = TestClient(wiring.build_app(desk.services))
    assert client.get("/api/v1/support/categories/", follow_redirects=False).status_code == 307
    assert client.delete("/api/v1/support/categories").headers["allow"] == "GET"
    assert client.get("/nowhere").status_code == 404
