"""Runs scenarios against servers in turns, so that what else the machine does meets all of them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.results.metrics import Measured, Metric, Row
from benchmarks.results.numbers import middle
from benchmarks.scenarios.places import make_places
from benchmarks.scenarios.scenario import Pair, Scenario, Settings
from benchmarks.servers.peer import Peer, Running, Unsupported, running
from benchmarks.servers.process import DidNotStart
from benchmarks.wire.load import Refused, TooSlow


@dataclass(slots=True)
class Collected:
    """What all runs yielded."""

    runs: dict[tuple[str, Metric], dict[str, list[float]]] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, scenario: str, peer: str, measured: Measured) -> None:
        """Take what one run of a scenario yielded."""
        for metric, value in measured.values.items():
            self.runs.setdefault((scenario, metric), {}).setdefault(peer, []).append(value)
        if measured.reason:
            self.reasons.setdefault(scenario, {})[peer] = measured.reason
        if measured.note:
            self.notes.append(f"{scenario}, {peer}: {measured.note}")

    def rows(self) -> list[Row]:
        """Return the medians."""
        return [
            Row(scenario, metric, {peer: middle(values) for peer, values in by_peer.items()})
            for (scenario, metric), by_peer in self.runs.items()
        ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is run against what. `say` takes a line for whoever watches."""

    peers: Sequence[Peer]
    scenarios: Sequence[Scenario]
    settings: Settings
    cache: Path
    data: Path  # where servers keep what they write
    say: Callable[[str], None]

    def run(self, runs: int) -> Collected:
        """Do everything so many times."""
        collected = Collected()
        for number in range(runs):
            with ExitStack() as stack:
                shared = dict(self._shared(stack, collected))
                for scenario in self.scenarios:
                    if scenario.once and number:
                        continue
                    for peer in self.peers:
                        if scenario.only_ours and not peer.ours:
                            continue
                        measured = self._measured(scenario, peer, shared.get(peer.name))
                        collected.add(scenario.name, peer.name, measured)
                        self.say(f"run {number + 1}  {_line(scenario, peer, measured)}")
        return collected

    def _shared(self, stack: ExitStack, collected: Collected) -> Iterator[tuple[str, Running]]:
        """Start a server of each peer for the loads of one run."""
        if all(scenario.fresh for scenario in self.scenarios):
            return
        for peer in self.peers:
            try:
                server = stack.enter_context(self._fresh(peer))
                make_places(server)
            except (DidNotStart, Refused, TooSlow) as failed:
                collected.notes.append(f"{peer.name}: {failed}")
                continue
            yield peer.name, server

    def _measured(self, scenario: Scenario, peer: Peer, shared: Running | None) -> Measured:
        measure = scenario.measure
        try:
            with ExitStack() as stack:
                if isinstance(measure, Pair):
                    one = stack.enter_context(self._furnished(scenario, peer))
                    other = stack.enter_context(self._furnished(scenario, peer))
                    return measure.measure(one, other, self.settings)
                server = shared
                if scenario.fresh:
                    server = stack.enter_context(self._furnished(scenario, peer))
                if server is None:
                    return Measured(reason="did not start")
                return measure(server, self.settings)
        except (Unsupported, TooSlow) as lacking:
            return Measured(reason=str(lacking))
        except (Refused, DidNotStart) as failed:
            return Measured(reason="failed", note=str(failed))

    @contextmanager
    def _furnished(self, scenario: Scenario, peer: Peer) -> Iterator[Running]:
        """Start a server with what a scenario wants to find in it."""
        with self._fresh(peer, trace=scenario.traced) as server:
            if not scenario.bare:
                make_places(server)
            yield server

    @contextmanager
    def _fresh(self, peer: Peer, *, trace: bool = False) -> Iterator[Running]:
        with (
            tempfile.TemporaryDirectory(prefix=f"bench-{peer.name}-", dir=self.data) as folder,
            running(peer, self.cache, Path(folder) / "run", trace=trace) as server,
        ):
            yield server


def _line(scenario: Scenario, peer: Peer, measured: Measured) -> str:
    values = ", ".join(
        f"{metric.name} {value:,.{metric.digits}f}" for metric, value in measured.values.items()
    )
    note = f"  ! {measured.note}" if measured.note else ""
    return f"{scenario.name:<22}{peer.name:<17}{values or '- ' + measured.reason}{note}"
