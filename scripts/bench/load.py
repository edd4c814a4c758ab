"""The load: requests that were encoded beforehand, sent over kept-alive connections to 127.0.0.1, and timed.

Runs as a process of its own, `python -m scripts.bench.load`, with a plan as JSON on standard input.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any, NamedTuple, cast

import uvloop

_WARM = 0.3  # seconds that are not counted
_GIVE_UP = 60.0


class Call(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    token: str
    body: str = ""

    def encode(self) -> bytes:
        body = self.body.encode()
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "host: 127.0.0.1",
            f"authorization: Bearer {self.token}",
            "accept: application/json",
            "user-agent: example-sdk/2.4",
        ]
        if body:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Result(NamedTuple):
    """Requests a second, and milliseconds from sending to the answer's last byte. `asked` are all that were sent."""

    rate: float
    p50: float
    p99: float
    requests: int
    statuses: dict[str, int]
    asked: int = 0


def load(port: int, calls: list[Call], *, connections: int, seconds: float, most: int) -> Result:
    """Send the calls in turn, again and again, for so long or until `most` were answered."""
    plan = {"port": port, "calls": calls, "connections": connections, "seconds": seconds, "most": most}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench.load"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + _GIVE_UP,
    )
    return Result(**json.loads(done.stdout))


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, run: "_Run") -> None:
        self.run = run
        self.answer = b""
        self.sent = 0.0
        self.transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head = self.answer.find(b"\r\n\r\n")
        if head < 0 or len(self.answer) < head + 4 + _length(self.answer, head):
            return
        self.run.note(self.answer[9:12], self.sent, time.perf_counter())
        self.answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.ended(exc or ConnectionResetError("the server closed the connection"))

    def _next(self) -> None:
        request = self.run.next()
        if request is None:
            self.run.ended(None)
            return
        self.sent = time.perf_counter()
        self.transport.write(request)


class _Run:
    def __init__(self, requests: list[bytes], connections: int, seconds: float, most: int) -> None:
        self.requests, self.open, self.most = requests, connections, most
        self.begins = time.perf_counter() + min(_WARM, seconds)
        self.ends = self.begins + seconds
        self.asked = 0
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.first = self.last = self.begins
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        if time.perf_counter() >= self.ends or len(self.times) >= self.most:
            return None
        self.asked += 1
        return self.requests[(self.asked - 1) % len(self.requests)]

    def note(self, status: bytes, sent: float, at: float) -> None:
        if sent >= self.begins:
            self.times.append(at - sent)
            self.statuses[status.decode()] += 1
            self.last = at

    def ended(self, problem: BaseException | None) -> None:
        self.open -= 1
        if problem is not None and not self.done.done():
            self.done.set_exception(problem)
        elif self.open == 0 and not self.done.done():
            self.done.set_result(None)

    def result(self) -> Result:
        times = sorted(self.times)
        taken = max(self.last - self.first, 1e-9)
        return Result(
            len(times) / taken,
            1000 * _at(times, 0.5),
            1000 * _at(times, 0.99),
            len(times),
            dict(self.statuses),
            self.asked,
        )


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


def _length(answer: bytes, head: int) -> int:
    at = answer.find(b"content-length: ", 0, head)
    return int(answer[at + 16 : answer.index(b"\r\n", at)]) if at >= 0 else 0


async def _main(plan: dict[str, Any]) -> Result:
    requests = [Call(*call).encode() for call in plan["calls"]]
    run = _Run(requests, plan["connections"], plan["seconds"], plan["most"])
    loop = asyncio.get_running_loop()
    for _ in range(plan["connections"]):
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", plan["port"])
    await run.done
    return run.result()


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_main(json.load(sys.stdin)))._asdict()))
