"""The help centre: searching, browsing and reading what is published, and saying whether it helped."""

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from deskhand.kb import votes
from tests.support.api import count, rows
from tests.support.app import Desk
from tests.support.pages import HOSTILE, Browser, error_of, page

HTMX = {"HX-Request": "true"}


def write(desk: Desk, title: str = "Why is the content empty?", **fields: Any) -> dict[str, Any]:
    body = {"title": title, "body": "Pages made by JavaScript need `render_js`.", "status": "published"} | fields
    return desk.as_("sam").post("/staff/kb/articles", body, expect=201).json()


def links(text: str, below: str = "/help/") -> list[str]:
    """Where the links in the page's middle lead, each once, in order."""
    main = text.partition('id="main"')[2].partition("<footer")[0]
    return list(dict.fromkeys(link for link in re.findall(r'href="([^"]+)"', main) if link.startswith(below)))


class TestFront:
    def test_shows_categories_with_their_articles_and_what_helped_most(self, desk: Desk) -> None:
        for n in range(7):
            write(desk, f"Invoice {n}", category_slug="billing")
        write(desk, "Rotate a key", category_slug="account")
        write(desk, "About us")
        write(desk, "Secret plans", status="draft", category_slug="account")
        desk.anyone().post("/kb/invoice-6/helpful", {"helpful": True}, expect=200)
        text = page(desk.client.get("/help"))
        assert links(text)[0] == "/help/invoice-6"
        assert "All 7 articles" in text
        assert links(text, "/help/categories/") == [f"/help/categories/{slug}" for slug in ("billing", "account", "-")]
        shelf = text.partition("/help/categories/billing")[2].partition("</section>")[0]
        assert re.findall(r"/help/(invoice-\d)", shelf) == [f"invoice-{n}" for n in (6, 0, 1, 2, 3)]
        assert "Secret plans" not in text
        assert 'rel="canonical" href="http://testserver/help"' in text

    def test_without_articles_leads_to_a_person(self, desk: Desk) -> None:
        text = page(desk.client.get("/help"))
        assert "No articles yet" in text
        assert 'href="/contact"' in text

    def test_whoever_is_signed_in_writes_from_the_account(self, desk: Desk) -> None:
        assert 'href="/support/new"' in page(Browser(desk, "alice").get("/help"))


class TestCategory:
    def test_lists_its_published_articles_page_by_page(self, desk: Desk) -> None:
        for n in range(51):
            write(desk, f"Invoice {n:02}", category_slug="billing", summary="In short")
        write(desk, "Draft of an invoice", category_slug="billing", status="draft")
        first, second = (page(desk.client.get(f"/help/categories/billing?page={n}")) for n in (1, 2))
        assert [len(re.findall(r"<h2><a", text)) for text in (first, second)] == [50, 1]
        assert "Charges, invoices" in first
        assert "Draft of" not in first + second

    def test_of_none_is_a_page_too_and_one_without_articles(self, desk: Desk) -> None:
        write(desk, "About us")
        assert "/help/about-us" in links(page(desk.client.get("/help/categories/-")))
        assert "Nothing here yet" in page(desk.client.get("/help/categories/billing"))

    def test_a_retired_one_is_still_read(self, desk: Desk) -> None:
        write(desk, "Invoice", category_slug="billing")
        desk.as_("ada").patch("/staff/categories/billing", {"retired": True}, expect=200)
        assert "/help/categories/billing" in links(page(desk.client.get("/help")))
        assert "/help/invoice" in links(page(desk.client.get("/help/categories/billing")))

    @pytest.mark.parametrize("path", ["nothing", "%00", "é", "billing?page=0", "billing?page=x", "billing?page=²"])
    def test_what_there_is_not_is_a_page_that_says_so(self, desk: Desk, path: str) -> None:
        page(desk.client.get(f"/help/categories/{path}"), 404)


