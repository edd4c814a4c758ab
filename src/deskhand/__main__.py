"""`python -m deskhand`."""

from deskhand.doors.cli import main

main(prog_name="deskhand")
