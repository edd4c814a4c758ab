"""Measuring one desk: each scenario over HTTP from one and from sixteen connections, and its SQL raw right after."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from scripts.bench import calls, raw, record
from scripts.bench.calls import Scenario
from scripts.bench.load import Result, load
from scripts.bench.raw import Rate, Step
from scripts.bench.server import Memory, Server, serving

CONNECTIONS = (1, 16)
FLAT = ("list of own tickets", "ticket with thread", "create")  # what may not slow down as the desk grows
_RECORDED = 60  # requests of a scenario whose SQL is replayed
_TURNS = 3


class Effort(NamedTuple):
    """How long and how often each scenario is asked at most."""

    seconds: float = 3.0
    most: int = 5_000


class Line(NamedTuple):
    """`statements` is how many the raw loop sends for one request, on average."""

    scenario: Scenario
    one: Result
    many: Result
    raw: Rate
    statements: float

    @property
    def share(self) -> float:
        """Of the raw loop's rate, at sixteen connections: what the process can do when it is asked for more."""
        return self.many.rate / self.raw.rate if self.raw.rate else 0.0


class Measured(NamedTuple):
    """`settled` is the seconds that the worker needed for what the writes had left it."""

    lines: list[Line]
    ready: float
    memory: Memory | None
    settled: float


Tell = Callable[[str], None]


def measure(url: str, folder: Path, effort: Effort, tell: Tell, *, only: tuple[str, ...] = ()) -> Measured:
    """All scenarios, or those whose names are `only`."""
    with record.desk(url, folder) as services:
        plan = [it for it in calls.scenarios(services) if not only or it.name in only]
        steps = {it.name: _recorded(services, it) for it in plan}
    served: dict[str, tuple[Result, Result]] = {}
    rates: dict[str, Rate] = {}
    settled = 0.0
    with serving(url, folder):
        pass  # the first start after an installation compiles: not the one that is timed
    with serving(url, folder) as server:
        server.settle()
        for it in plan:
            if it.writes:
                served[it.name] = _serve(server, it, effort)
                settled += server.settle()
            else:
                served[it.name], rates[it.name] = _by_turns(server, it, effort, url, steps[it.name])
            one, many = served[it.name]
            tell(f"{it.name}: {one.rate:,.0f}/s from one connection, {many.rate:,.0f}/s from sixteen")
        memory = server.memory()
    # Without the server: its worker would take up what these write.
    for it in (it for it in plan if it.writes):
        rates[it.name] = raw.writes(url, steps[it.name], seconds=effort.seconds, writers=[1, 16])
        tell(f"{it.name}: {rates[it.name].rate:,.0f}/s raw")
    lines = [Line(it, *served[it.name], rates[it.name], _mean(steps[it.name])) for it in plan]
    return Measured(lines, server.ready, memory, settled)


def compare(urls: tuple[str, str], folder: Path, effort: Effort, tell: Tell) -> dict[str, tuple[float, float]]:
    """The rates of `FLAT` on two desks at sixteen connections: the best of three, measured by turns.

    Without a worker, or each turn would first have to wait for the mails of the one before.
    """
    best: dict[str, list[float]] = {name: [0.0, 0.0] for name in FLAT}
    plans = []
    for url in urls:
        with record.desk(url, folder) as services:
            plans.append([it for it in calls.scenarios(services) if it.name in FLAT])
    for turn in range(2 * _TURNS):
        place = turn % 2
        with serving(urls[place], folder, worker=False) as server:
            server.settle()
            for it in plans[place]:
                _, many = _serve(server, it, effort)
                tell(f"{it.name}, {'small' if place == 0 else 'large'} desk: {many.rate:,.0f}/s")
                best[it.name][place] = max(best[it.name][place], many.rate)
    return {name: (small, large) for name, (small, large) in best.items()}


def _recorded(services: record.Services, scenario: Scenario) -> list[Step]:
    if scenario.raw is not None:
        return scenario.raw
    some = random.Random(3).sample(scenario.calls, min(_RECORDED, len(scenario.calls)))
    return (record.writes if scenario.writes else record.reads)(services, some)


def _serve(server: Server, scenario: Scenario, effort: Effort) -> tuple[Result, Result]:
    one = _load(server, scenario, effort, CONNECTIONS[0], 0)
    return one, _load(server, scenario, effort, CONNECTIONS[1], one.asked)


def _by_turns(
    server: Server, scenario: Scenario, effort: Effort, url: str, steps: list[Step]
) -> tuple[tuple[Result, Result], Rate]:
    """Sixteen connections and the raw loop three times in turn, each for half as long: of these pairs the one whose
    share is neither the highest nor the lowest. A machine whose speed changes within seconds would else decide."""
    one = _load(server, scenario, effort, CONNECTIONS[0], 0)
    asked, half, pairs = one.asked, effort._replace(seconds=effort.seconds / 2), list[tuple[Result, Rate]]()
    for _ in range(_TURNS):
        many = _load(server, scenario, half, CONNECTIONS[1], asked)
        asked += many.asked
        pairs.append((many, raw.reads(url, steps, seconds=half.seconds)))
    many, rate = sorted(pairs, key=lambda pair: pair[0].rate / max(pair[1].rate, 1e-9))[_TURNS // 2]
    return (one, many), rate


def _load(server: Server, scenario: Scenario, effort: Effort, connections: int, asked: int) -> Result:
    """From where the load before it ended: what was asked for once may be answered from memory."""
    at = asked % len(scenario.calls)
    calls = [*scenario.calls[at:], *scenario.calls[:at]]
    result = load(server.port, calls, connections=connections, seconds=effort.seconds, most=effort.most)
    if not result.requests or set(result.statuses) - {"200", "201"}:
        raise RuntimeError(f"{scenario.name}: {result.statuses}")
    return result


def _mean(steps: list[Step]) -> float:
    return sum(map(len, steps)) / len(steps)
