"""`deskhand settings`: the table that stands in docs/settings.md."""

from typing import Any

import click

from deskhand.kit.settings import PREFIX, Settings

# What stands in the place of a default that is made from other settings.
_DERIVED = {
    "database_url": "`deskhand.db` in the data folder",
    "storage_url": "`attachments` in the data folder",
    "base_url": "`http://localhost:` and the port",
}


@click.command()
def settings() -> None:
    """Print every setting with its default and what it is for, as Markdown."""
    click.echo(table())


def table() -> str:
    lines = ["| variable | default | what |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{PREFIX}{name.upper()}` | {_default(name, field.default)} | {field.description} |")
    return "\n".join(lines)


def _default(name: str, value: Any) -> str:
    if name in _DERIVED:
        return _DERIVED[name]
    if value == "" or value == ():
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"
