"""Asking the host product for a customer's usage, once the ticket is safely stored.

The question is a POST of JSON, signed after the Standard Webhooks specification where a secret is set; the JSON object
of the answer is kept beside the ticket as its usage. A silent host is asked again, and never holds a ticket up.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping

from deskhand.accounts import people
from deskhand.accounts.actor import SYSTEM
from deskhand.kit import jobs
from deskhand.kit.db import Store
from deskhand.kit.jobs import GiveUp, Job, TryLater
from deskhand.kit.settings import Settings
from deskhand.tickets import access, snapshot

_MAX_ANSWER = 16_384  # bytes


def queue(tx: Connection, settings: Settings, event: RowMapping) -> None:
    """The reaction to a new ticket whose usage nobody has told."""
    found = snapshot.find(tx, event["subject_id"])
    if settings.enrich_url and found is not None and found["usage_state"] == "waiting":
        ticket_id = event["subject_id"]
        jobs.enqueue(tx, "ticket.enrich", {"ticket_id": ticket_id}, dedupe_key=f"enrich:{ticket_id}")


def fetch(store: Store, settings: Settings, job: Job) -> None:
    """Ask, and keep the answer. Raises TryLater while the host is in trouble, GiveUp where asking again cannot help."""
    ticket_id = job.payload["ticket_id"]
    with store.reading() as tx:
        question = _question(tx, ticket_id)
    try:
        usage = _ask(settings, job.id, question)
    except GiveUp:
        _give_up(store, ticket_id)
        raise
    except TryLater:
        if job.attempts >= jobs.MAX_ATTEMPTS:
            _give_up(store, ticket_id)
        raise
    with store.begin() as tx:
        snapshot.keep_usage(tx, ticket_id, usage)


def _question(tx: Connection, ticket_id: str) -> dict[str, Any]:
    ticket = access.get(tx, SYSTEM, ticket_id)
    person = people.get(tx, ticket.requester_id)
    account = people.find_account(tx, account_id=person["account_id"]) if person["account_id"] else None
    return {
        "ticket": {"id": ticket.id, "readable_id": ticket.readable_id},
        "user": {"sub": person["host_sub"], "email": person["email"], "name": person["name"]},
        "account": {"id": account["external_id"]} if account else None,
    }


def _ask(settings: Settings, message_id: str, question: dict[str, Any]) -> dict[str, Any]:
    # Where no host is asked, nothing of HTTP is loaded: 5 MB, and a tenth of a second at each start.
    from deskhand.kit import http

    body = orjson.dumps(question)
    headers = {"Content-Type": "application/json", **_signature(settings.enrich_secret, message_id, body)}
    try:
        answer = http.fetch(
            settings.enrich_url,
            method="POST",
            content=body,
            headers=headers,
            timeout=settings.enrich_timeout,
            max_bytes=_MAX_ANSWER,
            allow_private=True,
        )
    except http.ResponseTooLarge as problem:
        raise GiveUp(str(problem)) from None
    except http.FetchFailed as problem:
        raise TryLater(str(problem)) from None
    if answer.status in {408, 425, 429} or answer.status >= 500:
        raise TryLater(f"DESKHAND_ENRICH_URL answered {answer.status}.")
    if not 200 <= answer.status < 300:
        raise GiveUp(f"DESKHAND_ENRICH_URL answered {answer.status}.")
    return _object(answer.body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        usage = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise GiveUp("DESKHAND_ENRICH_URL answered something that is no JSON.") from None
    if not isinstance(usage, dict) or b"\\u0000" in body:
        raise GiveUp("DESKHAND_ENRICH_URL answered something that is no JSON object we can keep.")
    return usage


def _signature(secret: str, message_id: str, body: bytes) -> dict[str, str]:
    if not secret:
        return {}
    from standardwebhooks import Webhook

    moment = datetime.now(UTC)
    signer = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signer.sign(message_id, moment, body.decode()),
    }


def _give_up(store: Store, ticket_id: str) -> None:
    with store.begin() as tx:
        snapshot.give_up_usage(tx, ticket_id)
