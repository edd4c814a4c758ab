"""Refusals as plain lines: the one translator of the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from deskhand.doors.findings import field_errors
from deskhand.kit.errors import FieldError, Invalid, Refusal
from deskhand.kit.settings import BadSettings
from deskhand.migrations import TooNew


class Told(NamedTuple):
    lines: list[str]
    code: int


def explained(problem: Exception) -> Told | None:
    """What to say, and the exit code; None for a bug, whose traceback is wanted."""
    match problem:
        case BadSettings():
            return Told(str(problem).splitlines(), 2)
        case TooNew():
            return Told([f"Error: {problem}"], 1)
        case Invalid(errors=[_, *_]):
            return Told(_fields(problem.errors), 1)
        case Refusal():
            return Told([f"Error: {problem.detail}"], 1)
        case ValidationError():
            return Told(_fields(field_errors(problem.errors())), 1)
        case OperationalError():
            return Told([f"Error: the database cannot be used: {_first_line(problem.orig)}"], 1)
        case OSError(filename=str() | Path()):
            return Told([f"Error: {problem.filename}: {problem.strerror}"], 1)
    return None


def _first_line(problem: object) -> str:
    return str(problem).strip().partition("\n")[0]


def _fields(errors: Sequence[FieldError]) -> list[str]:
    return [f"Error: {item.field}: {item.message}" for item in errors]
