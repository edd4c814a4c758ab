"""Databases for every test. What only one package's tests need stands in that package's own conftest."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from deskhand.doors.web import languages
from tests.support import postgres, spoken
from tests.support.app import Desk, running
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases

ENGINES = ("sqlite", "postgresql")
_HOME = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Lease the run's one PostgreSQL in the process that outlives its workers; the first to need it starts it."""
    if not hasattr(config, "workerinput"):
        leased = ExitStack()
        config.add_cleanup(leased.close)
        config.stash[_HOME] = leased.enter_context(postgres.lease())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each of xdist's workers where."""
    node.workerinput["postgres_home"] = str(node.config.stash[_HOME])


@pytest.fixture(scope="session", autouse=True)
def _listening() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "NullTranslations", spoken.NotingTranslations)
        yield


@pytest.fixture(autouse=True)
def _every_text_has_its_german(_listening: None) -> Iterator[None]:
    """Whatever pages were made to say, in English, must be in the catalogue: `make words` tells how."""
    spoken.untranslated.clear()
    yield
    assert not spoken.untranslated, "pages said what has no German"


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """`sqlite`, then `postgresql`: whoever asks for a database is tested on both."""
    return request.param


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of this test's own, at the newest schema. Its rows may be changed, its schema may not."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database of this test's own without a table, to do anything to."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def databases(engine_name: str, request: pytest.FixtureRequest) -> Databases:
    """The source of further databases, for tests that need more than one."""
    return request.getfixturevalue(f"{engine_name}_databases")


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_home: Path) -> Iterator[PostgresDatabases]:
    made = PostgresDatabases(lambda: postgres.start(postgresql_home))
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgresql_home(pytestconfig: pytest.Config) -> Path:
    if hasattr(pytestconfig, "workerinput"):
        return Path(pytestconfig.workerinput["postgres_home"])
    return pytestconfig.stash[_HOME]


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The application over a database of this test's own; see tests/support/app.py."""
    with running(database_url, tmp_path) as made:
        yield made