class TestSearch:
    def test_marks_what_was_asked_for(self, desk: Desk) -> None:
        write(desk, body="A page <b>made</b> by JavaScript needs rendering.", category_slug="technical-issue")
        text = page(desk.client.get("/help/search?q=renderign pages"))
        assert "1 article" in text
        assert "<mark>rendering</mark>" in text
        assert "<b>made" not in text
        assert "Technical Issue" in text

    def test_shows_more_on_request(self, desk: Desk) -> None:
        for n in range(23):
            write(desk, f"Invoice {n}")
        text = page(desk.client.get("/help/search?q=invoice"))
        assert len(re.findall("<h2><a", text)) == 20
        (more,) = [link for link in links(text, "/help/search") if "all=1" in link]
        whole = page(desk.client.get(unescape(more)))
        assert len(re.findall("<h2><a", whole)) == 23
        assert "all=1" not in whole

    def test_while_typing_offers_a_list_to_choose_from(self, desk: Desk) -> None:
        write(desk)
        answer = desk.client.get("/help/search?q=emp", headers=HTMX)
        assert "<html" not in answer.text
        assert re.findall(r'role="(listbox|option|status)"', answer.text) == ["listbox", "option", "status"]
        assert 'href="/help/why-is-the-content-empty"' in answer.text
        assert desk.client.get("/help/search?q=", headers=HTMX).text.count("option") == 0

    def test_suggests_to_whoever_types_a_subject(self, desk: Desk) -> None:
        write(desk)
        text = desk.client.get("/help/search?subject=empty content", headers=HTMX).text
        assert 'href="/help/why-is-the-content-empty" target="_blank"' in text
        assert "option" not in text
        assert desk.client.get("/help/search?subject=zzz", headers=HTMX).text.strip() == ""

    def test_that_finds_nothing_offers_a_person_and_what_others_read(self, desk: Desk) -> None:
        write(desk, "Invoices")
        text = page(desk.client.get("/help/search?q=zzz+<b>"))
        assert "Nothing found for “zzz &lt;b&gt;”" in text
        assert 'href="/contact?subject=zzz%20%3Cb%3E"' in text
        assert "/help/invoices" in links(text)
        assert "write to us" in desk.client.get("/help/search?q=zzz", headers=HTMX).text

    def test_in_vain_is_told_to_staff_once_it_was_typed_to_the_end(self, desk: Desk) -> None:
        def missed() -> list[tuple[str, int]]:
            page = desk.as_("sam").get("/staff/kb/misses", expect=200).json()
            return [(found["query"], found["count"]) for found in page["misses"]]

        desk.client.get("/help/search?q=zeb", headers=HTMX)
        desk.client.get("/help/search?subject=zebras", headers=HTMX)
        assert missed() == []
        page(desk.client.get("/help/search?q=zebras"))
        desk.client.get("/help/search?q=Zebras&settled=1", headers=HTMX)
        page(desk.client.get("/help/search?q=vera@visitor.example"))
        assert missed() == [("Zebras", 2)]

    def test_finds_no_drafts(self, desk: Desk) -> None:
        write(desk, "Xylophone", status="draft")
        assert "/help/xylophone" not in page(Browser(desk, "sam").get("/help/search?q=xylophone"))

    @pytest.mark.parametrize("q", ["", "   ", "\x00", "%FF", HOSTILE, "x" * 9000, "🎻 ' \" ) OR 1=1 -- *", "a\nb"])
    def test_takes_any_text(self, desk: Desk, q: str) -> None:
        write(desk, f"About {HOSTILE[:200]}", summary="plain")
        for headers in ({}, HTMX):
            answer = desk.client.get("/help/search", params={"q": q}, headers=headers)
            assert answer.status_code == 200, q
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text.partition("<main")[2]


