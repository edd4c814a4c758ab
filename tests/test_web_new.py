"""Filing a ticket on its page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import UNLIMITED, at_once, count, png, rows, upload
from tests.support.app import Desk, running
from tests.support.pages import HOSTILE, Browser, error_of, page, text_of, value_of

NEW = "/support/new"
FORM = {"subject": "Empty content", "body": "Since **today**.", "category_slug": "", "priority": "medium"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as made:
        yield made


@pytest.fixture
def alice(desk: Desk) -> Browser:
    return Browser(desk, "alice")


def filed(desk: Desk, ref: str = "ALT-1001") -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/tickets/{ref}", expect=200).json()


def details(text: str) -> list[tuple[str, str]]:
    names, values = (re.findall(rf'<input class="input" name="{it}" value="([^"]*)"', text) for it in ("name", "value"))
    return list(zip(names, values, strict=True))


def test_it_is_the_same_act_as_the_apis(desk: Desk, alice: Browser) -> None:
    page(alice.get(NEW))
    form = {**FORM, "priority": "high", "name": ["job_id", "", "region"], "value": ["job_1", "", "eu"]}
    answer = alice.post(NEW, form)
    assert answer.headers["location"] == "/support/ALT-1001"
    ticket = filed(desk)
    assert (ticket["subject"], ticket["priority"], ticket["channel"]) == ("Empty content", "high", "web")
    assert ticket["metadata"] == {"job_id": "job_1", "region": "eu"}
    assert ticket["category_guess"]["slug"] == ticket["category_slug"]
    assert ticket["messages"][0]["body"] == "Since **today**."
    assert ticket["requester"]["id"] == desk.user_id("alice")


def test_the_writer_knows_the_category_better(desk: Desk, alice: Browser) -> None:
    alice.post(NEW, {**FORM, "category_slug": "feature-request"})
    ticket = filed(desk)
    assert (ticket["category_slug"], ticket["category_guess"]) == ("feature-request", None)


def test_a_form_sent_twice_files_once(desk: Desk, alice: Browser) -> None:
    places = at_once(*[lambda: alice.post(NEW, {**FORM, "once": "n"}).headers["location"]] * 3)
    assert places == ["/support/ALT-1001"] * 3
    assert count(desk, "tickets") == 1


def test_files_come_with_it_without_a_script(desk: Desk, alice: Browser) -> None:
    files = [("files", ("shot.png", png())), ("files", ("run.log", b"words"))]
    assert alice.post(NEW, FORM, files=files).status_code == 303
    names = [file["filename"] for file in filed(desk)["messages"][0]["attachments"]]
    assert names == ["shot.png", "run.log"]


def test_files_survive_what_else_is_wrong(desk: Desk, alice: Browser) -> None:
    text = page(alice.post(NEW, {**FORM, "subject": " "}, files={"files": ("shot.png", png())}), 422)
    assert error_of(text, "subject")
    body = text_of(text, "body")
    assert "attachment:" in body
    assert alice.post(NEW, {**FORM, "body": body}).status_code == 303
    assert len(filed(desk)["messages"][0]["attachments"]) == 1


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"body": " \n"}, "body"),
        ({"body": "x" * 65_537}, "body"),
        ({"body": "nul \x00"}, "body"),
        ({"category_slug": "nothing"}, "category_slug"),
        ({"category_slug": "nul\x00"}, "category_slug"),
        ({"priority": "hot"}, "priority"),
        ({"priority": ""}, "priority"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_all_is_kept(
    desk: Desk, alice: Browser, form: dict[str, str], field: str
) -> None:
    typed = {**FORM, "name": "job_id", "value": "job_1", **form}
    text = page(alice.post(NEW, typed), 422)
    assert error_of(text, field)
    assert text_of(text, "body").split() == typed["body"].split()
    if field != "subject":
        assert value_of(text, "subject") == typed["subject"]
    assert details(text) == [("job_id", "job_1")]
    assert count(desk, "tickets") == 0


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["a", "a"], ["1", "2"]),
        (["", "b"], ["1", "2"]),
        (["x" * 65], ["1"]),
        (["x"], ["v" * 1025]),
        (["x"], ["nul\x00"]),
    ],
)
def test_details_that_are_wrong(desk: Desk, alice: Browser, names: list[str], values: list[str]) -> None:
    text = page(alice.post(NEW, {**FORM, "name": names, "value": values}), 422)
    assert re.search(r'<fieldset[^>]*aria-describedby="metadata-error"', text)
    assert re.search(r'id="metadata-error">[^<]+', text)
    assert [name for name, _ in details(text)] == names
    assert count(desk, "tickets") == 0


def test_rows_of_details_come_and_go_without_a_script(desk: Desk, alice: Browser) -> None:
    form = {**FORM, "name": ["a"], "value": ["1"]}
    text = page(alice.post(NEW, {**form, "step": "add"}))
    assert details(text) == [("a", "1"), ("", "")]
    assert (value_of(text, "subject"), text_of(text, "body")) == (FORM["subject"], FORM["body"])
    two = {**FORM, "name": ["a", "b"], "value": ["1", "2"]}
    assert details(page(alice.post(NEW, {**two, "step": "drop-0"}))) == [("b", "2")]
    assert details(page(alice.post(NEW, {**two, "step": "drop-x"}))) == [("a", "1"), ("b", "2")]
    many = {**FORM, "name": ["a"] * 60, "value": ["1"] * 60, "step": "add"}
    assert len(details(page(alice.post(NEW, many)))) == 50
    part = alice.post(NEW, {**two, "step": "add"}, headers=HTMX).text
    assert len(details(part)) == 3
    assert "<textarea" not in part
    assert count(desk, "tickets") == 0


def test_a_subject_may_come_with_the_address(desk: Desk, alice: Browser) -> None:
    assert value_of(page(alice.get(NEW, params={"subject": f"{HOSTILE}\0\n"})), "subject") == HOSTILE
    assert len(value_of(page(alice.get(NEW, params={"subject": "x" * 300})), "subject")) == 255


def test_the_category_is_guessed_with_how_sure_we_are(desk: Desk, alice: Browser) -> None:
    def guess(subject: str, body: str = "") -> str:
        return alice.post(f"{NEW}/category", {"subject": subject, "body": body}, headers=HTMX).text.strip()

    before = rows(desk)
    assert guess("Invoice", "You charged my credit card twice for this invoice.") == "This is surely about Billing."
    assert guess("hm") == "We cannot tell yet, and would file it under General."
    assert guess(" ") == "We choose it from what you write."
    assert guess("x" * 300, "y" * 70_000).endswith(".")
    assert rows(desk) == before


def test_a_preview_is_as_safe_as_the_message(desk: Desk, alice: Browser) -> None:
    file = upload(desk.as_("alice"), png(), "shot.png").json()
    form = {"body": f"**bold** {HOSTILE} {file['markdown']}"}
    part = alice.post("/support/preview", form, headers=HTMX).text
    assert "<strong>bold</strong>" in part
    assert "<script>alert" not in part
    assert file["thumbnail_url"] in part
    assert "<html" not in part
    whole = page(alice.post("/support/preview", form))
    assert "Nothing has been sent yet" in whole
    assert "Nothing to look at yet" in alice.post("/support/preview", {}, headers=HTMX).text


def test_the_limit_is_that_of_the_api(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, limit_tickets="1/hour") as desk:
        alice = Browser(desk, "alice")
        page(alice.post(NEW, {**FORM, "subject": ""}), 422)  # costs nothing
        desk.new_ticket()
        answer = alice.post(NEW, FORM)
        text = page(answer, 429)
        assert int(answer.headers["retry-after"]) > 0
        assert re.search(r"send it again in (1 hour|60 minutes|59 minutes)", text)
        assert text_of(text, "body") == FORM["body"]
        assert count(desk, "tickets") == 1
        sam = Browser(desk, "sam")
        assert [sam.post(NEW, FORM).status_code for _ in range(2)] == [303, 303]  # staff are not limited
