"""Categories: what is shipped, what admins make of it, and how tickets find theirs."""

import pytest

from tests.support.api import fields, is_problem
from tests.support.app import Desk

SHIPPED = [
    ("technical-issue", "Technical Issue", "Bugs, errors, unexpected behavior"),
    ("billing", "Billing", "Charges, invoices, plan changes"),
    ("feature-request", "Feature Request", "Suggestions and new capabilities"),
    ("account", "Account", "Login, API keys, team management"),
    ("general", "General", "Other questions"),
]


def slugs(desk: Desk) -> list[str]:
    return [category["slug"] for category in desk.anyone().get("/categories", expect=200).json()["categories"]]


def test_everyone_sees_what_there_is(desk: Desk) -> None:
    shown = desk.anyone().get("/categories", expect=200).json()["categories"]
    assert [tuple(category.values()) for category in shown] == SHIPPED
    assert [tuple(category) for category in shown] == [("slug", "name", "description")] * 5


def test_admins_add_rename_reorder_and_retire(desk: Desk) -> None:
    ada, at = desk.as_("ada"), "/staff/categories"
    new = {"slug": "integrations", "name": "Integrations", "description": "SDKs"}
    for who, status in (("nobody", 401), ("alice", 403), ("sam", 403)):
        caller = desk.anyone() if who == "nobody" else desk.as_(who)
        is_problem(caller.post(at, new), status)
        is_problem(caller.patch(f"{at}/billing", {"name": "Money"}), status)
    assert ada.post(at, new, expect=201).json() == new | {"position": 5, "retired": False}
    is_problem(ada.post(at, new), 409, "slug_taken")
    assert slugs(desk)[-1] == "integrations"
    ada.patch(f"{at}/integrations", {"position": 0, "name": "Plug-ins"}, expect=200)
    assert slugs(desk)[0] == "integrations"
    ticket = desk.new_ticket(category_slug="integrations")
    assert ticket["category"] == "Plug-ins"
    assert ada.patch(f"{at}/integrations", {"retired": True}, expect=200).json()["retired"] is True
    assert "integrations" not in slugs(desk)
    assert fields(
        desk.as_("alice").post("/tickets", {"subject": "s", "body": "b", "category_slug": "integrations"})
    ) == {"category_slug"}
    kept = desk.as_("alice").get(f"/tickets/{ticket['id']}").json()
    assert (kept["category_slug"], kept["category"]) == ("integrations", "Plug-ins")
    assert desk.as_("alice").get("/tickets?category=integrations").json()["total"] == 1
    listed = {category["slug"]: category for category in desk.as_("sam").get(at, expect=200).json()["categories"]}
    assert listed["integrations"]["retired"] is True
    desk.as_("alice").patch(f"/tickets/{ticket['id']}", {"subject": "It may change otherwise"}, expect=200)
    is_problem(ada.patch(f"{at}/general", {"retired": True}), 409, "fallback_needed")
    is_problem(ada.patch(f"{at}/nothing", {"name": "x"}), 404)
    ada.patch(f"{at}/integrations", {"retired": False}, expect=200)
    assert "integrations" in slugs(desk)


@pytest.mark.parametrize(
    ("subject", "slug"),
    [
        ("500 error when I call the scrape endpoint", "technical-issue"),
        ("Refund for the duplicate charge on my invoice", "billing"),
        ("Please add support for webhooks with retries", "feature-request"),
        ("I cannot log in, how do I rotate my API key?", "account"),
    ],
)
def test_a_ticket_without_a_category_gets_one(desk: Desk, subject: str, slug: str) -> None:
    made = desk.new_ticket(subject=subject, body=subject)
    assert made["category_slug"] == slug
    guess = desk.as_("sam").get(f"/staff/tickets/{made['id']}").json()["category_guess"]
    assert guess["slug"] == slug
    assert guess["probability"] > 0.5
    chosen = desk.new_ticket(category_slug="general")
    assert desk.as_("sam").get(f"/staff/tickets/{chosen['id']}").json()["category_guess"] is None


def test_no_ticket_goes_into_a_retired_category_by_itself(desk: Desk) -> None:
    desk.as_("ada").patch("/staff/categories/billing", {"retired": True}, expect=200)
    assert desk.new_ticket(subject="Refund for the invoice", body="Charged twice.")["category_slug"] != "billing"


def test_the_teams_correction_teaches(desk: Desk) -> None:
    words = {"subject": "Frobnicator zorks the quux", "body": "The frobnicator zorks."}
    assert desk.new_ticket(**words)["category_slug"] == "general"
    for _ in range(3):
        wrong = desk.new_ticket(**words)
        desk.as_("sam").patch(f"/staff/tickets/{wrong['id']}", {"category_slug": "billing"}, expect=200)
    assert desk.new_ticket("bob", **words)["category_slug"] == "billing"
