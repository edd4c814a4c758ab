"""How busy a process is with requests, so that its worker stands back while people wait.

Python runs one thread at a time: whatever a worker does meanwhile, requests have to wait for. A mail may be written a
moment later.
"""

import threading
import time

_LULL = 0.03  # seconds without a request after which nobody is about to send the next one
_SHARE = 0.1  # of the processor, which workers get all together while requests are under way
_LONGEST = 1.0  # seconds that a step may cost before the next one


class Traffic:
    """Requests are counted on the event loop alone, and looked at from any thread."""

    def __init__(self) -> None:
        self._under_way = 0
        self._last = 0.0

    def __enter__(self) -> None:
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        self._last = time.monotonic()

    @property
    def busy(self) -> bool:
        return self._under_way > 0 or time.monotonic() - self._last < _LULL

    def stand_back(self, spent: float, threads: int, stopping: threading.Event) -> None:
        """Called by one of `threads` after it spent that many seconds of processor time: wait until it may go on."""
        until = time.monotonic() + min(_LONGEST, threads * spent * (1 / _SHARE - 1))
        while self.busy and time.monotonic() < until and not stopping.is_set():
            stopping.wait(_LULL)
