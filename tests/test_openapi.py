"""The document that describes the API, held against the API, by requests made from it, right and wrong."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from deskhand import wiring
from tests.support.api import UNLIMITED, api_key, cast, nothing, png, upload
from tests.support.app import Desk, running

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {"sqlite": 3, "postgresql": 1}  # for each operation and kind of data
LONG = 1000  # a string whose maximum is beyond would take seconds to make up


def as_made_from(desk: Desk) -> BaseSchema:
    """The document, without the credentials (ours are right) and without the longest lengths."""
    document = desk.anyone().get("/api/openapi.json", expect=200).json()
    del document["components"]["securitySchemes"]
    for item in document["paths"].values():
        for operation in item.values():
            del operation["security"]
    _shorten(document)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = wiring.build_app(desk.services)
    return schema


def _shorten(part: Any) -> None:
    if isinstance(part, dict):
        if isinstance(part.get("maxLength"), int) and part["maxLength"] > LONG:
            del part["maxLength"]
        for value in part.values():
            _shorten(value)
    elif isinstance(part, list):
        for value in part:
            _shorten(value)


def known_ids(desk: Desk, who: str) -> dict[str, str]:
    """What paths may name, so that requests reach something."""
    sam, own = desk.as_("sam"), "alice" if who == "alice" else who
    file = upload(desk.as_(own), png(), "shot.png", expect=201).json()
    ticket = desk.new_ticket(own, body=file["markdown"], metadata={"n": 1})["id"]
    desk.as_("sam").post(f"/staff/tickets/{ticket}/notes", {"body": "Hm."}, expect=201)
    desk.as_("sam").patch(f"/staff/tickets/{ticket}", {"tags": ["a"], "assignee_id": desk.user_id("sam")}, expect=200)
    article = {"title": "How", "body": "So.", "slug": "how", "status": "published"}
    made = sam.post("/staff/kb/articles", article, expect=201).json()
    form = {"name": "V", "email": "v@example.com", "subject": "s", "body": "b", "honeypot": "x"}
    desk.anyone().post("/tickets/public", form, expect=201)
    sam.put("/staff/accounts/acme", {"name": "Acme"}, expect=200)
    desk.new_ticket("bob")
    desk.work()  # of which the team is mailed
    return {
        "ticket_id": ticket,
        "attachment_id": file["id"],
        "article_id": made["id"],
        "number": "1",
        "slug": "how",
        "key_id": api_key(desk, own)[0],
        "spam_id": sam.get("/staff/spam").json()["spam"][0]["id"],
        "user_id": desk.user_id("mallory"),
        "external_id": "acme",
        "mail_id": desk.as_("ada").get("/staff/outbox").json()["mails"][0]["id"],
    }


# Each on the routes that are for them; Ada on those that nobody needs a login for, too.
SIDES = {"alice": ("own",), "sam": ("staff",), "ada": ("staff", "open")}


def side_of(path: str) -> str:
    if "/staff/" in path:
        return "staff"
    return "open" if re.search("/auth/|/kb/|/public$|/categories$", path) else "own"


@pytest.mark.parametrize("who", SIDES)
def test_the_api_is_what_its_document_says(database_url: str, tmp_path: Path, engine_name: str, who: str) -> None:
    with running(database_url, tmp_path, signup=True, **UNLIMITED) as desk:
        cast(desk)
        ids, schema = known_ids(desk, who), as_made_from(desk)
        headers = {"X-API-Key": api_key(desk, who)[1]}
        wrong: dict[str, str] = {}
        seen: Counter[int] = Counter()

        def ask(case: Case, mode: GenerationMode) -> None:
            if mode is GenerationMode.POSITIVE:
                case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
            checks = CHECKS if mode is GenerationMode.POSITIVE else [*CHECKS, negative_data_rejection]
            answer = case.call(headers=headers)
            seen[answer.status_code] += 1
            try:
                case.validate_response(answer, checks=checks)
            except FailureGroup as failures:
                for failure in failures.exceptions:
                    wrong.setdefault(f"{case.operation.label}: {failure.title}", str(failures))

        for operation in schema.get_all_operations():
            asked = operation.ok()
            if side_of(asked.path) not in SIDES[who]:
                continue
            for mode in GenerationMode:
                if mode is GenerationMode.POSITIVE or len(asked.query) or len(asked.body):
                    _try(asked.as_strategy(generation_mode=mode), ask, mode, EXAMPLES[engine_name])
        nothing([f"{title}\n{text[:1500]}" for title, text in wrong.items()])
        assert seen.keys() >= {200, 201, 422}


def _try(strategy: Any, ask: Any, mode: GenerationMode, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run(case: Case) -> None:
        ask(case, mode)

    try:
        run()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing that one could say to it would be wrong


def test_choices_are_listed(desk: Desk) -> None:
    shapes = desk.anyone().get("/api/openapi.json").json()["components"]["schemas"]

    def choices(shape: str, field: str) -> set[str]:
        return set(shapes[shape]["properties"][field]["enum"])

    statuses, priorities = {"open", "pending", "resolved", "closed"}, {"low", "medium", "high", "urgent"}
    for shape in ("TicketOut", "ThreadOut", "StaffTicket", "StaffThread"):
        assert choices(shape, "status") == statuses
        assert choices(shape, "priority") == priorities
    assert choices("Author", "type") == choices("StaffAuthor", "type") == {"customer", "agent", "system"}
    assert choices("StaffMessage", "kind") == {"message", "note"}
    assert choices("StaffMessage", "identity") == {"session", "api_key", "signed_link", "verified_mail", "unverified"}
    assert choices("Me", "role") == choices("User", "role") == {"customer", "agent", "admin"}
    for shape in ("TicketOut", "MessageOut", "NewTicket", "NewRating"):
        assert shapes[shape].get("examples"), shape
