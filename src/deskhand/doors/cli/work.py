"""`deskhand worker`."""

import signal
import threading

import click

from deskhand.doors.cli.desk import load_settings, opened
from deskhand.kit import logs, process


@click.command()
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Jobs at the same time.")
def worker(threads: int) -> None:
    """Deliver mails, run jobs and keep the schedule, until SIGTERM or Ctrl-C; jobs under way are finished first.

    Any number may run beside each other and beside `deskhand serve`.
    """
    from deskhand import wiring

    stop, settings = threading.Event(), load_settings()
    logs.adopt()
    process.share_heaps()
    with opened(settings) as desk:
        running = wiring.build_worker(desk, threads=threads)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        running.start()
        click.echo("The worker is at work.", err=True)
        stop.wait()
        running.stop()
