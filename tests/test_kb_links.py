"""What articles are called where others link to them: Alice finds them by it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from deskhand.kb import links, search
from deskhand.kit.db import engine_url

PAUSE = ("pause", "Suspend a plan", "Nothing is charged meanwhile.")
BILLING = (
    "billing",
    "Billing",
    "How to [take a holiday](pause.md), see [here](#top) and [more](https://x.test/pause).",
)
SHIPPING = ("acme-guides-shipping", "Shipping", "We send parcels.")


@pytest.fixture
def tx(database_url: str) -> Iterator[Connection]:
    engine = create_engine(engine_url(database_url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def publish(tx: Connection, slug: str, title: str, body: str) -> None:
    search.index(tx, id_of(slug), title=title, summary="", body=body, slug=slug)


def id_of(slug: str) -> str:
    return f"00000000-0000-7000-8000-{sum(map(ord, slug)):012d}"


def found(tx: Connection, query: str) -> list[str]:
    names = {id_of(slug): slug for slug in ("pause", "billing", "acme-guides-shipping", "other")}
    return [names[hit.article_id] for hit in search.search(tx, query, limit=10).hits]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("change-plan.md", "change-plan"),
        ("../Billing/change_plan.html#how?x=1", "billing/change_plan"),
        ("/help/change-plan/", "help/change-plan"),
        ("/docs/billing/index.md", "docs/billing"),
        ("https://help.acme.test/help/change-plan?from=mail", "change-plan"),
        ("//help.acme.test/help/change-plan", "change-plan"),
        ("https://github.com/acme/change-plan", ""),
        ("mailto:help@acme.test", ""),
        ("#further-down", ""),
        ("a\nb c", "a-b-c"),
        ("up/" * 30_000 + "a/change-plan", "up/up/up/up/up/up/a/change-plan"),
        ("http://[", ""),
        ("\x00", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_as_the_place_it_leads_to(address: str, place: str) -> None:
    assert links.place(address) == place


@pytest.mark.parametrize("address", ["pause", "./pause.md", "/help/pause#how", "https://acme.test/help/pause"])
def test_an_article_is_found_by_what_others_call_it(tx: Connection, address: str) -> None:
    publish(tx, *PAUSE)
    publish(tx, "billing", "Billing", f"Prices. You can [take a holiday]({address}).")
    assert found(tx, "take a holiday")[0] == "pause"
    assert found(tx, "holliday")[0] == "pause"


def test_folders_in_a_slug_need_not_be_in_the_link(tx: Connection) -> None:
    publish(tx, *SHIPPING)
    publish(tx, "billing", "Billing", "Ask about [fragile goods](../guides/shipping.md), [glass](/unknown/shipping).")
    assert found(tx, "fragile goods")[0] == "acme-guides-shipping"
    assert found(tx, "glass") == ["billing"]


def test_links_count_while_both_are_published_and_the_link_stands(tx: Connection) -> None:
    publish(tx, *BILLING)
    assert found(tx, "holiday") == ["billing"]
    publish(tx, *PAUSE)
    assert found(tx, "holiday") == ["pause", "billing"]
    publish(tx, "billing", "Billing", "Prices.")
    assert found(tx, "holiday") == []
    publish(tx, *BILLING)
    assert found(tx, "holiday") == ["pause", "billing"]
    search.remove(tx, id_of("billing"))
    assert found(tx, "holiday") == []


def test_a_link_to_itself_or_elsewhere_says_nothing(tx: Connection) -> None:
    publish(tx, "pause", "Suspend a plan", "See [sabbatical](pause.md) and [vacation](https://x.test/pause).")
    publish(tx, "other", "Sabbatical vacation", "Text.")
    assert found(tx, "sabbatical")[0] == "other"
    assert found(tx, "vacation")[0] == "other"


def test_a_process_that_saw_the_links_change_answers_like_one_that_just_started(tx: Connection) -> None:
    for _ in range(60):
        for article in (BILLING, PAUSE, SHIPPING):
            search.remove(tx, id_of(article[0]))
            found(tx, "plan")
            publish(tx, *article)
            found(tx, "plan")
    queries = ["holiday", "take a holiday", "plan", "billing holiday", "here"]
    seasoned = [search.search(tx, query, limit=10) for query in queries]
    search._kept.clear()
    assert [search.search(tx, query, limit=10) for query in queries] == seasoned


def test_what_was_indexed_before_links_were_is_still_found(tx: Connection) -> None:
    publish(tx, *BILLING)
    words = tx.execute(text("SELECT words FROM kb_search_entries")).scalar_one()
    tx.execute(text("UPDATE kb_search_entries SET words = :words"), {"words": "\n".join(words.split("\n")[:4])})
    search._kept.clear()
    assert found(tx, "holiday") == ["billing"]
