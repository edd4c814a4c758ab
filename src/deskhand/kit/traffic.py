"""How busy a process is with requests, so that its worker stands back while people wait.

Python runs one thread at a time: whatever a worker does meanwhile, requests have to wait for. A mail may be written a
moment later. While requests come now and then there is time between them, and the worker takes it.
"""

import threading
import time

_WINDOW = 0.25  # seconds over which it is reckoned how much of the time some request was under way
_MUCH = 0.7  # of that time: from here on the worker stands back
_LULL = 0.03  # seconds without a request after which nobody is about to send the next one
_SHARE = 0.15  # of the processor, which the worker's threads get all together while they stand back
_LONGEST = 1.0  # seconds that a step may have to be paid for


class Traffic:
    """Requests are counted on the event loop alone, and looked at from any thread."""

    def __init__(self) -> None:
        self._under_way = 0
        self._since = self._last = 0.0  # when the present requests began, and when the last one ended
        self._filled = 0.0  # seconds with requests, so far
        self._mark = (0.0, 0.0)  # when the window began, and the seconds with requests before it
        self._much = False

    def __enter__(self) -> None:
        if not self._under_way:
            self._since = time.monotonic()
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        self._last = time.monotonic()
        if not self._under_way:
            self._filled += self._last - self._since

    @property
    def busy(self) -> bool:
        """Whether requests fill nearly all of the time, and still do."""
        moment, under_way = time.monotonic(), self._under_way > 0
        filled = self._filled + (moment - self._since if under_way else 0.0)
        began, before = self._mark
        if moment - began >= _WINDOW:
            self._much = (filled - before) / (moment - began) > _MUCH
            self._mark = (moment, filled)
        return self._much and (under_way or moment - self._last < _LULL)

    def stand_back(self, spent: float, threads: int, stopping: threading.Event) -> None:
        """Called by one of `threads` after it spent that many seconds of processor time: wait until it may go on."""
        until = time.monotonic() + min(_LONGEST, threads * spent * (1 / _SHARE - 1))
        while self.busy and time.monotonic() < until and not stopping.is_set():
            stopping.wait(_LULL)
