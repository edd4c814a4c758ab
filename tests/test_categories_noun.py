"""Ada keeps the list of categories; what Sam corrects changes the next guess, in every process; on both databases."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from deskhand.accounts.actor import Actor, Role
from deskhand.categories import learning, ops, queries, wire
from deskhand.categories.classify import Guess, read
from deskhand.categories.model import CategoryChange, NewCategory
from deskhand.categories.tables import category_lessons
from deskhand.kit.db import Store, open_store
from deskhand.kit.errors import Conflict, Forbidden, NotFound
from deskhand.kit.ids import new_id
from tests.support.databases import Databases

ADA = Actor(None, Role.ADMIN, "Ada")
SAM = Actor(None, Role.AGENT, "Sam")
ALICE = Actor(None, Role.CUSTOMER, "Alice")
SHIPPED = {
    "technical-issue": ("Technical Issue", "Bugs, errors, unexpected behavior"),
    "billing": ("Billing", "Charges, invoices, plan changes"),
    "feature-request": ("Feature Request", "Suggestions and new capabilities"),
    "account": ("Account", "Login, API keys, team management"),
    "general": ("General", "Other questions"),
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def suggest(store: Store, subject: str, body: str = "") -> Guess:
    with store.reading() as tx:
        return learning.suggest(tx, read(subject, body))


def teach(store: Store, subject: str, slug: str, ticket_id: str | None = None) -> None:
    with store.begin() as tx:
        learning.learn(tx, ticket_id or new_id(), subject, "", slug)


def create(store: Store, slug: str, name: str = "Shipping", description: str = "", actor: Actor = ADA) -> None:
    with store.begin() as tx:
        ops.create(tx, actor, NewCategory(slug=slug, name=name, description=description))


def change(store: Store, slug: str, actor: Actor = ADA, **fields: object) -> None:
    with store.begin() as tx:
        ops.change(tx, actor, slug, CategoryChange.model_validate(fields))


def slugs(store: Store) -> list[str]:
    with store.reading() as tx:
        return [row["slug"] for row in queries.list_active(tx)]


def test_the_shipped_categories_are_there_in_their_order(store: Store) -> None:
    with store.reading() as tx:
        shown = [wire.category(row) for row in queries.list_active(tx)]
    assert {c["slug"]: (c["name"], c["description"]) for c in shown} == SHIPPED
    assert [c["slug"] for c in shown] == list(SHIPPED)


@pytest.mark.parametrize("actor", [ALICE, SAM], ids=["customer", "agent"])
def test_only_admins_keep_the_list(store: Store, actor: Actor) -> None:
    with pytest.raises(Forbidden):
        create(store, "shipping", actor=actor)
    with pytest.raises(Forbidden):
        change(store, "billing", actor, retired=True)
    assert slugs(store) == list(SHIPPED)


def test_a_new_category_stands_at_the_end(store: Store) -> None:
    create(store, "shipping")
    assert slugs(store) == [*SHIPPED, "shipping"]


def test_a_taken_slug_is_a_conflict(store: Store) -> None:
    create(store, "shipping")
    with pytest.raises(Conflict) as refused:
        create(store, "shipping", "Another")
    assert refused.value.code == "slug_taken"
    with store.reading() as tx:
        assert queries.get(tx, "shipping")["name"] == "Shipping"


def test_two_admins_who_choose_one_slug_at_once_make_one_category(store: Store) -> None:
    outcomes: list[str] = []

    def choose() -> None:
        try:
            create(store, "shipping")
            outcomes.append("made")
        except Conflict:
            outcomes.append("refused")

    admins = [threading.Thread(target=choose) for _ in range(4)]
    for admin in admins:
        admin.start()
    for admin in admins:
        admin.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]


def test_a_retired_category_is_kept_but_not_listed_and_comes_back(store: Store) -> None:
    change(store, "billing", retired=True)
    assert "billing" not in slugs(store)
    with store.reading() as tx:
        assert wire.staff_category(queries.get(tx, "billing"))["retired"] is True
        assert len(queries.list_all(tx)) == 5
    change(store, "billing", retired=False)
    assert slugs(store) == list(SHIPPED)


def test_the_fallback_cannot_be_retired(store: Store) -> None:
    with pytest.raises(Conflict) as refused:
        change(store, "general", retired=True)
    assert refused.value.code == "fallback_needed"
    change(store, "general", name="Everything else")
    assert "general" in slugs(store)


def test_what_does_not_exist_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        change(store, "nowhere", name="Nowhere")


@pytest.mark.parametrize(
    "fields",
    [
        {"slug": "Shipping", "name": "S"},
        {"slug": "a_b", "name": "S"},
        {"slug": "s" * 121, "name": "S"},
        {"slug": "s", "name": ""},
        {"slug": "s", "name": "n" * 81},
        {"slug": "s", "name": "two\nlines"},
        {"slug": "s", "name": "S", "description": "d" * 301},
        {"slug": "s", "name": "S", "position": -1},
        {"slug": "s", "name": "S", "colour": "red"},
    ],
    ids=str,
)
def test_what_breaks_a_rule_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewCategory.model_validate(fields)


def test_a_correction_changes_the_next_guess(store: Store) -> None:
    assert suggest(store, "I was charged twice").slug == "billing"
    teach(store, "I was charged twice", "account")
    guess = suggest(store, "I was charged twice")
    assert guess.slug == "account"
    assert guess.probability > 0.5


def test_the_last_correction_of_a_ticket_replaces_the_one_before(store: Store) -> None:
    ticket_id = new_id()
    teach(store, "Grafana panel", "account", ticket_id)
    suggest(store, "Grafana panel")
    teach(store, "Grafana panel", "feature-request", ticket_id)
    assert suggest(store, "Grafana panel").slug == "feature-request"
    with store.reading() as tx:
        assert tx.execute(select(func.count()).select_from(category_lessons)).scalar_one() == 1


def test_a_correction_that_was_rolled_back_was_never_made(store: Store) -> None:
    def teach_in_vain() -> None:
        with store.begin() as tx:
            learning.learn(tx, new_id(), "I was charged twice", "", "account")
            assert learning.suggest(tx, read("I was charged twice", "")).slug == "account"
            queries.get(tx, "nowhere")

    with pytest.raises(NotFound):
        teach_in_vain()
    assert suggest(store, "I was charged twice").slug == "billing"


def test_a_correction_counts_at_once_in_a_process_that_runs_and_in_one_that_starts(
    store: Store, database_url: str
) -> None:
    with _process(database_url) as running:
        assert _ask(running, "I was charged twice")[0] == "billing"
        teach(store, "I was charged twice", "account")
        told = _ask(running, "I was charged twice")
    with _process(database_url) as started:
        assert _ask(started, "I was charged twice") == told
    here = suggest(store, "I was charged twice")
    assert told == ["account", f"{here.probability:.9f}"]


def test_lessons_learnt_one_by_one_and_lessons_read_at_the_start_teach_the_same(
    store: Store, database_url: str
) -> None:
    suggest(store, "warm up")
    for word, slug in zip("abcde", SHIPPED, strict=True):
        teach(store, f"Grafana panel {word}", slug)
        suggest(store, "warm up")
    here = suggest(store, "Grafana panel")
    with _process(database_url) as started:
        assert _ask(started, "Grafana panel") == [here.slug, f"{here.probability:.9f}"]


def test_databases_do_not_learn_from_each_other(store: Store, databases: Databases) -> None:
    teach(store, "I was charged twice", "account")
    assert suggest(store, "I was charged twice").slug == "account"
    with databases.migrated() as url:
        other = open_store(url)
        assert suggest(other, "I was charged twice").slug == "billing"
        other.close()


def test_new_and_retired_categories_count_at_once(store: Store) -> None:
    create(store, "integrations", "Zapier and HubSpot", "Connectors to other products")
    assert suggest(store, "The HubSpot connector").slug == "integrations"
    change(store, "integrations", retired=True)
    assert suggest(store, "The HubSpot connector").slug != "integrations"


def test_only_so_many_lessons_are_kept_and_the_newest_count(store: Store) -> None:
    surplus = learning.MAX_LESSONS + learning.SPARE_LESSONS
    with store.begin() as tx:
        rows = [{"id": new_id(), "ticket_id": new_id(), "slug": "account", "text": f"x{i}\n"} for i in range(surplus)]
        tx.execute(category_lessons.insert(), [row | {"created_at": 1} for row in rows])
    teach(store, "I was charged twice", "feature-request")
    with store.reading() as tx:
        assert tx.execute(select(func.count()).select_from(category_lessons)).scalar_one() == learning.MAX_LESSONS
    assert suggest(store, "I was charged twice").slug == "feature-request"


_GUESSER = """
import sys
from deskhand.categories import learning
from deskhand.categories.classify import read
from deskhand.kit.db import open_store
store = open_store(sys.argv[1])
for line in sys.stdin:
    with store.reading() as tx:
        guess = learning.suggest(tx, read(line.rstrip(), ""))
    print(guess.slug, f"{guess.probability:.9f}", flush=True)
store.close()
"""


@contextmanager
def _process(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, which guesses the category of each line that it is sent."""
    command = [sys.executable, "-c", _GUESSER, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def _ask(process: subprocess.Popen[str], subject: str) -> list[str]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{subject}\n")
    process.stdin.flush()
    return process.stdout.readline().split()
