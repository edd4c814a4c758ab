"""A running desk for tests: the real application over a real database, and its cast.

Alice (customer), Bob (her colleague), Mallory (a stranger), Sam (agent), Ada (admin).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from deskhand import wiring
from deskhand.accounts import people, sessions
from deskhand.accounts.actor import Actor, Client, Role
from deskhand.accounts.passwords import Passwords
from deskhand.doors import worker
from deskhand.doors.services import Services
from deskhand.kit import logs
from deskhand.kit.clock import DAY
from deskhand.kit.settings import Settings

SUPPORT = "/api/v1/support"
CAST = {
    "alice": (Role.CUSTOMER, "Alice Moreau"),
    "bob": (Role.CUSTOMER, "Bob Lindqvist"),
    "mallory": (Role.CUSTOMER, "Mallory Stein"),
    "sam": (Role.AGENT, "Sam Okafor"),
    "ada": (Role.ADMIN, "Ada Brandt"),
}
PASSWORD = "correct horse battery"  # of everyone in the cast


class Desk:
    """The application, a client of it that is nobody, and `as_("alice")` for one that is somebody."""

    def __init__(self, services: Services, client: TestClient) -> None:
        self.services, self.client = services, client
        self.settings, self.store = services.settings, services.store
        self._tokens: dict[str, str] = {}

    def as_(self, who: str) -> "Caller":
        """A caller with the session token of one of the cast, who is made on first use."""
        return Caller(self, {"Authorization": f"Bearer {self.token(who)}"})

    def anyone(self, **headers: str) -> "Caller":
        """A caller without credentials, or with the given headers."""
        return Caller(self, headers)

    def token(self, who: str) -> str:
        if who not in self._tokens:
            user_id = self.user_id(who)
            with self.store.begin() as tx:
                session_id = sessions.start(tx, user_id, Client(), self.settings)
            self._tokens[who] = self.services.own_tokens.issue(user_id, session_id, DAY)
        return self._tokens[who]

    def user_id(self, who: str) -> str:
        role, name = CAST[who]
        with self.store.begin() as tx:
            found = people.find_by_login(tx, email(who))
            if found is None:
                hashed = _hash_once(self.services.passwords)
                found = people.create_own(
                    tx, email=email(who), name=name, password_hash=hashed, role=role, verified=True
                )
        return found["id"]

    def actor(self, who: str) -> Actor:
        role, name = CAST[who]
        return Actor(self.user_id(who), role, name, email(who))

    def work(self) -> int:
        """Run everything the worker has to do by now; returns how many steps it took."""
        return worker.drain(self.services, wiring.PLAN)

    def read(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a query on the database behind the application."""
        with self.store.reading() as tx:
            return fn(tx, *args, **kwargs)

    def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        with self.store.begin() as tx:
            return fn(tx, *args, **kwargs)

    def new_ticket(self, who: str = "alice", **fields: Any) -> dict[str, Any]:
        """File a ticket through the API."""
        body = {"subject": "Empty content", "body": "The body is empty since this morning."} | fields
        return self.as_(who).post("/tickets", body, expect=201).json()


class Caller:
    """Calls below `/api/v1/support`; `expect` asserts the status, with the answer in the failure."""

    def __init__(self, desk: Desk, headers: dict[str, str]) -> None:
        self.desk, self.headers = desk, headers

    def request(
        self, method: str, path: str, body: Any = None, *, expect: int | None = None, headers: Any = None, **more: Any
    ) -> httpx2.Response:
        if body is not None:
            more["json"] = body
        url = path if path.startswith(("/api", "http")) else SUPPORT + path
        response = self.desk.client.request(method, url, headers={**self.headers, **(headers or {})}, **more)
        said = f"{method} {path}: {response.status_code} {response.text}"
        assert expect is None or response.status_code == expect, said
        return response

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        return self.request("POST", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        return self.request("PATCH", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        return self.request("PUT", path, body, **more)

    def delete(self, path: str, **more: Any) -> httpx2.Response:
        return self.request("DELETE", path, **more)


def email(who: str) -> str:
    return f"{who}@acme.example" if who in {"alice", "bob"} else f"{who}@{who}.example"


@contextmanager
def running(database_url: str, folder: Path, **settings: Any) -> Iterator[Desk]:
    """A desk over a migrated database; its files lie in `folder`. Cheap password hashes, limits as given or default."""
    logs.configure("text", "warning")
    made = Settings(data_dir=folder, database_url=database_url, base_url="http://testserver", **settings)
    services = wiring.prepare(made, passwords=Passwords(time_cost=1, memory_cost=64))
    with TestClient(wiring.build_app(services), raise_server_exceptions=False, follow_redirects=False) as client:
        yield Desk(services, client)


_hashes: list[str] = []


def _hash_once(passwords: Passwords) -> str:
    if not _hashes:
        _hashes.append(passwords.hash(PASSWORD))
    return _hashes[0]
