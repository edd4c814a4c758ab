"""The command line. Results go to standard output, everything else to standard error.

Exit codes: 0 done, 1 refused or found wrong, 2 called or configured wrongly.
"""

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import click

from deskhand import __version__
from deskhand.kit import process


class _Command(NamedTuple):
    module: str
    help: str


# Commands are imported when they are called: `deskhand --help` need not wait for a web framework.
_COMMANDS = {
    "serve": _Command("serve", "Run the desk: web and worker in one process."),
    "worker": _Command("work", "Run a worker beside the web processes."),
    "migrate": _Command("migrate", "Bring the database to this release's schema."),
    "user": _Command("people", "Make and list people."),
    "token": _Command("people", "Print a session token for trying things."),
    "api-key": _Command("api_keys", "Make API keys."),
    "ticket": _Command("tickets", "File, list, show and answer tickets."),
    "doctor": _Command("doctor", "Look for what is wrong with the desk and its surroundings."),
    "settings": _Command("settings", "List all settings."),
    "demo": _Command("demonstrate", "Fill an empty desk with a believable data set."),
    "backup": _Command("backup", "Write the whole desk into one file."),
    "restore": _Command("backup", "Make the desk what it was when a backup was written."),
}


@cache
def _module(name: str) -> ModuleType:
    with process.loading():
        return import_module(f"{__name__}.{name}")


class _Desk(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = _COMMANDS.get(cmd_name)
        if found is None:
            return None
        return getattr(_module(found.module), cmd_name.replace("-", "_"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as problem:
            from deskhand.doors.cli.refusals import explained

            if told := explained(problem):
                for line in told.lines:
                    click.echo(line, err=True)
                ctx.exit(told.code)
            raise


@click.group(cls=_Desk, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="deskhand", message="%(prog)s %(version)s")
def main() -> None:
    """Deskhand, the support desk inside your product. Settings are environment variables DESKHAND_…; `deskhand
    settings` lists them."""
