"""Refusals as plain lines: the one translator of the command line."""

from typing import NamedTuple

from pydantic import ValidationError

from deskhand.kit.errors import Invalid, Refusal
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
            return Told([f"Error: {item.field}: {item.message}" for item in problem.errors], 1)
        case Refusal():
            return Told([f"Error: {problem.detail}"], 1)
        case ValidationError():
            return Told([f"Error: {_field(item['loc'])}: {item['msg']}" for item in problem.errors()], 1)
    return None


def _field(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))
