"""Sam writes articles; readers see what is published, and everyone's vote counts once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection, insert, select

from deskhand.accounts.actor import Actor, Role
from deskhand.attachments.tables import attachments
from deskhand.kb import access, ops, queries, search, slugs, votes
from deskhand.kb.access import NoSuchArticle
from deskhand.kb.model import MAX_FILES, Article, ArticleChange, NewArticle, NewVote
from deskhand.kb.queries import Filter
from deskhand.kb.slugs import SlugTaken
from deskhand.kit import clock, events
from deskhand.kit.errors import Forbidden, Invalid, NotFound, Stale
from deskhand.kit.ids import new_id
from tests.support.app import Desk

BODY = "## Rendering\n\nPages made by JavaScript need `render_js`."


def write(desk: Desk, title: str = "Why is the content empty?", who: str = "sam", **fields: Any) -> Article:
    new = NewArticle.model_validate({"title": title, "body": BODY, "status": "published"} | fields)
    return desk.write(ops.create, desk.actor(who), new)


def change(desk: Desk, article: Article, who: str = "sam", version: int | None = None, **fields: Any) -> Article:
    actor = desk.actor(who)

    def unit(tx: Connection) -> Article:
        wanted = ArticleChange.model_validate(fields)
        return ops.change(tx, actor, access.lock(tx, actor, article.id), wanted, expected_version=version)

    return desk.write(unit)


def restore(desk: Desk, article: Article, number: int, who: str = "sam") -> Article:
    actor = desk.actor(who)
    return desk.write(lambda tx: ops.restore(tx, actor, access.lock(tx, actor, article.id), number))


def remove(desk: Desk, article: Article) -> None:
    actor = desk.actor("sam")
    desk.write(lambda tx: ops.remove(tx, actor, access.lock(tx, actor, article.id)))


def revisions(desk: Desk, article: Article) -> list[tuple[int, str, str]]:
    rows, total = desk.read(queries.list_revisions, article.id, page=1, per_page=100)
    assert total == len(rows)
    return [(row.number, row.title, row.author_name) for row in rows]


def found(desk: Desk, query: str) -> list[str]:
    return [row.article.slug for row in desk.read(queries.search, query, limit=50).rows]


def told(desk: Desk, article: Article) -> list[str]:
    return [event["name"] for event in desk.read(events.of_subject, article.id)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of them returned or raised, all begun at the same moment."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            return act()
        except Exception as problem:
            return problem

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


# --- what may be written


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("title", " ", "blank"),
        ("title", "a" * 256, "too_long"),
        ("title", "two\nlines", "characters"),
        ("summary", "a" * 501, "too_long"),
        ("body", "\n", "blank"),
        ("body", "a" * 262_145, "too_long"),
        ("body", "a\x00b", "characters"),
        ("slug", "search", "reserved"),
        ("slug", "Upper", "slug"),
        ("slug", "a" * 121, "too_long"),
        ("status", "secret", "is_instance_of"),
        ("title", None, "string_type"),
        ("colour", "red", "extra_forbidden"),
    ],
)
@pytest.mark.parametrize("kind", [NewArticle, ArticleChange])
def test_bad_input_is_refused_by_field(kind: type[Any], field: str, value: object, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate({"title": "x", "body": "x"} | {field: value})
    [error] = caught.value.errors()
    assert (error["loc"], error["type"]) == ((field,), code)


def test_the_longest_article_fits(desk: Desk) -> None:
    longest = write(desk, "t" * 255, slug="s" * 120, summary="z" * 500, body="ö" * 262_144)
    assert desk.read(access.get_published, "s" * 120).body == longest.body == "ö" * 262_144


@pytest.mark.parametrize("who", ["alice", "mallory"])
def test_customers_neither_write_nor_read_what_is_staffs(desk: Desk, who: str) -> None:
    article = write(desk, status="draft")
    for attempt in (
        lambda: write(desk, who=who),
        lambda: change(desk, article, who, title="Mine"),
        lambda: restore(desk, article, 1, who),
        lambda: desk.read(access.get, desk.actor(who), article.id),
        lambda: desk.read(queries.list_all, desk.actor(who), Filter()),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_an_article_needs_a_category_that_is_in_use(desk: Desk) -> None:
    article = write(desk, category_slug="billing")
    assert (article.category_slug, article.category) == ("billing", "Billing")
    assert change(desk, article, category_slug=None).category is None
    desk.as_("ada").patch("/staff/categories/billing", {"retired": True}, expect=200)
    for slug in ("billing", "nonsense"):
        with pytest.raises(Invalid) as refused:
            change(desk, article, category_slug=slug)
        assert [(error.field, error.code) for error in refused.value.errors] == [("category_slug", "unknown_category")]


# --- addresses


def test_slugs_are_made_from_titles_and_numbered(desk: Desk) -> None:
    made = [write(desk, "Über uns & Co.").slug for _ in range(3)]
    assert made == ["ueber-uns-co", "ueber-uns-co-2", "ueber-uns-co-3"]
    assert write(desk, "Search").slug == "search-2"
    assert write(desk, "???").slug == "article"


def test_a_numbered_slug_is_not_too_long(desk: Desk) -> None:
    made = [write(desk, "a" * 119 + " b").slug for _ in range(2)]
    assert made == ["a" * 119, "a" * 118 + "-2"]
    again = write(desk, "a" * 118 + " b")
    assert again.slug == "a" * 118 + "-b"


def test_a_slug_stays_when_the_title_changes(desk: Desk) -> None:
    assert change(desk, write(desk), title="Something else").slug == "why-is-the-content-empty"


def test_a_taken_slug_is_refused(desk: Desk) -> None:
    write(desk, slug="proxies", status="draft")
    other = write(desk, slug="limits")
    with pytest.raises(SlugTaken):
        write(desk, slug="proxies")
    with pytest.raises(SlugTaken):
        change(desk, other, slug="proxies", title="Changed as well")
    assert desk.read(access.get_published, "limits").title == other.title
    assert change(desk, other, slug="limits").version == other.version


def test_old_slugs_lead_to_the_article(desk: Desk) -> None:
    article = write(desk, slug="first")
    for slug in ("second", "third"):
        article = change(desk, article, slug=slug)
    for slug in ("first", "second", "third"):
        assert desk.read(access.get_published, slug).slug == "third"
    change(desk, article, slug="first")
    for slug in ("first", "second", "third"):
        assert desk.read(access.get_published, slug).slug == "first"


def test_old_slugs_of_what_is_hidden_lead_nowhere(desk: Desk) -> None:
    article = change(desk, write(desk, slug="first"), slug="second")
    change(desk, article, status="draft")
    for slug in ("first", "second"):
        with pytest.raises(NoSuchArticle):
            desk.read(access.get_published, slug)


def test_an_old_slug_can_be_taken_over(desk: Desk) -> None:
    moved = change(desk, write(desk, slug="proxies"), slug="proxy-guide")
    newer = write(desk, slug="proxies")
    assert desk.read(access.get_published, "proxies").id == newer.id
    remove(desk, newer)
    with pytest.raises(NoSuchArticle):
        desk.read(access.get_published, "proxies")
    other = change(desk, write(desk, slug="limits"), slug="proxies")
    change(desk, other, slug="rate-limits")
    assert desk.read(access.get_published, "proxies").id == other.id != moved.id


def test_a_made_slug_takes_over_no_redirect(desk: Desk) -> None:
    moved = change(desk, write(desk, "Proxies"), slug="proxy-guide")
    assert write(desk, "Proxies").slug == "proxies-2"
    assert desk.read(access.get_published, "proxies").id == moved.id


def test_a_draft_leaves_no_address_behind(desk: Desk) -> None:
    change(desk, write(desk, "Proxies", status="draft"), slug="proxy-guide")
    assert write(desk, "Proxies").slug == "proxies"


def test_articles_with_one_title_at_the_same_moment(desk: Desk) -> None:
    desk.actor("sam")
    made = at_once(*[lambda: write(desk, "Proxies") for _ in range(6)])
    assert {article.slug for article in made} == {"proxies", *(f"proxies-{number}" for number in range(2, 7))}


def test_of_articles_that_want_one_slug_at_the_same_moment_one_gets_it(desk: Desk) -> None:
    others = [write(desk, f"Article {number}") for number in range(3)]
    wanting = [lambda: write(desk, slug="proxies") for _ in range(3)]
    wanting += [lambda article=article: change(desk, article, slug="proxies") for article in others]
    outcomes = at_once(*wanting)
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [SlugTaken] * 5
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, Article)]
    assert desk.read(access.get_published, "proxies").id == winner.id


def test_the_constraint_decides_where_the_look_up_saw_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write(desk, "Proxies")
    monkeypatch.setattr(slugs, "_TAKEN", [])
    assert write(desk, "Proxies").slug == "proxies-2"


# --- publishing and finding


def test_readers_see_and_find_only_what_is_published(desk: Desk) -> None:
    article = write(desk, status="draft")
    with pytest.raises(NoSuchArticle):
        desk.read(access.get_published, article.slug)
    assert found(desk, "empty content") == found(desk, "") == []
    article = change(desk, article, status="published")
    assert desk.read(access.get_published, article.slug) == article
    assert found(desk, "empty content") == found(desk, "") == [article.slug]
    article = change(desk, article, status="draft")
    assert found(desk, "empty content") == found(desk, "") == []
    change(desk, article, status="published")
    remove(desk, article)
    assert found(desk, "empty content") == found(desk, "") == []
    with pytest.raises(NoSuchArticle):
        desk.read(access.get, desk.actor("ada"), article.id)


def test_search_knows_each_change(desk: Desk) -> None:
    article = write(desk)
    for words in ({"title": "Telescopes"}, {"summary": "About marmalade"}, {"body": "Porcupines"}):
        assert found(desk, *words.values()) == []
        article = change(desk, article, **words)
        assert found(desk, *words.values()) == [article.slug]
    assert found(desk, "javascript") == []
    restore(desk, article, 1)
    assert found(desk, "javascript") == [article.slug]
    assert found(desk, "porcupines") == []


def test_a_change_that_search_does_not_see_leaves_it_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    article = write(desk)
    monkeypatch.setattr(search, "index", lambda *args, **kwargs: pytest.fail("indexed"))
    change(desk, article, category_slug="billing")
    change(desk, article, title=article.title, body=article.body)
    write(desk, status="draft")


def test_a_blank_query_greets_with_what_helped(desk: Desk) -> None:
    first, second, third = (write(desk, title) for title in ("First", "Second", "Third"))
    for who, article, helpful in (
        ("alice", second, True),
        ("bob", second, True),
        ("alice", first, True),
        ("bob", third, False),
    ):
        desk.write(votes.vote, desk.actor(who), article.slug, NewVote(helpful=helpful), browser="")
    page = desk.read(queries.search, "  ", limit=2)
    assert ([row.article.slug for row in page.rows], page.total) == (["second", "first"], 3)


def test_related_articles_are_published_ones(desk: Desk) -> None:
    article = write(desk, "Rotate proxies")
    alike = write(desk, "Choose proxies")
    hidden = write(desk, "Buy proxies", status="draft")
    related = desk.read(queries.related, article)
    assert [other.slug for other in related] == [alike.slug] != [hidden.slug]


def test_publishing_is_dated_by_the_last_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    article = write(desk, status="draft")
    assert article.published_at is None
    published = change(desk, article, status="published")
    hidden = change(desk, published, status="draft")
    assert hidden.published_at == published.published_at == published.updated_at
    again = change(desk, hidden, status="published")
    assert again.published_at == again.updated_at > published.updated_at


# --- staff's list


def listed(desk: Desk, **asked: Any) -> list[str]:
    return [row.slug for row in desk.read(queries.list_all, desk.actor("sam"), Filter(**asked)).rows]


def test_staff_list_everything_last_changed_first(desk: Desk) -> None:
    one = write(desk, "One", category_slug="billing")
    write(desk, "Two", status="draft")
    write(desk, "Three", status="draft", category_slug="billing")
    change(desk, one, summary="Changed")
    assert listed(desk) == ["one", "three", "two"]
    assert listed(desk, status="draft") == ["three", "two"]
    assert listed(desk, category="billing") == ["one", "three"]
    assert listed(desk, page=2, per_page=2) == ["two"]
    assert listed(desk, page=9) == []
    [row, *_] = desk.read(queries.list_all, desk.actor("sam"), Filter(q="one")).rows
    assert (row.title, row.body, row.body_html, row.author_name) == ("One", "", "", "Sam Okafor")


@pytest.mark.parametrize("query", ["ROTAT", "résid", "resid rotat", "Straße", "strasse", "%", "_", "", "'; --"])
def test_staff_find_parts_of_words_in_drafts(desk: Desk, query: str) -> None:
    write(desk, "Rotate proxies", status="draft", body="Residential ones, Baker Straße.")
    assert listed(desk, q=query) == ["rotate-proxies"]
    assert listed(desk, q="nothing of it") == []


def test_titles_come_first_in_staffs_list(desk: Desk) -> None:
    write(desk, "Proxies", status="draft")
    write(desk, "Limits", body="Proxies have none.")
    assert listed(desk, q="prox") == ["proxies", "limits"]
    assert listed(desk) == ["limits", "proxies"]


# --- revisions


def test_each_change_of_words_is_a_revision(desk: Desk) -> None:
    article = write(desk)
    change(desk, article, "ada", title="Second")
    change(desk, article, summary="Third")
    assert revisions(desk, article) == [
        (1, article.title, "Sam Okafor"),
        (2, "Second", "Ada Brandt"),
        (3, "Second", "Sam Okafor"),
    ]
    for untold in ({"status": "draft"}, {"slug": "elsewhere"}, {"category_slug": "billing"}, {"title": "Second"}, {}):
        change(desk, article, **untold)
    assert len(revisions(desk, article)) == 3


def test_restoring_brings_the_words_back_and_nothing_else(desk: Desk) -> None:
    article = write(desk, summary="As it was", status="draft")
    changed = change(
        desk, article, title="New", summary="", body="*New*", slug="new", status="published", category_slug="billing"
    )
    back = restore(desk, article, 1, "ada")
    assert (back.title, back.summary, back.body, back.body_html) == (
        article.title,
        "As it was",
        BODY,
        article.body_html,
    )
    assert (back.slug, back.status, back.category_slug) == ("new", "published", "billing")
    assert back.version > changed.version
    assert [number for number, *_ in revisions(desk, article)] == [1, 2, 3]
    for number in (0, 4):
        with pytest.raises(NotFound):
            restore(desk, article, number)


def test_restoring_what_it_says_already_is_a_revision_too(desk: Desk) -> None:
    article = write(desk)
    restore(desk, article, 1)
    assert [number for number, *_ in revisions(desk, article)] == [1, 2]


def test_revisions_written_at_the_same_moment_are_numbered_in_one_line(desk: Desk) -> None:
    article = write(desk)
    outcomes = at_once(*[lambda n=n: change(desk, article, title=f"Title {n}") for n in range(6)])
    assert {type(outcome) for outcome in outcomes} == {Article}
    assert [number for number, *_ in revisions(desk, article)] == list(range(1, 8))
    assert desk.read(access.get, desk.actor("sam"), article.id).version == 7


def test_a_stale_change_is_refused(desk: Desk) -> None:
    article = write(desk)
    changed = change(desk, article, title="By Sam", version=article.version)
    with pytest.raises(Stale):
        change(desk, article, "ada", title="By Ada", version=article.version)
    assert change(desk, article, "ada", status="draft", version=changed.version).title == "By Sam"


# --- events


def test_each_act_is_told_once_and_to_staff_alone(desk: Desk) -> None:
    article = write(desk, status="draft")
    change(desk, article, title="Changed", body="Changed as well")
    change(desk, article, status="published")
    change(desk, article, status="draft", category_slug="billing")
    change(desk, article, title="Changed")
    restore(desk, article, 1)
    remove(desk, article)
    names = [
        "article.created",
        "article.changed",
        "article.published",
        "article.changed",
        "article.unpublished",
        "article.changed",
        "article.deleted",
    ]
    happened = desk.read(events.of_subject, article.id)
    assert [event["name"] for event in happened] == names
    assert all(event["staff_only"] and event["actor_name"] == "Sam Okafor" for event in happened)
    assert happened[1]["data"] == {
        "slug": article.slug,
        "title": "Changed",
        "status": "draft",
        "changes": {"title": [article.title, "Changed"]},
        "revision": 2,
    }
    assert happened[5]["data"]["restored"] == 1
    assert told(desk, write(desk)) == ["article.created", "article.published"]


# --- votes


def vote(desk: Desk, article: Article, helpful: bool, who: str = "alice") -> tuple[int, int]:
    return desk.write(votes.vote, desk.actor(who), article.slug, NewVote(helpful=helpful), browser="")


def counts(desk: Desk, article: Article) -> tuple[int, int]:
    row = desk.read(access.get, desk.actor("sam"), article.id)
    return row.helpful_count, row.not_helpful_count


def test_a_vote_counts_once_and_can_be_changed(desk: Desk) -> None:
    article = write(desk)
    assert [vote(desk, article, helpful) for helpful in (True, True, False, False, True)] == [
        (1, 0),
        (1, 0),
        (0, 1),
        (0, 1),
        (1, 0),
    ]
    assert vote(desk, article, False, "bob") == (1, 1)
    row = desk.read(access.get_published, article.slug)
    assert (row.version, row.updated_at) == (article.version, article.updated_at)


def test_browsers_without_login_are_told_apart(desk: Desk) -> None:
    article, visitor = write(desk), Actor(None, Role.VISITOR)
    for browser in ("one", "two", "one"):
        desk.write(votes.vote, visitor, article.slug, NewVote(helpful=True), browser=browser)
    assert counts(desk, article) == (2, 0)


def test_what_is_not_published_cannot_be_voted_on(desk: Desk) -> None:
    article = write(desk)
    vote(desk, article, True)
    change(desk, article, status="draft")
    with pytest.raises(NoSuchArticle):
        vote(desk, article, False)
    assert counts(desk, article) == (1, 0)


def test_an_old_slug_takes_votes(desk: Desk) -> None:
    article = write(desk, slug="first")
    change(desk, article, slug="second")
    assert vote(desk, article, True) == (1, 0)


def test_one_voter_at_the_same_moment_counts_once(desk: Desk) -> None:
    article = write(desk)
    desk.actor("alice")
    outcomes = at_once(*[lambda: vote(desk, article, True) for _ in range(8)])
    assert outcomes == [(1, 0)] * 8
    assert counts(desk, article) == (1, 0)


def test_many_voters_at_the_same_moment_all_count(desk: Desk) -> None:
    article, visitor = write(desk), Actor(None, Role.VISITOR)

    def cast(number: int) -> Any:
        said = [NewVote(helpful=number % 2 == 0), NewVote(helpful=number % 4 < 2)]
        for new in said:
            desk.write(votes.vote, visitor, article.slug, new, browser=f"browser {number // 2}")

    outcomes = at_once(*[lambda n=n: cast(n) for n in range(8)])
    assert outcomes == [None] * 8
    assert sum(counts(desk, article)) == 4


def test_an_article_that_goes_before_the_vote_is_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, hidden = write(desk), write(desk)
    remove(desk, gone)
    change(desk, hidden, status="draft")
    for article in (gone, hidden):
        monkeypatch.setattr(votes, "get_published", lambda tx, slug, article=article: article)
        with pytest.raises(NoSuchArticle):
            vote(desk, article, True)


def test_voting_while_the_article_goes(desk: Desk) -> None:
    for _ in range(3):
        article = write(desk)
        desk.actor("alice")
        *_, voted = at_once(
            lambda article=article: remove(desk, article), lambda article=article: vote(desk, article, True)
        )
        assert voted == (1, 0) or isinstance(voted, NoSuchArticle)


# --- files


def upload(desk: Desk, who: str = "sam") -> str:
    """A file as uploading leaves it."""
    row = {
        "id": new_id(),
        "uploader_id": desk.user_id(who),
        "filename": "shot.png",
        "content_type": "image/png",
        "inline": True,
        "size": 10,
        "sha256": "0" * 64,
        "storage_key": new_id(),
        "internal": False,
        "created_at": clock.now(),
    }
    desk.write(lambda tx: tx.execute(insert(attachments), row))
    return row["id"]


def is_bound(desk: Desk, file_id: str) -> bool:
    bound = select(attachments.c.bound_at).where(attachments.c.id == file_id)
    return desk.read(lambda tx: tx.execute(bound).scalar_one()) is not None


def image(*ids: str) -> str:
    return "\n".join(f"![shot](attachment:{id_})" for id_ in ids)


def public(desk: Desk, file_id: str) -> bool:
    return desk.read(queries.attachment_is_public, file_id)


def test_files_are_public_while_a_published_article_shows_them(desk: Desk) -> None:
    one, two = upload(desk), upload(desk)
    article = write(desk, body=image(one), status="draft")
    assert is_bound(desk, one)
    assert not public(desk, one)
    change(desk, article, status="published")
    assert (public(desk, one), public(desk, two)) == (True, False)
    change(desk, article, body=image(two))
    assert (public(desk, one), public(desk, two)) == (False, True)
    restore(desk, article, 1, "ada")
    assert (public(desk, one), public(desk, two)) == (True, False)
    change(desk, article, status="draft")
    assert not public(desk, one)


@pytest.mark.parametrize("odd", ["", "x", "attachment", "0" * 36, "\ud800"])
def test_what_is_no_id_is_not_public(desk: Desk, odd: str) -> None:
    assert not public(desk, odd)


def test_an_article_may_show_what_another_shows(desk: Desk) -> None:
    file_id = upload(desk)
    write(desk, body=image(file_id), status="draft")
    write(desk, "Second", "ada", body=image(file_id))
    assert public(desk, file_id)


def test_files_of_others_and_of_tickets_cannot_be_shown(desk: Desk) -> None:
    in_ticket = upload(desk, "sam")
    ticket = desk.new_ticket()
    desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": image(in_ticket)}, expect=201)
    own = upload(desk)
    article = write(desk)
    for file_id in (in_ticket, upload(desk, "alice"), upload(desk, "ada"), new_id()):
        for attempt in (
            lambda file_id=file_id: write(desk, body=image(file_id)),
            lambda file_id=file_id: change(desk, article, body=image(own, file_id)),
        ):
            with pytest.raises(Invalid) as refused:
                attempt()
            assert [(error.field, error.code) for error in refused.value.errors] == [("body", "unknown_attachment")]
        assert not public(desk, file_id)
    assert not is_bound(desk, own)


def test_an_article_shows_so_many_files_and_no_more(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        write(desk, body=image(*(new_id() for _ in range(MAX_FILES + 1))))
    assert [error.code for error in refused.value.errors] == ["too_many_attachments"]
    files = [upload(desk) for _ in range(11)]
    write(desk, body=image(*files))
    assert all(public(desk, file_id) for file_id in files)


def test_headings_can_be_linked_to(desk: Desk) -> None:
    assert '<h2 id="section-rendering">' in write(desk).body_html
