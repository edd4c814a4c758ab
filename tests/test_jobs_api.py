"""What failed behind the scenes, and the mails: staff look, and try again."""

from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select, update

from deskhand.kit import jobs
from deskhand.kit.clock import HOUR, now
from deskhand.kit.ids import new_id
from deskhand.kit.mail_message import POLICY, to_text
from deskhand.notifications.tables import mails
from tests.support.app import Desk

NOBODY = new_id()


def new_job(desk: Desk, kind: str, **values: Any) -> str:
    desk.write(jobs.enqueue, kind, {"password": "hunter2"}, dedupe_key=kind)
    desk.write(lambda tx: tx.execute(update(jobs.jobs).where(jobs.jobs.c.kind == kind).values(attempts=0, **values)))
    return desk.read(lambda tx: tx.execute(select(jobs.jobs.c.id).where(jobs.jobs.c.kind == kind)).scalar_one())


def fail(desk: Desk, kind: str, *, final: bool) -> str:
    """Run a job of this kind so that it fails."""
    job_id = new_job(desk, kind)
    job = desk.write(jobs.claim, "worker")
    assert (job.id, job.kind) == (job_id, kind)
    desk.write(jobs.fail, job, "worker", f"{kind} went wrong", final=final)
    return job_id


def new_mail(desk: Desk, subject: str, state: str = "kept", **values: Any) -> str:
    message = EmailMessage(policy=POLICY)
    message["To"], message["From"], message["Subject"] = "alice@acme.example", "desk@desk.example", subject
    message.set_content("Hej Zoë,\n\nyour link: https://desk.example/login/reset?token=abc\n")
    message.add_alternative("<p>Hej Zoë</p>", subtype="html")
    row = {
        "id": new_id(),
        "dedupe_key": new_id(),
        "kind": "password_reset",
        "recipient": "alice@acme.example",
        "subject": subject,
        "content": to_text(message),
        "state": state,
        "created_at": now(),
    }
    desk.write(lambda tx: tx.execute(mails.insert(), row | values))
    return row["id"]


def listed(desk: Desk, query: str = "") -> list[str]:
    return [job["kind"] for job in desk.as_("sam").get(f"/staff/jobs{query}", expect=200).json()["jobs"]]


def test_it_is_for_staff(desk: Desk) -> None:
    for path in ("/staff/jobs", "/staff/outbox", f"/staff/outbox/{NOBODY}"):
        desk.anyone().get(path, expect=401)
        desk.as_("alice").get(path, expect=403)
    desk.anyone().post(f"/staff/jobs/{NOBODY}/retry", expect=401)
    desk.as_("alice").post(f"/staff/jobs/{NOBODY}/retry", expect=403)


def test_lists_the_dead_first_and_then_what_waits_for_another_try(desk: Desk) -> None:
    fail(desk, "dead.one", final=True)
    fail(desk, "waits", final=False)
    fail(desk, "dead.two", final=True)
    new_job(desk, "fresh")
    new_job(desk, "done", state="done", finished_at=now())
    assert listed(desk) == ["dead.two", "dead.one", "waits"]
    assert listed(desk, "?state=dead") == ["dead.two", "dead.one"]
    assert listed(desk, "?state=queued") == ["fresh", "waits"]
    assert listed(desk, "?state=done") == ["done"]
    assert listed(desk, "?state=running") == []
    assert listed(desk, "?state=all&per_page=2&page=2") == ["dead.two", "waits"]
    assert 'page=2>; rel="next"' in desk.as_("sam").get("/staff/jobs?per_page=1").headers["link"]


def test_says_what_went_wrong_and_keeps_the_payload(desk: Desk) -> None:
    job_id = fail(desk, "mail.send", final=True)
    answer = desk.as_("sam").get("/staff/jobs", expect=200)
    assert "hunter2" not in answer.text
    (job,) = answer.json()["jobs"]
    assert (job["id"], job["kind"], job["state"]) == (job_id, "mail.send", "dead")
    assert (job["attempts"], job["error"]) == (1, "mail.send went wrong")
    assert None not in (job["run_at"], job["created_at"], job["finished_at"])
    assert (answer.json()["total"], answer.json()["page"], answer.json()["per_page"]) == (1, 1, 20)


