"""The knowledge base over HTTP: what visitors read and say, and what staff write."""

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from starlette.testclient import TestClient

from deskhand import wiring
from deskhand.kit.limits import Rate
from tests.support.app import SUPPORT, Desk, running

ARTICLES = "/staff/kb/articles"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def write(desk: Desk, title: str = "Why is the content empty?", **fields: Any) -> dict[str, Any]:
    body = {"title": title, "body": "Pages made by JavaScript need `render_js`.", "status": "published"} | fields
    return desk.as_("sam").post(ARTICLES, body, expect=201).json()


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert (response.status_code, found["status"], found["code"]) == (status, status, code), response.text
    return found


def wrong(response: httpx2.Response) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in problem(response, 422, "invalid")["errors"]]


# --- searching


def test_a_visitor_finds_an_article(desk: Desk) -> None:
    article = write(desk, summary="Rendering explained", category_slug="technical-issue")
    found = desk.anyone().get("/kb/search?q=emty contents", expect=200).json()
    assert (found["total"], found["query"]) == (1, "emty contents")
    assert found["articles"] == [
        {
            "id": article["id"],
            "slug": "why-is-the-content-empty",
            "title": "Why is the content empty?",
            "summary": "Rendering explained",
            "category": "Technical Issue",
            "category_slug": "technical-issue",
            "helpful_count": 0,
            "not_helpful_count": 0,
            "snippet": found["articles"][0]["snippet"],
        }
    ]


def test_an_extract_shows_what_matched(desk: Desk) -> None:
    write(desk)
    [found] = desk.anyone().get("/kb/search?q=javascript").json()["articles"]
    text, spans = found["snippet"]["text"], found["snippet"]["spans"]
    assert [text[start:end] for start, end in spans] == ["JavaScript", "js"]


def test_without_a_query_come_the_articles_that_helped(desk: Desk) -> None:
    for title in ("First", "Second"):
        write(desk, title)
    write(desk, "Third", status="draft")
    desk.anyone().post("/kb/first/helpful", {"helpful": True}, expect=200)
    for path in ("/kb/search", "/kb/search?q=", "/kb/search?q=%20"):
        found = desk.anyone().get(path, expect=200).json()
        assert ([article["slug"] for article in found["articles"]], found["total"]) == (["first", "second"], 2)


ODD = (
    *("%", "_", "'", '"', '"open', "*", "a*", "(", "-", "\\", ";--", "$$", "!", "<->", ":*", "&", "0"),
    *("NOT", "a AND", "a OR OR", "NEAR(a b)", "title:a", "null", "\t", "\n", "\x1b", "\u202e", "🙂", "漢字"),
    *("é" * 5000, "a " * 5000),
)


def test_no_query_is_too_odd(desk: Desk) -> None:
    write(desk)
    for query in ODD:
        found = desk.anyone().get("/kb/search", params={"q": query}, expect=200).json()
        assert found["query"] == query


@pytest.mark.parametrize(
    ("query", "field"), [("q=%00", "q"), ("limit=0", "limit"), ("limit=51", "limit"), ("limit=x", "limit")]
)
def test_what_cannot_be_asked(desk: Desk, query: str, field: str) -> None:
    assert [name for name, _ in wrong(desk.anyone().get(f"/kb/search?{query}"))] == [field]


def test_so_many_are_found_as_were_asked_for(desk: Desk) -> None:
    for number in range(12):
        write(desk, f"Proxies {number}")
    for asked, given in (("", 10), ("&limit=1", 1), ("&limit=50", 12)):
        found = desk.anyone().get(f"/kb/search?q=proxies{asked}", expect=200).json()
        assert (len(found["articles"]), found["total"]) == (given, 12)


# --- reading


def test_everyone_reads_an_article(desk: Desk) -> None:
    other = write(desk, "Why is JavaScript slow?")
    made = write(desk, summary="Rendering", category_slug="billing")
    for reader in (desk.anyone(), desk.as_("mallory"), desk.as_("sam")):
        article = reader.get("/kb/why-is-the-content-empty", expect=200).json()
        assert article == {
            "id": made["id"],
            "slug": "why-is-the-content-empty",
            "title": "Why is the content empty?",
            "summary": "Rendering",
            "body": "Pages made by JavaScript need `render_js`.",
            "body_html": "<p>Pages made by JavaScript need <code>render_js</code>.</p>\n",
            "category": "Billing",
            "category_slug": "billing",
            "helpful_count": 0,
            "not_helpful_count": 0,
            "published_at": made["published_at"],
            "updated_at": made["updated_at"],
            "related": [{name: other[name] for name in ("id", "slug", "title", "summary")}],
        }


