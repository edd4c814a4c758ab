"""A worker beside requests: it waits while they fill the time, and for no longer than its work is worth."""

import threading
import time
from types import SimpleNamespace

import pytest

from deskhand.kit import traffic
from deskhand.kit.traffic import Traffic


class Clock:
    """Time passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Stopping(threading.Event):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now += timeout or 0
        return self.is_set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(traffic, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def waited(asked: Traffic, clock: Clock, spent: float, *, threads: int = 1, stopped: bool = False) -> float:
    stopping, before = Stopping(clock), clock.now
    if stopped:
        stopping.set()
    asked.stand_back(spent, threads, stopping)
    return clock.now - before


def serve(asked: Traffic, clock: Clock, *, seconds: float, pause: float, times: int) -> None:
    for _ in range(times):
        with asked:
            clock.now += seconds
        clock.now += pause
        _ = asked.busy


def test_an_idle_desk_holds_up_nobody(clock: Clock) -> None:
    assert waited(Traffic(), clock, 0.05) == 0


def test_requests_now_and_then_leave_time(clock: Clock) -> None:
    asked = Traffic()
    serve(asked, clock, seconds=0.005, pause=0.02, times=100)
    with asked:
        assert waited(asked, clock, 0.05) == 0


def test_requests_without_end_go_first(clock: Clock) -> None:
    asked = Traffic()
    serve(asked, clock, seconds=0.02, pause=0.001, times=50)
    with asked:
        assert 0.25 < waited(asked, clock, 0.05) < 0.35
        assert 0.95 < waited(asked, clock, 0.05, threads=5) < 1.05  # and no mail waits for ever
        assert waited(asked, clock, 0.05, stopped=True) == 0


def test_the_worker_goes_on_when_they_end(clock: Clock) -> None:
    asked = Traffic()
    serve(asked, clock, seconds=0.02, pause=0.001, times=50)
    assert waited(asked, clock, 0.05) < 0.1


def test_real_time_is_what_it_counts_by() -> None:
    asked = Traffic()
    with asked:
        before = time.monotonic()
        while not asked.busy and time.monotonic() < before + 5:
            time.sleep(0.01)
        assert asked.busy
