"""What people come to do, from the first click to the last."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select

from deskhand.kit.clock import SECOND, at, now
from deskhand.kit.mail_message import from_text
from deskhand.kit.schema import metadata
from tests.support.api import png
from tests.support.browsing import PHONE, People


def mailed_link(people: People, path: str, to: str) -> str:
    """The newest link of this kind in a mail to `to`, once the worker has written it."""
    mails = metadata.tables["mails"]
    wanted = select(mails.c.content).where(mails.c.recipient == to).order_by(mails.c.id.desc())
    for _ in range(100):
        people.desk.work()
        for content in people.desk.read(lambda tx: tx.execute(wanted).scalars().all()):
            part = from_text(content).get_body(("plain",))
            found = re.search(rf"http://testserver({path}\S+)", part.get_content() if part else "")
            if found:
                return found[1]
    raise AssertionError(f"no mail with {path} went to {to}")


def article(people: People, title: str, body: str, **more: Any) -> None:
    new = {"title": title, "body": body, "status": "published", "category_slug": "technical-issue"} | more
    people.desk.as_("sam").post("/staff/kb/articles", new, expect=201)


def send(page: Page, text: str) -> None:
    page.get_by_label("Your answer").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_a_visitor_finds_an_article_by_keyboard_and_says_that_it_did_not_help(people: People) -> None:
    article(people, "Render JavaScript pages", "## Switch it on\n\nSend `render_js=true`.\n\n```\ncurl x\n```")
    article(people, "Invoices and VAT", "They come on the first of the month.")
    page = people.visitor()
    page.goto("/help")
    search = page.get_by_role("combobox")
    search.press_sequentially("javscript")
    expect(page.get_by_role("option").first).to_contain_text("Render JavaScript pages")
    search.press("ArrowDown")
    search.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Render JavaScript pages")
    page.get_by_role("button", name="No").click()
    page.get_by_label("Your words help").fill("What does it cost?")
    page.get_by_role("button", name=re.compile("Send|Tell")).click()
    expect(page.get_by_text(re.compile("Thank you"))).to_be_visible()


def test_a_visitor_writes_opens_the_link_and_answers(people: People) -> None:
    article(people, "Empty content", "Send `render_js=true`.")
    page = people.visitor(size=PHONE)
    page.goto("/contact")
    page.get_by_label("Your name").fill("Vi")
    page.get_by_label("E-mail").fill("not an address")
    page.get_by_label("Subject").press_sequentially("empty content")
    expect(page.locator("#suggestions").get_by_text("Empty content")).to_be_visible()
    page.get_by_label("Message").fill("Nothing comes back.")
    page.wait_for_timeout(2100)  # whoever is faster is taken for a robot
    page.evaluate("document.querySelector('form[action=\"/contact\"]').noValidate = true")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Message")).to_have_value("Nothing comes back.")
    page.get_by_label("E-mail").fill("vi@visitor.example")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Vi")
    page.goto(mailed_link(people, "/t/", "vi@visitor.example"))
    expect(page.get_by_text("Nothing comes back.")).to_be_visible()
    send(page, "It is the whole page.")
    expect(page.get_by_text("It is the whole page.")).to_be_visible()
    assert people.desk.as_("sam").get("/staff/tickets").json()["tickets"][0]["verified"] is True


def test_a_customer_files_answers_with_a_file_closes_reopens_and_rates(people: People, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    shot.write_bytes(png())
    page = people.as_("alice")
    page.goto("/support")
    page.get_by_role("link", name="Write your first ticket").click()
    page.get_by_label("Subject").fill("Scrape returns nothing")
    page.get_by_label("What happened?").fill("Since today `render_js` gives **nothing**.")
    page.get_by_role("button", name="Send", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scrape returns nothing")
    page.locator("input[type=file]").first.set_input_files(shot)
    answer = page.get_by_label("Your answer")
    expect(answer).to_have_value(re.compile(r"!\[shot\.png\]\(attachment:"))
    answer.press("End")
    answer.press_sequentially("\nHere is what I see.")
    page.get_by_role("button", name="Send", exact=True).last.click()
    expect(page.get_by_text("Here is what I see.")).to_be_visible()
    expect(page.get_by_role("img", name="shot.png").first).to_be_visible()
    page.get_by_role("button", name=re.compile("Close")).first.click()
    expect(page.locator("#state")).to_have_text("Closed")
    page.get_by_role("button", name=re.compile("Reopen|Open it again")).click()
    expect(page.locator("#state")).to_have_text("Open")
    page.get_by_role("button", name=re.compile("Close")).first.click()
    page.get_by_label(re.compile("^5|Very good|Great|Excellent")).check(force=True)
    page.get_by_label(re.compile("comment|words|say|add", re.IGNORECASE)).last.fill("Quick and kind.")
    page.get_by_role("button", name=re.compile("Send|Rate|Save")).first.click()
    expect(page.get_by_text(re.compile("Thank you"))).to_be_visible()
    rated = people.desk.as_("alice").get("/tickets").json()["tickets"][0]
    found = people.desk.as_("alice").get(f"/tickets/{rated['id']}").json()["satisfaction"]
    assert (found["rating"], found["comment"]) == (5, "Quick and kind.")


def test_what_was_being_written_survives_a_lost_session(people: People) -> None:
    ticket = people.desk.new_ticket()
    page = people.as_("alice")
    page.goto(f"/support/{ticket['readable_id']}")
    page.get_by_label("Your answer").press_sequentially("A long answer.")
    page.wait_for_timeout(500)
    page.context.clear_cookies(name="deskhand_session")
    page.get_by_role("button", name="Send", exact=True).last.click()
    page.get_by_label("E-mail").fill("alice@acme.example")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(f"/support/{ticket['readable_id']}"))
    expect(page.get_by_label("Your answer")).to_have_value("A long answer.")


def test_an_answer_shows_up_while_the_customer_looks(people: People) -> None:
    ticket = people.desk.new_ticket()
    page = people.as_("alice")
    page.goto(f"/support/{ticket['readable_id']}")
    page.get_by_label("Your answer").fill("I am typing")
    people.desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "Try wait_for."}, expect=201)
    expect(page.get_by_text("Try wait_for.")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_value("I am typing")


def test_an_admin_publishes_an_article_and_it_is_found(people: People) -> None:
    page = people.as_("ada")
    page.goto("/desk/kb/new")
    page.get_by_label("Title").fill("Webhook signatures")
    page.get_by_label("Text", exact=True).press_sequentially("## Verify them\n\nCompare the **HMAC**.")
    expect(page.locator("#preview strong")).to_have_text("HMAC")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published.")).to_be_visible()
    visitor = people.visitor()
    visitor.goto("/help/search?q=webhok+signature")
    expect(visitor.get_by_role("link", name="Webhook signatures").first).to_be_visible()


def test_an_agent_replies_undoes_notes_and_sees_who_else_is_there(people: People) -> None:
    ticket = people.desk.new_ticket()
    place = f"/desk/tickets/{ticket['readable_id']}"
    page, other = people.as_("sam"), people.as_("ada")
    page.goto(place)
    page.get_by_label("Your answer, which the customer will read").fill("Too early.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Undo").click()
    reply = page.get_by_label("Your answer, which the customer will read")
    expect(reply).to_have_value("Too early.")
    page.get_by_text("Note", exact=True).click()
    page.get_by_label("Your note, for the team alone").fill("Only us.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".message.note")).to_contain_text("Only us.")
    other.goto(place)
    other.get_by_label("Your answer, which the customer will read").press_sequentially("Mine")
    expect(page.locator("#presence")).to_contain_text("Ada Brandt is writing", timeout=15_000)
    page.get_by_title("Status (s)").click()
    page.get_by_role("button", name="Resolved").click()
    expect(page.get_by_title("Status (s)")).to_contain_text("Resolved")
    thread = people.desk.as_("alice").get(f"/tickets/{ticket['id']}").json()
    assert (len(thread["messages"]), thread["status"]) == (1, "resolved")


def test_an_agent_triages_by_keyboard_alone(people: People) -> None:
    for subject in ("First", "Second", "Third"):
        people.desk.new_ticket(subject=subject)
    people.desk.as_("sam").post("/staff/macros", {"name": "Ask for the id", "body": "Which job, please?"}, expect=201)
    page = people.as_("sam")
    page.goto("/desk?view=unassigned")
    keys = page.keyboard
    keys.press("j")
    keys.press("j")
    expect(page.locator("#rows .subject").nth(1)).to_be_focused()
    keys.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second")
    keys.press("a")
    keys.press("Enter")
    expect(page.locator("#assign > summary")).to_contain_text("Sam Okafor")
    keys.press("n")
    keys.type("Looks like the wall again.")
    keys.press("Control+Enter")
    expect(page.locator(".message.note")).to_contain_text("Looks like the wall again.")
    keys.press("r")
    keys.type("On it.")
    keys.press("Control+Enter")
    expect(page.get_by_text("On it.")).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    keys.press("Enter")
    reply = page.get_by_label("Your answer, which the customer will read")
    expect(reply).to_have_value("On it.")
    page.locator("#macros > summary").focus()
    keys.press("Enter")
    page.get_by_role("button", name="Ask for the id").focus()
    keys.press("Enter")
    expect(reply).to_have_value("On it.\n\nWhich job, please?")
    page.locator("body").press("s")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#status > summary")).to_contain_text("Pending")
    expect(reply).to_have_value("On it.\n\nWhich job, please?")
    keys.press("Control+k")
    keys.type("Third")
    expect(page.locator("#palette").get_by_role("option").filter(has_text="Third").first).to_be_visible()
    for _ in range(5):
        keys.press("ArrowDown")
        if page.locator("#palette [aria-selected=true]").filter(has_text="ALT-").count():
            break
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Third")


def test_a_category_is_corrected_by_keyboard_and_the_keyboard_goes_on_from_there(people: People) -> None:
    ticket = people.desk.new_ticket(subject="Invoice", body="You charged my credit card twice for this invoice.")
    page = people.as_("sam")
    page.goto(f"/desk/tickets/{ticket['readable_id']}")
    menu = page.locator("#category > summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#guess")).to_contain_text("Billing was guessed")
    while not page.locator("#category").get_by_role("button", name="Account").evaluate("it => it.matches(':focus')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(menu).to_have_text("Account")
    expect(menu).to_be_focused()
    assert people.desk.as_("sam").get(f"/staff/tickets/{ticket['id']}").json()["category_slug"] == "account"
    people.desk.new_ticket(subject="Invoice", body="You charged my credit card twice for this invoice.")
    newest = people.desk.as_("sam").get("/staff/tickets").json()["tickets"][0]
    assert newest["category_slug"] == "account"


def test_a_change_of_many_can_be_undone(people: People) -> None:
    for subject in ("First", "Second"):
        people.desk.new_ticket(subject=subject)
    page = people.as_("sam")
    page.goto("/desk?view=open")
    for box in page.locator("#rows input[type=checkbox]").all():
        box.check()
    page.locator("#bulk-status > summary").click()
    page.locator("#bulk-status").get_by_role("button", name="Closed").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    with at(now() + 11 * SECOND):
        people.desk.work()
    tickets = people.desk.as_("sam").get("/staff/tickets").json()["tickets"]
    assert {ticket["status"] for ticket in tickets} == {"open"}