def test_an_article_is_sent_once(desk: Desk) -> None:
    write(desk)
    first = desk.anyone().get("/kb/why-is-the-content-empty")
    again = desk.anyone().get("/kb/why-is-the-content-empty", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    desk.as_("alice").post("/kb/why-is-the-content-empty/helpful", {"helpful": True})
    again = desk.anyone().get("/kb/why-is-the-content-empty", headers={"If-None-Match": first.headers["etag"]})
    assert again.json()["helpful_count"] == 1


def test_nobody_reads_a_draft_where_readers_read(desk: Desk) -> None:
    draft = write(desk, slug="draft", status="draft")
    hidden = write(desk, slug="hidden")
    desk.as_("sam").patch(f"{ARTICLES}/{hidden['id']}", {"status": "draft"}, expect=200)
    for reader in (desk.anyone(), desk.as_("alice"), desk.as_("sam"), desk.as_("ada")):
        for slug in ("draft", "hidden", "nothing", draft["id"], "%C3%A4", "a" * 3000, "SEARCH", "%2e%2e", "%00"):
            problem(reader.get(f"/kb/{slug}"), 404, "not_found")
            problem(reader.post(f"/kb/{slug}/helpful", {"helpful": True}), 404, "not_found")


def test_an_old_slug_redirects(desk: Desk) -> None:
    made = write(desk, slug="first")
    for slug in ("second", "third"):
        desk.as_("sam").patch(f"{ARTICLES}/{made['id']}", {"slug": slug}, expect=200)
    for slug in ("first", "second"):
        moved = desk.anyone().get(f"/kb/{slug}", expect=301)
        assert (moved.headers["location"], moved.content) == (f"{SUPPORT}/kb/third", b"")
        assert desk.anyone().get(moved.headers["location"], expect=200).json()["id"] == made["id"]
    desk.as_("sam").patch(f"{ARTICLES}/{made['id']}", {"status": "draft"}, expect=200)
    problem(desk.anyone().get("/kb/first"), 404, "not_found")


# --- voting


def vote(desk: Desk, helpful: bool, who: str | None = None, **more: Any) -> httpx2.Response:
    caller = desk.as_(who) if who else desk.anyone()
    return caller.post("/kb/why-is-the-content-empty/helpful", {"helpful": helpful}, **more)


def test_a_browser_votes_once(desk: Desk) -> None:
    write(desk)
    first = vote(desk, True, expect=200)
    assert first.json() == {"helpful_count": 1, "not_helpful_count": 0}
    cookie = first.headers["set-cookie"]
    assert re.fullmatch(
        r"deskhand_voter=[\w-]{22}; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax", cookie, re.IGNORECASE
    )
    again = vote(desk, True, expect=200)
    assert again.json() == {"helpful_count": 1, "not_helpful_count": 0}
    assert "set-cookie" not in again.headers
    assert vote(desk, False).json() == {"helpful_count": 0, "not_helpful_count": 1}
    desk.client.cookies.clear()
    assert vote(desk, False).json() == {"helpful_count": 0, "not_helpful_count": 2}


@pytest.mark.parametrize("cookie", ["x", "a" * 23, "a" * 5000, "!" * 22])
def test_a_cookie_that_is_none_of_ours_is_replaced(desk: Desk, cookie: str) -> None:
    write(desk)
    given = vote(desk, True, headers={"Cookie": f"deskhand_voter={cookie}"}, expect=200)
    assert f"deskhand_voter={cookie};" not in given.headers["set-cookie"]


def test_a_user_votes_once_from_anywhere(desk: Desk) -> None:
    write(desk)
    for counts in ((1, 0), (1, 0)):
        voted = vote(desk, True, "alice", expect=200)
        assert tuple(voted.json().values()) == counts
        assert "set-cookie" not in voted.headers
        assert "ratelimit-limit" not in voted.headers
    assert vote(desk, False, "bob").json() == {"helpful_count": 1, "not_helpful_count": 1}
    problem(
        desk.anyone(Authorization="Bearer nonsense").post("/kb/x/helpful", {"helpful": True}), 401, "unauthenticated"
    )


def test_the_cookie_is_for_https_alone_where_the_desk_is(desk: Desk) -> None:
    write(desk)
    settings = desk.settings.model_copy(update={"base_url": "https://help.acme.example"})
    app = wiring.build_app(replace(desk.services, settings=settings))
    given = TestClient(app).post(f"{SUPPORT}/kb/why-is-the-content-empty/helpful", json={"helpful": True})
    assert "; secure" in given.headers["set-cookie"].lower()


def test_votes_without_login_are_limited_by_address(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, limit_votes=Rate(2, 3600)) as desk:
        write(desk)
        problem(desk.anyone().post("/kb/nothing/helpful", {"helpful": True}), 404, "not_found")
        assert wrong(vote(desk, "yes")) == [("helpful", "bool_type")]
        for remaining in ("1", "0"):
            desk.client.cookies.clear()
            assert vote(desk, True, expect=200).headers["ratelimit-remaining"] == remaining
        refused = vote(desk, True)
        problem(refused, 429, "rate_limited")
        assert int(refused.headers["retry-after"]) > 3500
        assert "set-cookie" not in refused.headers
        vote(desk, True, "alice", expect=200)
        assert vote(desk, False, "bob").json() == {"helpful_count": 3, "not_helpful_count": 1}


def test_a_vote_says_true_or_false(desk: Desk) -> None:
    write(desk)
    for body in ({}, {"helpful": None}, {"helpful": 1}, {"helpful": "true"}, {"helpful": True, "why": "x"}, [], "x"):
        problem(desk.anyone().post("/kb/why-is-the-content-empty/helpful", body), 422, "invalid")


# --- staff


CALLS = [
    ("GET", "", None),
    ("POST", "", {"title": "x", "body": "x"}),
    ("GET", "/{id}", None),
    ("PATCH", "/{id}", {"title": "x"}),
    ("GET", "/{id}/revisions", None),
    ("POST", "/{id}/revisions/1/restore", None),
    ("DELETE", "/{id}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_what_is_for_staff(desk: Desk, method: str, path: str, body: Any) -> None:
    article = write(desk)
    path = ARTICLES + path.format(id=article["id"])
    problem(desk.anyone().request(method, path, body), 401, "unauthenticated")
    problem(desk.as_("alice").request(method, path, body), 403, "staff_only")
    assert desk.as_("ada").request(method, path, body).is_success


def test_what_is_not_there(desk: Desk) -> None:
    for method, path, body in CALLS[2:]:
        for article_id in ("x", "0", "550e8400-e29b-41d4-a716-446655440000", "a" * 400):
            problem(desk.as_("sam").request(method, ARTICLES + path.format(id=article_id), body), 404, "not_found")


def test_an_article_from_draft_to_deletion(desk: Desk) -> None:
    sam = desk.as_("sam")
    made = sam.post(ARTICLES, {"title": " Proxies ", "body": "*One*"}, expect=201).json()
    assert UUID.fullmatch(made["id"])
    assert all(TIME.fullmatch(made[name]) for name in ("created_at", "updated_at"))
    assert made == {
        "id": made["id"],
        "slug": "proxies",
        "title": "Proxies",
        "summary": "",
        "status": "draft",
        "category": None,
        "category_slug": None,
        "author": {"id": desk.user_id("sam"), "name": "Sam Okafor"},
        "helpful_count": 0,
        "not_helpful_count": 0,
        "version": 1,
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "published_at": None,
        "body": "*One*",
        "body_html": "<p><em>One</em></p>\n",
    }
    place = f"{ARTICLES}/{made['id']}"
    assert sam.get(place, expect=200).json() == made
    changed = sam.patch(place, {"status": "published", "body": "Two", "category_slug": "account"}, expect=200).json()
    assert (changed["status"], changed["body_html"], changed["category"]) == ("published", "<p>Two</p>\n", "Account")
    assert desk.anyone().get("/kb/proxies", expect=200).json()["body"] == "Two"
    gone = sam.delete(place, expect=204)
    assert gone.content == b""
    for method in ("GET", "DELETE"):
        problem(sam.request(method, place), 404, "not_found")
    problem(desk.anyone().get("/kb/proxies"), 404, "not_found")


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"title": None}, [("title", "string_type")]),
    ({"title": " "}, [("title", "blank")]),
    ({"title": "a\nb"}, [("title", "characters")]),
    ({"title": "\ud800"}, [("title", "characters")]),
    ({"body": ""}, [("body", "blank")]),
    ({"body": "a\x00"}, [("body", "characters")]),
    ({"slug": "search"}, [("slug", "reserved")]),
    ({"slug": "a b"}, [("slug", "slug")]),
    ({"slug": "-a"}, [("slug", "slug")]),
    ({"slug": ""}, [("slug", "blank")]),
    ({"category_slug": "nonsense"}, [("category_slug", "unknown_category")]),
    ({"category_slug": "\x00"}, [("category_slug", "characters")]),
    ({"status": "public"}, [("status", "choice")]),
    ({"helpful_count": 5}, [("helpful_count", "unknown_field")]),
    ({"title": "", "slug": "A"}, [("title", "blank"), ("slug", "slug")]),
]


