"""What takes Alembic, which a start of the desk on an up-to-date database does without."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from deskhand.kit.schema import metadata
from deskhand.migrations.compare import comparison
from deskhand.migrations.connections import engine_of, exclusive


def upgrade(url: str, revision: str, folder: Path) -> None:
    config = _config(folder)
    with exclusive(url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def drift(url: str) -> list[Any]:
    import deskhand.migrations.tables  # noqa: F401 - declares every table

    with engine_of(url).connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison())
        return list(compare_metadata(context, metadata))


def write_revision(url: str, message: str, number: str, folder: Path) -> Path:
    import deskhand.migrations.tables  # noqa: F401 - declares every table

    config = _config(folder)
    with exclusive(url) as connection:
        config.attributes |= {"connection": connection, "target_metadata": metadata}
        script = command.revision(config, message, autogenerate=True, rev_id=number)
    assert script is not None
    assert not isinstance(script, list)
    return Path(script.path)


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config
