"""The API's page lists every code that its answers can carry, each with an anchor that `type` leads to."""

import re
from pathlib import Path

import pytest

from deskhand.doors.api.problems import PROBLEMS
from tests.support.app import Desk

SOURCE = Path(__file__).parent.parent / "src" / "deskhand"
# Said by commands alone.
_ELSEWHERE = {"bad_archive", "file_exists", "cannot_write"}


def test_every_code_in_the_source_is_listed() -> None:
    written = {
        code for path in SOURCE.rglob("*.py") for code in re.findall(r'\bcode ?= ?"([a-z_]+)"', path.read_text())
    }
    assert len(written) > 30
    assert written - _ELSEWHERE - PROBLEMS.keys() == set()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_problem_leads_to_its_description(desk: Desk) -> None:
    kind = desk.anyone().get("/tickets", expect=401).json()["type"]
    path, _, anchor = kind.partition("#")
    page = desk.client.get(path).text
    assert f'id="{anchor}"' in page
    for code in PROBLEMS:
        assert f'id="problem-{code}"' in page
