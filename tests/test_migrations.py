"""One history serves both databases, ends where the code's tables are, and bears being run by many at once."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from deskhand import migrations
from deskhand.accounts import names
from deskhand.kit import fulltext
from deskhand.kit.db import engine_url

BROKEN = """
    op.create_table("half_done", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("SELECT * FROM no_such_table")
"""
CONCURRENT = """
    if op.get_bind().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.create_index("ix_spam_reason", "spam", ["reason"], postgresql_concurrently=True)
    else:
        op.create_index("ix_spam_reason", "spam", ["reason"])
"""
REBUILT = """
    with op.batch_alter_table("articles") as table:
        table.alter_column("title", existing_type=sa.String(255), type_=sa.String(300))
"""
ARTICLE = """
INSERT INTO articles (id, slug, title, summary, body, body_html, status, helpful_count, not_helpful_count, version,
    created_at, updated_at)
VALUES ('019e3a5b-0000-7000-8000-000000000001', 'proxies', 'Proxies', '', '', '', 'draft', 0, 0, 1, 1, 1)
"""
OLD_SLUG = "INSERT INTO article_slugs (slug, article_id) VALUES ('proxy', '019e3a5b-0000-7000-8000-000000000001')"


DDL = re.compile(r"\s*(?:CREATE|ALTER|DROP)\b")
# About types, which follow SQLite's needs too, and about timeouts, which are the operator's.
MATTERS_OF_TASTE = (
    "prefer-text-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "require-statement-timeout",
    "require-lock-timeout",
)
NextRevision = Callable[[str], None]


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    with create_engine(engine_url(url), poolclass=NullPool).connect() as connection, connection.begin():
        yield connection


def test_an_empty_database_reaches_the_newest_revision(empty_database_url: str) -> None:
    assert migrations.current(empty_database_url) is None
    migrations.upgrade(empty_database_url)
    assert migrations.current(empty_database_url) == migrations.head() is not None


def test_repeating_it_changes_nothing(database_url: str) -> None:
    migrations.upgrade(database_url)
    assert migrations.current(database_url) == migrations.head()


def test_the_database_is_what_the_code_declares(database_url: str) -> None:
    assert migrations.drift(database_url) == []


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE forgotten (id INTEGER PRIMARY KEY)",
        "ALTER TABLE tickets ADD COLUMN forgotten TEXT",
        "DROP INDEX ix_tickets_mine_created",
        "DROP TABLE ticket_tags",
    ],
)
def test_drift_is_seen(empty_database_url: str, change: str) -> None:
    migrations.upgrade(empty_database_url)
    with opened(empty_database_url) as tx:
        tx.execute(text(change))
    assert len(migrations.drift(empty_database_url)) >= 1


def test_the_full_text_table_is_the_one_that_search_expects(databases, engine_name: str) -> None:
    with databases.migrated() as url, databases.empty() as other:
        with opened(other) as tx:
            for statement in fulltext.DDL[engine_name]:
                tx.execute(text(statement))
        assert full_text_shape(url) == full_text_shape(other)


def full_text_shape(url: str) -> object:
    with opened(url) as tx:
        if tx.dialect.name == "sqlite":
            made = tx.scalars(text("SELECT sql FROM sqlite_schema WHERE name LIKE 'fulltext%' ORDER BY name"))
            return [" ".join(sql.split()) for sql in made if sql]
        columns = [(c["name"], str(c["type"]), c["nullable"]) for c in inspect(tx).get_columns("fulltext")]
        return columns, tx.scalars(text("SELECT indexdef FROM pg_indexes WHERE tablename = 'fulltext'")).all()


def test_several_processes_may_start_at_once(empty_database_url: str) -> None:
    code = "import sys; from deskhand import migrations; migrations.upgrade(sys.argv[1])"
    started = [subprocess.Popen([sys.executable, "-c", code, empty_database_url]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0] * 3
    with opened(empty_database_url) as tx:
        assert tx.scalars(text("SELECT version_num FROM alembic_version")).all() == [migrations.head()]


def test_a_revision_that_fails_leaves_nothing_behind(empty_database_url: str, next_revision: NextRevision) -> None:
    migrations.upgrade(empty_database_url)
    before = migrations.head()
    next_revision(BROKEN)
    with pytest.raises(Exception, match="no_such_table"):
        migrations.upgrade(empty_database_url)
    assert migrations.current(empty_database_url) == before
    with opened(empty_database_url) as tx:
        assert not inspect(tx).has_table("half_done")


def test_an_index_can_be_built_while_writers_go_on(empty_database_url: str, next_revision: NextRevision) -> None:
    migrations.upgrade(empty_database_url)
    next_revision(CONCURRENT)
    migrations.upgrade(empty_database_url)
    with opened(empty_database_url) as tx:
        assert "ix_spam_reason" in {index["name"] for index in inspect(tx).get_indexes("spam")}


def test_changing_a_table_keeps_the_rows_that_point_to_it(empty_database_url: str, next_revision: NextRevision) -> None:
    migrations.upgrade(empty_database_url)
    with opened(empty_database_url) as tx:
        tx.execute(text(ARTICLE))
        tx.execute(text(OLD_SLUG))
    next_revision(REBUILT)
    migrations.upgrade(empty_database_url)
    with opened(empty_database_url) as tx:
        assert tx.scalar(text("SELECT count(*) FROM article_slugs")) == 1
        assert str(inspect(tx).get_columns("articles")[2]["type"]) == "VARCHAR(300)"


def test_people_who_were_there_before_are_found_by_their_words(empty_database_url: str) -> None:
    people = [
        ("Alice Moreau", "alice.moreau+x@acme.example"),
        ("Élise O\u2019Brien-Weiß's ﬁrm", "ünal@bücher.example"),
        ("山田 太郎 7", None),
        ("I\u0307stanbul Ærø œuvre \u1e9e e\u0301", "a" * 64 + "@long.example"),
        (" ".join(f"{n:02d}" for n in range(70)), None),
        ("!?", None),
    ]
    migrations.upgrade(empty_database_url, "0002")
    insert = text(
        "INSERT INTO users (id, role, name, email, claims, created_at, updated_at) "
        "VALUES (:id, 'customer', :name, :email, '{}', 1, 1)"
    )
    ids = [f"019e3a5b-0000-7000-8000-{number:012d}" for number in range(len(people))]
    with opened(empty_database_url) as tx:
        for user_id, (name, email) in zip(ids, people, strict=True):
            tx.execute(insert, {"id": user_id, "name": name, "email": email})
    migrations.upgrade(empty_database_url)
    with opened(empty_database_url) as tx:
        kept = {(str(user_id), word) for user_id, word in tx.execute(text("SELECT user_id, word FROM user_words"))}
    assert kept == {(id_, word) for id_, who in zip(ids, people, strict=True) for word in names.words_of(*who)}


@pytest.fixture
def next_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NextRevision:
    """Puts a further revision, of which it gets the body, behind the newest."""

    def write(body: str) -> None:
        before = migrations.head()
        top = f"""import sqlalchemy as sa\nfrom alembic import op\n\nrevision, down_revision = "9000", "{before}"\n"""
        copy = shutil.copytree(migrations.FOLDER, tmp_path / "migrations")
        (copy / "versions" / "9000_next.py").write_text(f"{top}\n\ndef upgrade() -> None:\n{body}")
        monkeypatch.setattr(migrations, "FOLDER", copy)

    return write


def test_a_newer_database_is_refused(database_url: str) -> None:
    with opened(database_url) as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.TooNew, match="9999"):
        migrations.upgrade(database_url)


def test_revisions_are_numbered_in_one_line() -> None:
    assert numbers() == [f"{number:04d}" for number in range(1, len(numbers()) + 1)]
    assert migrations.head() == numbers()[-1]


def numbers() -> list[str]:
    return sorted(path.name[:4] for path in (migrations.FOLDER / "versions").glob("*.py"))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_postgresql_is_never_locked_for_long(empty_database_url: str, tmp_path: Path) -> None:
    for revision in numbers():
        script = tmp_path / f"{revision}.sql"
        with recorded() as statements:
            migrations.upgrade(empty_database_url, revision)
        script.write_text(";\n".join([*statements, ""]))
        assert lint(script) == ""


def test_a_lock_is_seen(tmp_path: Path) -> None:
    script = tmp_path / "locks.sql"
    script.write_text("BEGIN;\nCREATE INDEX ix_tickets_mood ON tickets (mood);\nCOMMIT;\n")
    assert "require-concurrent-index-creation" in lint(script)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The DDL that runs in the block, and where its transactions begin and end."""
    found: list[str] = []

    def transaction(connection: Connection, word: str) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            found.append(word)

    listeners = [
        ("begin", lambda connection: transaction(connection, "BEGIN")),
        ("commit", lambda connection: transaction(connection, "COMMIT")),
        ("rollback", lambda connection: transaction(connection, "ROLLBACK")),
        ("before_cursor_execute", lambda _c, _cursor, sql, *_: DDL.match(sql) and found.append(sql)),
    ]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    yield found
    for name, listener in listeners:
        event.remove(Engine, name, listener)


def lint(script: Path) -> str:
    squawk = Path(sys.executable).with_name("squawk")
    command = [squawk, "--pg-version", "14", "--reporter", "gcc", "--exclude", ",".join(MATTERS_OF_TASTE), script]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_sqlite_writes_ahead(database_url: str) -> None:
    with opened(database_url) as tx:
        assert tx.scalar(text("PRAGMA journal_mode")) == "wal"


def test_each_test_finds_the_database_as_the_first_did(databases) -> None:
    """The fixtures hand out what was used before; nothing of that use may be left."""
    with databases.migrated() as url, opened(url) as tx:
        fresh = rows(tx)
        tx.execute(text("INSERT INTO instance_keys (name, value) VALUES ('left', 'over')"))
        tx.execute(text("DELETE FROM categories"))
    with databases.migrated() as again, opened(again) as tx:
        assert rows(tx) == fresh


def rows(tx: Connection) -> dict[str, int]:
    return {name: tx.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in inspect(tx).get_table_names()}