class TestArticle:
    BODY = "# Start\n\nFirst words.\n\n## Keys\n\n```python\nimport os\n```\n\n### Old keys\n\n#### Too deep\n"

    def test_is_read_with_its_contents_and_what_is_like_it(self, desk: Desk) -> None:
        write(desk, "Rotate a key", body="Keys are rotated in the settings.")
        write(desk, "Make a key", body=self.BODY + "Keys are made in the settings.", category_slug="account")
        text = page(desk.client.get("/help/make-a-key"))
        contents = re.search(r'aria-labelledby="contents">(.*?)</nav>', text, re.DOTALL)
        assert contents is not None
        assert re.findall(r'href="#([^"]+)"', contents[1]) == ["section-start", "section-keys", "section-old-keys"]
        assert all(f'id="{id_}"' in text for id_ in ("section-start", "section-keys", "section-old-keys"))
        assert '<span class="kn">import</span>' in text
        assert "/help/rotate-a-key" in links(text)
        assert links(text, "/help/categories/") == ["/help/categories/account"]
        assert "Updated" in text

    def test_tells_search_engines_what_it_is(self, desk: Desk) -> None:
        write(desk, 'Make "a" key', body="First words.", slug="make-a-key")
        text = page(desk.client.get("/help/make-a-key?helped=yes"))
        assert 'rel="canonical" href="http://testserver/help/make-a-key"' in text
        assert 'property="og:title" content="Make &#34;a&#34; key"' in text
        assert text.count('content="First words."') == 2
        assert "noindex" not in text
        assert "noindex" in page(desk.client.get("/help/search?q=key"))

    def test_an_old_address_leads_to_the_new_one(self, desk: Desk) -> None:
        article = write(desk, "Make a key")
        desk.as_("sam").patch(f"/staff/kb/articles/{article['id']}", {"slug": "new-key"}, expect=200)
        answer = desk.client.get("/help/make-a-key")
        assert (answer.status_code, answer.headers["location"]) == (301, "/help/new-key")

    @pytest.mark.parametrize("who", ["nobody", "alice", "sam"])
    def test_a_draft_is_no_page_and_neither_is_what_there_is_not(self, desk: Desk, who: str) -> None:
        write(desk, "Secret plans", status="draft")
        reader: Any = desk.client if who == "nobody" else Browser(desk, who)
        for path in ("secret-plans", "nothing", "%00", "é", "a/b", "x" * 300):
            page(reader.get(f"/help/{path}"), 404)

    def test_staff_get_a_way_to_the_editor(self, desk: Desk) -> None:
        article = write(desk, "Make a key")
        for who, there in (("alice", False), ("sam", True)):
            assert (f"/desk/kb/{article['id']}" in page(Browser(desk, who).get("/help/make-a-key"))) is there

    def test_hostile_words_are_words(self, desk: Desk) -> None:
        write(desk, HOSTILE[:200], slug="odd", summary=HOSTILE, body=f"{HOSTILE}\n\n## {HOSTILE}\n\n## x\n")
        text = page(desk.client.get("/help/odd"))
        assert "<script>alert" not in text
        assert "<img" not in text.partition("<main")[2]

    def test_who_has_it_already_is_told_so(self, desk: Desk) -> None:
        article = write(desk, "Make a key")
        tag = page_tag(desk.client.get("/help/make-a-key"))
        again = {"If-None-Match": tag}
        same = desk.client.get("/help/make-a-key", headers=again)
        assert (same.status_code, same.content) == (304, b"")
        for headers in ({"Accept-Language": "de"}, {"Cookie": "deskhand_theme=dark"}):
            assert desk.client.get("/help/make-a-key", headers=again | headers).status_code == 200
        assert Browser(desk, "sam").get("/help/make-a-key", headers=again).status_code == 200
        desk.as_("sam").patch(f"/staff/kb/articles/{article['id']}", {"summary": "New"}, expect=200)
        assert desk.client.get("/help/make-a-key", headers=again).status_code == 200


def page_tag(response: httpx2.Response) -> str:
    page(response)
    return response.headers["etag"]


