"""Signing in and out, and how pages look."""

import pytest
from playwright.sync_api import expect

from tests.support.app import PASSWORD, email
from tests.support.browsing import People


def test_somebody_signs_in_and_out(people: People) -> None:
    page = people.as_("alice")
    page.get_by_title("Account and appearance").click()
    expect(page.get_by_text("Alice Moreau")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/support")
    expect(page).to_have_url(f"{people.address}/login?next=/support")


def test_a_wrong_password_is_said_and_the_address_kept(people: People) -> None:
    people.desk.user_id("alice")
    page = people.visitor()
    page.goto("/login")
    page.get_by_label("E-mail").fill(email("alice"))
    page.get_by_label("Password").fill(PASSWORD + "?")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value(email("alice"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_that_was_chosen_stays(people: People, theme: str) -> None:
    page = people.visitor(theme="dark" if theme == "light" else "light")
    page.goto("/contact")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_title("Account and appearance").click()
    page.get_by_role("button", name=theme.capitalize()).click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    page.goto("/help")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after
