"""The knowledge base from inside: writing, publishing, comparing, restoring."""

import re
from typing import Any

import pytest

from deskhand.doors.web.desk.revisions import compare
from deskhand.kb import misses
from tests.support.api import count, rows
from tests.support.app import Desk
from tests.support.pages import HOSTILE, Browser, error_of, page, text_of, value_of

DRAFT = {
    "title": "Why is it empty?",
    "body": "## Rendering\n\nSend `render_js`.",
    "summary": "",
    "slug": "",
    "category_slug": "",
}


@pytest.fixture
def sam(desk: Desk) -> Browser:
    return Browser(desk, "sam")


def write(sam: Browser, **given: str) -> str:
    """Writes an article; its page."""
    return sam.post("/desk/kb/new", DRAFT | given).headers["location"]


def seen_by_readers(desk: Desk, slug: str = "why-is-it-empty") -> Any:
    return desk.anyone().get(f"/kb/{slug}")


def test_a_draft_is_hidden_until_it_is_published_and_after_it_is_taken_back(desk: Desk, sam: Browser) -> None:
    place = write(sam, status="draft")
    assert seen_by_readers(desk).status_code == 404
    for status, expected in (("published", 200), ("draft", 404)):
        version = value_of(page(sam.get(place)), "version")
        assert sam.post(place, DRAFT | {"status": status, "version": version}).status_code == 303
        assert seen_by_readers(desk).status_code == expected


def test_saving_a_published_article_leaves_it_published(desk: Desk, sam: Browser) -> None:
    place = write(sam, status="published", category_slug="billing")
    sent = sam.post(place, DRAFT | {"title": "Why so empty?", "slug": "why-is-it-empty", "category_slug": ""})
    assert sent.headers["location"] == place
    found = seen_by_readers(desk).json()
    assert (found["title"], found["category_slug"]) == ("Why so empty?", None)


@pytest.mark.parametrize(
    ("given", "field"),
    [({"title": " "}, "title"), ({"body": ""}, "body"), ({"slug": "No Such"}, "slug"), ({"slug": "search"}, "slug")],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(
    desk: Desk, sam: Browser, given: dict[str, str], field: str
) -> None:
    before = rows(desk)
    text = page(sam.post("/desk/kb/new", DRAFT | {"summary": "Kept."} | given), 422)
    assert error_of(text, field)
    assert value_of(text, "summary") == "Kept."
    assert rows(desk) == before


def test_an_address_that_is_taken_is_said(sam: Browser) -> None:
    write(sam)
    text = page(sam.post("/desk/kb/new", DRAFT | {"slug": "why-is-it-empty"}), 422)
    assert error_of(text, "slug")


def test_nobody_overwrites_what_they_have_not_seen(desk: Desk, sam: Browser) -> None:
    place = write(sam)
    Browser(desk, "ada").post(place, DRAFT | {"body": "Ada's words.", "version": "1"})
    text = page(sam.post(place, DRAFT | {"body": "Sam's words.", "version": "1"}), 412)
    assert text_of(text, "body") == "Sam's words."
    assert sam.post(place, DRAFT | {"body": "Sam's words.", "version": value_of(text, "version")}).status_code == 303


def test_revisions_are_compared_and_restored(desk: Desk, sam: Browser) -> None:
    place = write(sam, status="published")
    sam.post(place, DRAFT | {"slug": "why-is-it-empty", "body": "## Rendering\n\nSend `wait_for`."})
    text = page(sam.get(f"{place}/revisions"))
    assert "<del>Send `render_js`.</del>" in text
    assert "<ins>Send `wait_for`.</ins>" in text
    assert sam.post(f"{place}/revisions/1/restore").status_code == 303
    assert "render_js" in seen_by_readers(desk).json()["body"]
    assert sam.post(f"{place}/revisions/99/restore").status_code == 404


def test_a_deleted_article_is_gone(desk: Desk, sam: Browser) -> None:
    place = write(sam)
    assert sam.post(f"{place}/delete").headers["location"] == "/desk/kb"
    assert count(desk, "articles") == 0
    page(sam.get(place), 404)


def test_the_list_finds_parts_of_words_and_drafts(sam: Browser) -> None:
    write(sam)
    write(sam, title="Invoices", status="published")
    assert "Why is it empty?" in page(sam.get("/desk/kb?q=mpty"))
    assert "Why is it empty?" not in page(sam.get("/desk/kb?status=published"))
    assert "Nothing found" in page(sam.get("/desk/kb?q=zebra"))
    for odd in ("page=0", "page=x", "page=9999999999999", "status=gone", "q=%00%25_"):
        page(sam.get(f"/desk/kb?{odd}"))


def test_hostile_words_stay_words(sam: Browser) -> None:
    place = write(sam, title=HOSTILE, body=HOSTILE, summary=HOSTILE, slug="hostile")
    for path in (place, f"{place}/revisions", "/desk/kb"):
        text = page(sam.get(path))
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_it_is_the_teams(desk: Desk, sam: Browser) -> None:
    place = write(sam)
    alice = Browser(desk, "alice")
    for path in ("/desk/kb", "/desk/kb/new", place, f"{place}/revisions"):
        page(alice.get(path), 403)
    page(alice.post(place, DRAFT), 403)


def test_a_preview_is_as_safe_as_the_article(sam: Browser) -> None:
    answer = sam.post("/desk/kb/preview", {"body": f"## A\n\n{HOSTILE}"})
    assert re.search(r"<h2[^>]*>A</h2>", answer.text)
    assert "<script>alert" not in answer.text


def test_long_stretches_that_are_the_same_are_left_out() -> None:
    before = "\n".join(map(str, range(40)))
    told = compare(before, before.replace("\n20\n", "\ntwenty\n"))
    assert ("gone", "20") in told
    assert ("new", "twenty") in told
    assert [line for kind, line in told if kind == "skip"] == ["14", "13"]


def test_searches_in_vain_are_told_and_can_be_forgotten(desk: Desk, sam: Browser) -> None:
    assert "Everything was found" in page(sam.get("/desk/kb/misses"))
    desk.write(misses.record, "cookie <b>banner</b>")
    text = page(sam.get("/desk/kb/misses"))
    assert "cookie &lt;b&gt;banner" in text
    assert 'href="/desk/kb/new?title=cookie' in text
    assert sam.post("/desk/kb/misses", {"query": "cookie <b>banner</b>"}).status_code == 303
    assert "Everything was found" in page(sam.get("/desk/kb/misses"))
    page(sam.post("/desk/kb/misses", {"query": "never asked"}), 404)


def test_what_readers_said_is_told(desk: Desk, sam: Browser) -> None:
    place = write(sam, status="published")
    assert "Nobody has said anything yet" in page(sam.get(f"{place}/votes"))
    vote = {"helpful": False, "comment": "It lacks <b>wait_for</b>."}
    desk.as_("alice").post("/kb/why-is-it-empty/helpful", vote, expect=200)
    text = page(sam.get(f"{place}/votes"))
    assert "It lacks &lt;b&gt;wait_for" in text
    assert "Alice Moreau" in text
