"""Commands, options and settings stand in the documentation as they are."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deskhand.doors.api import health
from deskhand.doors.cli import main
from deskhand.doors.cli.settings import table
from deskhand.kit.settings import Settings
from tests.support.app import Desk

DOCS = Path(__file__).parent.parent / "docs"
OPERATING = (DOCS / "operating.md").read_text()
SETTINGS = (DOCS / "settings.md").read_text()


def commands(group: click.Group, words: str = "deskhand") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


COMMANDS = dict(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_described_with_all_of_its_options(name: str) -> None:
    rows = [line for line in OPERATING.splitlines() if line.startswith("| `deskhand ") and f"`{name}" in line]
    assert len(rows) == 1
    row = re.sub(r"\s+", " ", rows[0])
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Argument):
            assert parameter.human_readable_name in row
        elif parameter.name != "as_json" or "ticket" not in name:
            assert parameter.opts[0] in row, parameter.opts
    assert COMMANDS[name].help


def test_no_command_is_described_that_there_is_not() -> None:
    written = set(re.findall(r"`(deskhand [a-z][a-z-]*)", OPERATING + SETTINGS))
    known = {" ".join(name.split()[:2]) for name in COMMANDS}
    assert written <= known


def test_the_table_of_settings_is_what_the_program_knows() -> None:
    assert table() in SETTINGS
    assert all(field.description for field in Settings.model_fields.values())


def test_what_the_pages_say_of_variables_is_true() -> None:
    known = {f"DESKHAND_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"DESKHAND_[A-Z0-9_]*[A-Z0-9]", OPERATING + SETTINGS)) <= known


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_metrics_are_described(desk: Desk) -> None:
    assert health.__doc__
    desk.client.get("/healthz")
    names = {metric.name for metric in health.registry.collect() if metric.name.startswith("deskhand")}
    names |= {"deskhand_jobs", "deskhand_events_waiting", "deskhand_oldest_waiting_seconds"}
    assert [name for name in names if f"`{name}" not in OPERATING] == []