def test_refuses_what_it_cannot_list(desk: Desk) -> None:
    for query in ("state=broken", "page=0", "per_page=0"):
        desk.as_("sam").get(f"/staff/jobs?{query}", expect=422)


@pytest.mark.parametrize("final", [True, False])
def test_retries_at_once(desk: Desk, final: bool) -> None:
    job_id = fail(desk, "mail.send", final=final)
    assert not desk.read(jobs.any_due)
    job = desk.as_("sam").post(f"/staff/jobs/{job_id}/retry", expect=200).json()
    assert (job["state"], job["attempts"], job["finished_at"]) == ("queued", 0, None)
    assert desk.read(jobs.any_due)
    desk.as_("sam").post(f"/staff/jobs/{job_id}/retry", expect=200)
    assert desk.write(jobs.claim, "worker").id == job_id
    assert desk.write(jobs.claim, "worker") is None


@pytest.mark.parametrize("state", ["running", "done"])
def test_what_is_under_way_or_done_stays_as_it_is(desk: Desk, state: str) -> None:
    job_id = new_job(desk, "mail.send", state=state, lease_until=now() + HOUR, leased_by="worker")
    assert desk.as_("sam").post(f"/staff/jobs/{job_id}/retry", expect=200).json()["state"] == state


def test_an_unknown_job_or_mail_is_not_found(desk: Desk) -> None:
    for bad in ("x", NOBODY, "%00", "é"):
        desk.as_("sam").post(f"/staff/jobs/{bad}/retry", expect=404)
        desk.as_("ada").get(f"/staff/outbox/{bad}", expect=404)


def test_the_outbox_is_for_admins(desk: Desk) -> None:
    mail_id = new_mail(desk, "Choose a password")
    desk.as_("sam").get("/staff/outbox", expect=403)
    desk.as_("sam").get(f"/staff/outbox/{mail_id}", expect=403)


def test_the_outbox_lists_mails_without_their_text(desk: Desk) -> None:
    first = new_mail(desk, "Choose a password")
    second = new_mail(desk, "Söndag", "sent", sent_at=now())
    third = new_mail(desk, "No such mailbox", "failed", error="550 no such user")
    answer = desk.as_("ada").get("/staff/outbox", expect=200)
    assert "token=" not in answer.text
    assert [mail["id"] for mail in answer.json()["mails"]] == [third, second, first]
    newest, sent, kept = answer.json()["mails"]
    assert (newest["state"], newest["error"], newest["sent_at"]) == ("failed", "550 no such user", None)
    assert (sent["subject"], sent["state"], sent["error"]) == ("Söndag", "sent", None)
    assert sent["sent_at"] == sent["created_at"]
    assert (kept["kind"], kept["recipient"], kept["state"]) == ("password_reset", "alice@acme.example", "kept")
    page = desk.as_("ada").get("/staff/outbox?state=kept", expect=200).json()
    assert ([mail["id"] for mail in page["mails"]], page["total"]) == ([first], 1)
    desk.as_("ada").get("/staff/outbox?state=lost", expect=422)


def test_a_mail_is_read_as_it_was_written(desk: Desk) -> None:
    mail = desk.as_("ada").get(f"/staff/outbox/{new_mail(desk, 'Choose a password')}", expect=200).json()
    assert mail["text"] == "Hej Zoë,\n\nyour link: https://desk.example/login/reset?token=abc\n"
    assert mail["subject"] == "Choose a password"


def test_a_key_that_only_reads_gets_no_links_to_sign_in_by(desk: Desk) -> None:
    mail_id = new_mail(desk, "Choose a password")
    made = desk.as_("ada").post("/api/v1/api-keys", {"name": "reads", "scopes": ["staff:read"]}, expect=201).json()
    reader = desk.anyone(**{"X-API-Key": made["key"]})
    reader.get("/staff/outbox", expect=200)
    assert reader.get(f"/staff/outbox/{mail_id}", expect=403).json()["code"] == "missing_scope"
