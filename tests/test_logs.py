"""Log lines for people: one line each, whatever somebody put into a path."""

from typing import Any

import pytest
import structlog

from deskhand.kit import logs


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_line_names_what_happened_and_quotes_what_is_no_single_word(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    log = structlog.get_logger()
    log.debug("not this")
    log.info("request", path="/a b\nFAKE [error] \x1b[31m", ms=1.5, method="GET")
    (line,) = capsys.readouterr().err.splitlines()
    moment, _, rest = line.partition(" ")
    assert moment.endswith("Z")
    assert rest.split() == [
        *("[info", "]", "request", "method=GET", "ms=1.5"),
        *("path='/a", "b\\nFAKE", "[error]", "\\x1b[31m'"),
    ]


def test_a_bug_comes_with_its_traceback_and_without_its_variables(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    secret = "hunter2"
    try:
        raise ValueError(len(secret))
    except ValueError:
        structlog.get_logger().exception("bug")
    said = capsys.readouterr().err
    assert "ValueError: 7" in said
    assert "hunter2" not in said.replace('secret = "hunter2"', "")
