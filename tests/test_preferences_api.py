"""Which mails one gets. What follows from it is proved where mails are."""

from tests.support.api import api_key, is_problem, with_key
from tests.support.app import Desk

DEFAULTS = {"notify_on_reply": True, "notify_on_close": True, "notify_on_status_change": False, "email_digest": False}


def test_preferences_have_defaults_and_take_any_subset(desk: Desk) -> None:
    alice = desk.as_("alice")
    is_problem(desk.anyone().get("/preferences"), 401)
    is_problem(desk.anyone().patch("/preferences", {"email_digest": True}), 401)
    assert alice.get("/preferences", expect=200).json() == DEFAULTS
    assert alice.patch("/preferences", {}, expect=200).json() == DEFAULTS
    assert alice.patch("/preferences", {"email_digest": True}, expect=200).json() == DEFAULTS | {"email_digest": True}
    wanted = {"notify_on_reply": False, "notify_on_status_change": True}
    assert alice.patch("/preferences", wanted, expect=200).json() == DEFAULTS | {"email_digest": True} | wanted
    assert alice.get("/preferences").json() == DEFAULTS | {"email_digest": True} | wanted
    assert desk.as_("bob").get("/preferences").json() == DEFAULTS
    assert (
        desk.as_("sam").patch("/preferences", {"notify_on_close": False}, expect=200).json()["notify_on_close"] is False
    )


def test_an_api_key_needs_the_scope(desk: Desk) -> None:
    right, wrong = (with_key(desk, api_key(desk, "alice", scope)[1]) for scope in ("preferences", "tickets:write"))
    right.patch("/preferences", {"email_digest": True}, expect=200)
    is_problem(wrong.patch("/preferences", {"email_digest": False}), 403, "missing_scope")
    assert right.get("/preferences").json()["email_digest"] is True


def test_a_ticket_is_muted_for_whoever_asks_and_alone(desk: Desk) -> None:
    alice, made = desk.as_("alice"), desk.new_ticket()
    at = f"/tickets/{made['id']}"
    is_problem(desk.anyone().patch(f"{at}/mute", {"muted": True}), 401)
    is_problem(desk.as_("mallory").patch(f"{at}/mute", {"muted": True}), 404)
    for muted in (True, True, False, False, True):
        assert alice.patch(f"{at}/mute", {"muted": muted}, expect=200).json() == {"muted": muted}
        assert alice.get(at).json()["muted"] is muted
    other = desk.new_ticket()
    assert alice.get(f"/tickets/{other['id']}").json()["muted"] is False
    assert alice.get(at).json()["updated_at"] == made["updated_at"]