def test_fields_that_are_wrong_are_named(desk: Desk) -> None:
    article, as_json = write(desk), {"Content-Type": "application/json"}
    for method, path in (("POST", ARTICLES), ("PATCH", f"{ARTICLES}/{article['id']}")):
        for fields, errors in WRONG:
            content = json.dumps({"title": "x", "body": "x"} | fields)
            assert wrong(desk.as_("sam").request(method, path, content=content, headers=as_json)) == errors
    assert desk.as_("sam").get(ARTICLES).json()["total"] == 1


def test_what_a_new_article_needs(desk: Desk) -> None:
    assert wrong(desk.as_("sam").post(ARTICLES, {})) == [("title", "required"), ("body", "required")]


def test_a_slug_belongs_to_one_article(desk: Desk) -> None:
    sam, taken, other = desk.as_("sam"), write(desk, slug="taken"), write(desk, slug="other")
    problem(sam.post(ARTICLES, {"title": "x", "body": "x", "slug": "taken"}), 409, "slug_taken")
    problem(sam.patch(f"{ARTICLES}/{other['id']}", {"slug": "taken", "title": "x"}), 409, "slug_taken")
    assert sam.get(f"{ARTICLES}/{other['id']}").json() == other
    sam.patch(f"{ARTICLES}/{taken['id']}", {"slug": "elsewhere"}, expect=200)
    assert sam.patch(f"{ARTICLES}/{other['id']}", {"slug": "taken"}, expect=200).json()["slug"] == "taken"
    assert desk.anyone().get("/kb/taken", expect=200).json()["id"] == other["id"]


