"""Times as they are written outside."""

from datetime import UTC, datetime

import pytest

from deskhand.kit.clock import SECOND, rfc3339


@pytest.mark.parametrize(
    "at",
    [0, 1, SECOND - 1, -1, 86_399 * SECOND, 86_400 * SECOND, 951_782_400 * SECOND, 1_779_099_780_999_999],
)
def test_times_are_whole_seconds_of_utc(at: int) -> None:
    assert rfc3339(at) == datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