class TestVote:
    @pytest.fixture
    def place(self, desk: Desk) -> str:
        return f"/help/{write(desk, 'Make a key')['slug']}"

    def counts(self, desk: Desk) -> tuple[int, int]:
        found = desk.anyone().get("/kb/make-a-key", expect=200).json()
        return found["helpful_count"], found["not_helpful_count"]

    def test_a_browser_has_one_and_may_change_it(self, desk: Desk, place: str) -> None:
        for helpful, said, counts in (("false", "no", (0, 1)), ("true", "yes", (1, 0)), ("true", "yes", (1, 0))):
            answer = desk.client.post(place, data={"helpful": helpful})
            assert (answer.status_code, answer.headers["location"]) == (303, f"{place}?helped={said}#helped")
            assert self.counts(desk) == counts
        assert "What was missing?" in page(desk.client.get(f"{place}?helped=no"))
        desk.client.cookies.clear()
        answer = desk.client.post(place, data={"helpful": "true"})
        assert self.counts(desk) == (2, 0)
        assert "httponly" in answer.headers["set-cookie"].lower()

    def test_is_the_same_through_both_doors(self, desk: Desk, place: str) -> None:
        desk.client.post(place, data={"helpful": "true"})
        desk.client.post("/api/v1/support/kb/make-a-key/helpful", json={"helpful": True})
        assert self.counts(desk) == (1, 0)

    def test_what_was_missing_is_told_to_staff(self, desk: Desk, place: str) -> None:
        desk.client.post(place, data={"helpful": "false"})
        answer = desk.client.post(place, data={"helpful": "false", "comment": f"No example. {HOSTILE}"})
        assert answer.headers["location"] == f"{place}?helped=told#helped"
        assert "make this article better" in page(desk.client.get(f"{place}?helped=told"))
        assert self.counts(desk) == (0, 1)
        article_id = desk.anyone().get("/kb/make-a-key").json()["id"]
        (vote,) = desk.as_("sam").get(f"/staff/kb/articles/{article_id}/votes", expect=200).json()["votes"]
        assert vote["comment"].startswith("No example.")
        too_long = {"helpful": "false", "comment": "x" * 5_000}
        text = page(desk.client.post(place, data=too_long), 422)
        assert error_of(text, "comment")
        part = desk.client.post(place, data=too_long, headers=HTMX)
        assert (part.status_code, "<html" in part.text) == (422, False)

    def test_with_a_script_the_page_stays(self, desk: Desk, place: str) -> None:
        answer = desk.client.post(place, data={"helpful": "false"}, headers=HTMX)
        assert "<html" not in answer.text
        assert 'name="comment"' in answer.text
        assert "Thank you" in desk.client.post(place, data={"helpful": "true"}, headers=HTMX).text

    def test_a_person_has_one_on_every_machine(self, desk: Desk, place: str) -> None:
        for _ in range(2):
            alice = Browser(desk, "alice")
            alice.post(place, {"helpful": "true"})
            desk.client.cookies.clear()
        assert self.counts(desk) == (1, 0)
        desk.client.cookies.clear()
        answer = desk.client.post(place, data={"helpful": "true"}, headers={"Cookie": Browser(desk, "bob").cookie})
        page(answer, 403)  # without the session's token
        assert self.counts(desk) == (1, 0)

    def test_votes_from_one_address_are_limited(self, desk: Desk, place: str) -> None:
        rate = desk.settings.limit_votes
        assert rate is not None
        for _ in range(rate.count):
            desk.client.cookies.clear()
            desk.client.post(place, data={"helpful": "true"})
        answer = desk.client.post(place, data={"helpful": "true"})
        page(answer, 429)
        assert int(answer.headers["retry-after"]) > 0
        assert self.counts(desk) == (rate.count, 0)
        assert Browser(desk, "alice").post(place, {"helpful": "true"}).status_code == 303

    def test_other_sites_and_what_is_not_there_change_nothing(self, desk: Desk, place: str) -> None:
        before = rows(desk)
        page(desk.client.post(place, data={"helpful": "true"}, headers={"Origin": "https://evil.example"}), 403)
        page(desk.client.post("/help/nothing", data={"helpful": "true"}), 404)
        assert rows(desk) == before

    def test_a_bug_in_it_shows_nothing(self, desk: Desk, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(votes, "vote", lambda *_, **__: 1 / 0)
        assert "division" not in page(desk.client.post(place, data={"helpful": "true"}), 500)
        assert count(desk, "article_votes") == 0


class TestForSearchEngines:
    def test_the_map_names_what_is_published(self, desk: Desk) -> None:
        write(desk, "Make a key")
        write(desk, "Secret plans", status="draft")
        answer = desk.client.get("/sitemap.xml")
        assert answer.headers["content-type"] == "application/xml"
        space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
        places = [found.text for found in ElementTree.fromstring(answer.text).iter(f"{space}loc")]
        assert places == [f"http://testserver/{path}" for path in ("help", "contact", "help/make-a-key")]
        for place in places:
            page(desk.client.get(place or ""))

    def test_the_rules_keep_them_out_of_what_is_private(self, desk: Desk) -> None:
        text = desk.client.get("/robots.txt").text
        assert "Sitemap: http://testserver/sitemap.xml" in text
        assert {"Disallow: /desk", "Disallow: /support", "Disallow: /t/"} <= set(text.splitlines())