def test_repeating_a_request_with_its_key_writes_one_article(desk: Desk) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = [desk.as_("sam").post(ARTICLES, {"title": "x", "body": "x"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replay"] == "true"
    assert desk.as_("sam").get(ARTICLES).json()["total"] == 1


def test_a_newer_state_is_not_overwritten(desk: Desk) -> None:
    sam, place = desk.as_("sam"), f"{ARTICLES}/{write(desk)['id']}"
    read = {"If-Match": sam.get(place).headers["etag"]}
    assert sam.patch(place, {"title": "By Sam"}, headers=read, expect=200).json()["version"] == 2
    problem(desk.as_("ada").patch(place, {"title": "By Ada"}, headers=read), 412, "stale")
    fresh = {"If-Match": sam.get(place).headers["etag"]}
    desk.as_("ada").patch(place, {"title": "By Ada"}, headers=fresh, expect=200)
    problem(sam.patch(place, {"title": "x"}, headers={"If-Match": '"other"'}), 412, "stale")
    desk.as_("ada").patch(place, {"title": "By Ada again"}, headers={"If-Match": "*"}, expect=200)


def test_votes_do_not_stand_in_an_editors_way(desk: Desk) -> None:
    place = f"{ARTICLES}/{write(desk)['id']}"
    read = {"If-Match": desk.as_("sam").get(place).headers["etag"]}
    vote(desk, True, "alice", expect=200)
    assert desk.as_("sam").patch(place, {"title": "x"}, headers=read, expect=200).json()["helpful_count"] == 1


def test_staff_list_what_they_look_for(desk: Desk) -> None:
    sam = desk.as_("sam")
    for number in range(3):
        write(desk, f"Draft {number}", status="draft", category_slug="billing")
    published = write(desk, "Proxies")
    everything = sam.get(ARTICLES, expect=200).json()
    assert (everything["total"], everything["page"], everything["per_page"]) == (4, 1, 20)
    listed = {name: value for name, value in published.items() if not name.startswith("body")}
    assert everything["articles"][0] == listed
    for query, total in (
        ("status=draft", 3),
        ("status=published", 1),
        ("category=billing", 3),
        ("category=nothing", 0),
        ("q=prox", 1),
        ("q=draft&status=published", 0),
    ):
        assert sam.get(f"{ARTICLES}?{query}", expect=200).json()["total"] == total
    page = sam.get(f"{ARTICLES}?page=2&per_page=3", expect=200)
    assert len(page.json()["articles"]) == 1
    assert 'rel="prev"' in page.headers["link"]
    for query in ("status=secret", "page=0", "per_page=101", "q=%00"):
        assert wrong(sam.get(f"{ARTICLES}?{query}"))[0][0] == query.partition("=")[0]


def test_revisions_are_listed_and_restored(desk: Desk) -> None:
    sam, ada, made = desk.as_("sam"), desk.as_("ada"), write(desk)
    place = f"{ARTICLES}/{made['id']}"
    ada.patch(place, {"body": "Other"}, expect=200)
    sam.patch(place, {"status": "draft"}, expect=200)
    listed = sam.get(f"{place}/revisions", expect=200).json()
    assert (listed["total"], listed["page"], listed["per_page"]) == (2, 1, 20)
    first, second = listed["revisions"]
    assert first == {
        "number": 1,
        "title": made["title"],
        "summary": "",
        "body": made["body"],
        "author": {"id": desk.user_id("sam"), "name": "Sam Okafor"},
        "created_at": made["created_at"],
    }
    assert (second["number"], second["body"], second["author"]["name"]) == (2, "Other", "Ada Brandt")
    restored = sam.post(f"{place}/revisions/1/restore", expect=200).json()
    assert (restored["body"], restored["status"]) == (made["body"], "draft")
    assert sam.get(f"{place}/revisions?page=2&per_page=2", expect=200).json()["revisions"][0]["number"] == 3
    for number in ("0", "4", "-1", "x", "1.0", "99999999999999999999", "%D9%A1"):
        problem(sam.post(f"{place}/revisions/{number}/restore"), 404, "not_found")


@pytest.mark.parametrize(("field", "maximum"), [("title", 255), ("summary", 500), ("body", 262_144), ("slug", 120)])
def test_what_is_too_long_is_named(desk: Desk, field: str, maximum: int) -> None:
    article = {"title": "x", "body": "x"}
    desk.as_("sam").post(ARTICLES, article | {field: "a" * maximum}, expect=201)
    assert [name for name, _ in wrong(desk.as_("sam").post(ARTICLES, article | {field: "a" * (maximum + 1)}))] == [
        field
    ]


def test_a_picture_in_a_published_article_is_for_everyone(desk: Desk) -> None:
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    files = {"file": ("shot.png", picture.getvalue(), "image/png")}
    uploaded = desk.as_("sam").request("POST", "/attachments", files=files, expect=201).json()
    article = write(desk, body=uploaded["markdown"], status="draft")
    assert f'src="{uploaded["url"]}"' in article["body_html"]
    assert desk.anyone().get(uploaded["url"]).status_code == 401
    assert desk.as_("alice").get(uploaded["url"]).status_code == 404
    for reader in (desk.as_("sam"), desk.as_("ada")):
        reader.get(uploaded["url"], expect=200)
    desk.as_("sam").patch(f"{ARTICLES}/{article['id']}", {"status": "published"}, expect=200)
    for reader in (desk.anyone(), desk.as_("alice")):
        assert reader.get(uploaded["url"], expect=200).headers["content-type"] == "image/png"
        reader.get(uploaded["thumbnail_url"], expect=200)
    desk.as_("sam").patch(f"{ARTICLES}/{article['id']}", {"body": "Without"}, expect=200)
    assert desk.as_("alice").get(uploaded["url"]).status_code == 404
