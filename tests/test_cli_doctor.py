"""`deskhand doctor` finds what is wrong, says what to do, and tells by its exit code."""

from pathlib import Path

import pytest
from sqlalchemy import text

from deskhand.kit import clock, events, jobs
from deskhand.kit.db import Store, open_store
from tests.support.cli import Cli
from tests.support.smtp import SmtpServer

EVERYTHING = {"base URL", "clock", "database", "disk", "jobs", "mail"}
EVERYTHING |= {"people", "secrets", "settings", "storage", "worker"}
ADA = "ada@ada.example"


@pytest.fixture
def cli(database_url: str, tmp_path: Path) -> Cli:
    made = Cli(database_url, tmp_path)
    made.person(ADA, "admin")
    return made


@pytest.fixture
def store(cli: Cli):
    made = open_store(cli.url, pool=1)
    yield made
    made.close()


def findings(cli: Cli) -> tuple[int, dict[str, str]]:
    """The exit code, and what is told of each thing, its mark first; the worst where there are several."""
    said = cli("doctor")
    found: dict[str, str] = {}
    for line in said.out.splitlines():
        if line[0] in "✓!✗":
            what = line[2:].partition(":")[0]
            found[what] = max(line, found.get(what, line), key=lambda one: "✓!✗".index(one[0]))
    return said.code, found


def test_a_desk_in_good_health_is_told_so(cli: Cli) -> None:
    code, found = findings(cli)
    assert (code, [line for line in found.values() if line[0] == "✗"]) == (0, [])
    assert {
        "settings",
        "base URL",
        "disk",
        "mail",
        "database",
        "secrets",
        "storage",
        "people",
        "clock",
        "worker",
        "jobs",
    } <= set(found)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"port": "no number"}, "settings"),
        ({"jwt_secret": "short"}, "secrets"),
        ({"enrich_url": "https://api.example", "enrich_secret": "x"}, "secrets"),
        ({"smtp_url": "smtp://127.0.0.1:1"}, "mail"),
        ({"smtp_url": "smtp://127.0.0.1:1"}, "base URL"),
        ({"host": "0.0.0.0"}, "base URL"),
        ({"database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, "database"),
    ],
)
def test_what_is_set_wrong_is_found(cli: Cli, settings: dict[str, str], what: str) -> None:
    cli.environment |= {f"DESKHAND_{name.upper()}": value for name, value in settings.items()}
    code, found = findings(cli)
    assert code == 1
    assert found[what].startswith("✗")


def test_a_folder_that_the_desk_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    cli = Cli(f"sqlite:///{tmp_path}/fresh/deskhand.db", tmp_path / "fresh")
    cli.person(ADA, "admin")
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o700
    assert "privacy" not in findings(cli)[1]


def test_a_file_that_others_may_read_is_found(tmp_path: Path) -> None:
    store = tmp_path / "shared"
    store.mkdir(mode=0o755)
    cli = Cli(f"sqlite:///{store}/deskhand.db", store)
    cli.person(ADA, "admin")
    (store / "deskhand.db").chmod(0o644)
    assert "privacy" in findings(cli)[1]
    store.chmod(0o750)
    assert "privacy" not in findings(cli)[1]
    store.chmod(0o755)
    (store / "deskhand.db").chmod(0o640)
    assert "privacy" not in findings(cli)[1]


def test_a_mail_server_that_answers_is_good(cli: Cli) -> None:
    sender, address = "Help <help@help.example>", "http://help.example"
    with SmtpServer() as server:
        given = {"DESKHAND_SMTP_URL": server.url, "DESKHAND_MAIL_FROM": sender, "DESKHAND_BASE_URL": address}
        cli.environment |= given
        code, found = findings(cli)
    assert code == 0
    assert server.messages == []
    assert found["mail"].startswith("✓")
    assert found["base URL"].startswith("!")


def test_a_database_of_another_release_is_found(cli: Cli, store: Store) -> None:
    with store.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    code, found = findings(cli)
    assert code == 1
    assert "newer release" in found["database"]


def test_an_empty_place_needs_a_migration(empty_database_url: str, tmp_path: Path) -> None:
    code, found = findings(Cli(empty_database_url, tmp_path))
    assert code == 1
    assert found["database"].startswith("✗")
    assert "people" not in found


def test_a_storage_that_cannot_be_written_is_found(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    cli.environment["DESKHAND_STORAGE_URL"] = str(tmp_path / "file")
    code, found = findings(cli)
    assert code == 1
    assert any(line.startswith("✗") for line in found.values())


def test_work_that_nobody_does_is_found(cli: Cli, store: Store) -> None:
    with store.begin() as tx, clock.at(clock.now() - clock.HOUR):
        events.record(tx, "test.happened", None, actor=(None, "system", "Test"))
    code, found = findings(cli)
    assert code == 1
    assert "60 min" in found["worker"]


def test_jobs_that_were_given_up_are_found(cli: Cli, store: Store) -> None:
    with store.begin() as tx:
        jobs.enqueue(tx, "test", {})
        job = jobs.claim(tx, "worker")
        assert job is not None
        jobs.fail(tx, job, "worker", "no way", final=True)
    code, found = findings(cli)
    assert code == 1
    assert found["jobs"] == "✗ jobs: 1 given up"


def test_a_clock_that_was_set_back_is_found(cli: Cli, store: Store) -> None:
    with store.begin() as tx, clock.at(clock.now() + clock.DAY):
        events.record(tx, "test.happened", None, actor=(None, "system", "Test"))
    code, found = findings(cli)
    assert code == 1
    assert found["clock"].startswith("✗")


def test_a_desk_without_an_admin_is_found(cli: Cli, store: Store) -> None:
    with store.begin() as tx:
        tx.execute(text("UPDATE users SET role = 'agent'"))
    code, found = findings(cli)
    assert (code, found["people"]) == (1, "✗ people: there is no admin")
