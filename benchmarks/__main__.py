"""Compare Holdfast with other servers of S3 and DynamoDB: `make bench`.

Without ARGS everything runs and benchmarks/REPORT.md is written; with --only, --peers or --check
nothing is written unless --report says where to.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.comparison import Comparison
from benchmarks.results import check, report
from benchmarks.results.goals import judge
from benchmarks.results.machine import describe
from benchmarks.scenarios.all import SCENARIOS
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers.dynalite import dynalite
from benchmarks.servers.holdfast import HERE, NAME, holdfast
from benchmarks.servers.ministack import ministack
from benchmarks.servers.moto import moto
from benchmarks.servers.peer import Peer, Unavailable

_HERE = Path(__file__).resolve().parent
_CACHE = _HERE / ".cache"


def main() -> int:
    """Measure, report, and return the exit code: 1 if the check found something."""
    options = _options()
    began = time.monotonic()
    peers, versions = _peers(options)
    scenarios = _scenarios(options.only)
    settings = Settings(
        seconds=options.seconds,
        fill_seconds=options.fill_seconds,
        versions=options.versions,
        keys=options.keys,
        states=options.states,
        depth=options.depth,
        settle_seconds=options.settle_seconds,
        soak_seconds=options.soak_seconds,
    )
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-", dir=options.data) as data:
        machine = describe(Path(data).resolve())
        comparison = Comparison(peers, scenarios, settings, _CACHE, Path(data), _say)
        collected = comparison.run(options.runs)
    made = report.Report(
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        how=_how(options),
        machine=machine,
        peers=versions,
        baseline=options.baseline,
        titles={scenario.name: scenario.title for scenario in scenarios},
        rows=collected.rows(),
        reasons=collected.reasons,
        notes=collected.notes,
    )
    _say(f"took {time.monotonic() - began:.0f} s")
    return _finish(made, options)


def _finish(made: report.Report, options: argparse.Namespace) -> int:
    verdicts = judge(made.value, NAME)
    whole = not (options.only or options.check) and options.peers is None
    folder = options.report or (_HERE if whole else None)
    print(report.page(made, verdicts))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        report.write(made, folder, verdicts)
        _say(f"written: {folder / report.PAGE}")
    if not options.check:
        return 0
    try:
        before = report.read(_HERE)
    except FileNotFoundError:
        raise SystemExit("there is no committed report to compare with") from None
    found = check.worse(made, before, NAME)
    for sentence in found:
        _say(f"WORSE  {sentence}")
    _say("as good as the committed report" if not found else f"{len(found)} numbers are worse")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", default=[], help="scenarios; a name with * at its end means several")
    add("--peers", nargs="*", help="moto ministack dynalite; none: Holdfast alone (all)")
    add("--checkout", type=Path, default=HERE, help="the Holdfast to measure (this one)")
    add("--other", type=Path, help="also compare the Holdfast of another checkout")
    add("--baseline", default=NAME, help=f"the server that the ratios are against ({NAME})")
    add("--seconds", type=float, default=2.0, help="of each load (2)")
    add("--runs", type=int, default=3, help="of everything that varies; medians are shown (3)")
    add("--fill-seconds", type=float, default=30.0, help="for a server to take in data (30)")
    add("--settle-seconds", type=float, default=180.0, help="for packing to end, at most (180)")
    add("--versions", type=int, default=1000, help="of one state (1000)")
    add("--keys", type=int, default=10_000, help="in the list (10000)")
    add("--states", type=int, default=2000, help="in the large store (2000; whole: 100000)")
    add("--depth", type=int, default=500, help="versions in the large store (500; whole: 10000)")
    add("--soak-seconds", type=float, default=600.0, help="of --only soak (600)")
    add("--data", type=Path, help="folder for the servers' data (the system's temporary one)")
    add("--report", type=Path, help="folder for the report")
    add("--check", action="store_true", help="fail if ratios are far worse than in the report")
    add("--list", action="store_true", help="list the scenarios")
    options = parser.parse_args()
    if options.list:
        for scenario in SCENARIOS:
            print(f"{scenario.name:<20}{scenario.title}")
        raise SystemExit(0)
    return options


def _peers(options: argparse.Namespace) -> tuple[list[Peer], dict[str, str]]:
    """Install the peers that are wanted; those that cannot be had are named and left out."""
    known = {"moto": moto(), "ministack": ministack(), "dynalite": dynalite()}
    wanted = list(known) if options.peers is None else options.peers
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise SystemExit(f"no peer {', '.join(unknown)}; there are {', '.join(known)}")
    peers = [holdfast(options.checkout.resolve())]
    if options.other:
        peers.append(holdfast(options.other.resolve(), "other"))
    peers += [known[name] for name in wanted]
    found, versions = [], {}
    for peer in peers:
        try:
            versions[peer.name] = f"{peer.install(_CACHE)}; {peer.keeps}"
        except Unavailable as lacking:
            _say(f"left out: {peer.name}: {lacking}")
            continue
        found.append(peer)
    if options.baseline not in versions:
        raise SystemExit(f"the baseline {options.baseline} is none of {', '.join(versions)}")
    return found, versions


def _scenarios(only: Sequence[str]) -> list[Scenario]:
    """Return the scenarios that are wanted, without those that this machine cannot run."""

    def wanted(scenario: Scenario) -> bool:
        if not only:
            return not scenario.on_demand
        name = scenario.name
        return any(name == one or (one[-1:] == "*" and name.startswith(one[:-1])) for one in only)

    found = [scenario for scenario in SCENARIOS if wanted(scenario)]
    if not found:
        raise SystemExit(f"no scenario {', '.join(only)}; --list lists them")
    if shutil.which("strace") is None:
        _say("strace is not on PATH: syncs are not counted")
        found = [scenario for scenario in found if not scenario.traced]
    return found


def _how(options: argparse.Namespace) -> str:
    return (
        f"{options.runs} runs, {options.seconds:g} s of each load; {options.versions:,} versions, "
        f"{options.keys:,} keys; a large store of {options.states:,} states and "
        f"{options.depth:,} versions of one"
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
