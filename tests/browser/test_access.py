"""Every page for everyone: nothing that axe finds, in either theme, and nothing that scrolls sideways on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.api import png
from tests.support.app import Desk
from tests.support.browsing import LAPTOP, PHONE, People

LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
VISITORS = [
    "/help",
    "/help/search?q=render",
    "/help/rendering",
    "/help/search?q=zzzz",
    "/contact",
    "/login",
    "/nothing",
]
CUSTOMERS = ["/support", "/support/new", "/support/{ref}", "/support/preferences", "/support/api-keys", "/desk"]
STAFF = [
    "/desk?view=open",
    "/desk?q=status%3Aopen+render",
    "/desk/tickets/{ref}",
    "/desk/tickets/new",
    "/desk/customers",
    "/desk/customers/{alice}",
    "/desk/palette?q=render",
    "/desk/spam",
    "/desk/kb",
    "/desk/kb/new",
    "/desk/kb/{article}",
    "/desk/kb/{article}/revisions",
    "/desk/kb/misses",
    "/desk/reports",
    "/desk/settings/staff",
    "/desk/settings/categories",
    "/desk/settings/macros",
    "/desk/settings/views",
    "/desk/settings/brand",
    "/desk/settings/mail",
    "/desk/settings/limits",
    "/desk/settings/jobs",
]


def furnish(desk: Desk) -> dict[str, str]:
    """Something on every page, long words among it."""
    sam, alice = desk.as_("sam"), desk.as_("alice")
    new = {"title": "Rendering", "body": f"## Switch it on\n\n{LONG}\n\n```\nx = 1\n```", "status": "published"}
    article = sam.post("/staff/kb/articles", new, expect=201).json()
    file = alice.post("/attachments", files={"file": ("shot.png", png())}, expect=201).json()
    ticket = desk.new_ticket(subject=f"Render {LONG}", body=f"{LONG}\n\n{file['markdown']}", metadata={"job": LONG})
    sam.post(f"/staff/tickets/{ticket['id']}/notes", {"body": "Only us."}, expect=201)
    sam.post(f"/staff/tickets/{ticket['id']}/replies", {"body": "`wait_for`", "status": "resolved"}, expect=201)
    alice.post(f"/tickets/{ticket['id']}/satisfaction", {"rating": 4, "comment": "Good"}, expect=201)
    desk.new_ticket("bob", priority="urgent")
    desk.user_id("ada")
    desk.work()
    return {"ref": ticket["readable_id"], "article": article["id"], "alice": desk.user_id("alice")}


def findings(page: Any) -> list[str]:
    told = Axe().run(page).response["violations"]
    return [f"{it['id']}: {node['html'][:160]}" for it in told for node in it["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("who", ["", "alice", "ada"])
def test_axe_finds_nothing(people: People, theme: str, who: str) -> None:
    names = furnish(people.desk)
    page = people.as_(who, theme=theme) if who else people.visitor(theme=theme)
    wrong = {}
    for path in {"": VISITORS, "alice": CUSTOMERS, "ada": STAFF}[who]:
        page.goto(path.format(**names))
        if found := findings(page):
            wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize("who", ["", "alice", "ada"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_no_page_scrolls_sideways(people: People, who: str, size: dict[str, int]) -> None:
    names = furnish(people.desk)
    page = people.as_(who, size=size) if who else people.visitor(size=size)
    wide = {}
    for path in {"": VISITORS, "alice": CUSTOMERS, "ada": STAFF}[who]:
        page.goto(path.format(**names))
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            wide[path] = width
    assert wide == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("height", [500, 664, 900])
def test_the_desks_menu_on_a_phone_keeps_the_account_in_reach(people: People, theme: str, height: int) -> None:
    people.desk.new_ticket()
    for number in range(6):
        people.desk.as_("ada").post("/staff/views", {"name": f"View {number}", "query": "status:open"}, expect=201)
    page = people.as_("ada", size={"width": PHONE["width"], "height": height}, theme=theme)
    page.goto("/desk")
    page.locator("nav.bottom").get_by_role("button").click()
    account = page.locator("#rail details.menu > summary")
    box = account.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= height
    assert findings(page) == []
    account.click()
    assert page.locator("#rail details.menu .panel").is_visible()
