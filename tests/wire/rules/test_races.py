"""Processes that take, use and give back one lock in all ways at once, while things go wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from race_clients import FILE, ITEM, Client, Http, Library, Looker, OpenTofu, Unlocked, Wrong
from race_server import RaceServer
from race_world import Faults, Race

LOCKING: list[tuple[type[Client], tuple[str, ...]]] = [
    (Client, (FILE,)),
    (Client, (ITEM,)),
    (Client, (FILE, ITEM)),
    (OpenTofu, (ITEM,)),
    (OpenTofu, (FILE, ITEM)),
    (Library, (FILE,)),
    (Library, (FILE, ITEM)),
    (Http, ()),
]
FAULTS = [
    Faults(),
    Faults(lost=0.1, slow=0.05),
    Faults(killed=0.02, slow=0.05),
    Faults(restarted=0.03),
    Faults(forced=0.02, lost=0.05),
    Faults(echoed=0.05, lost=0.05),
    Faults(lost=0.05, slow=0.05, killed=0.01, forced=0.01, echoed=0.02),
]
LINES = 60  # of what happened that are shown


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RaceServer]:
    """A server for all races: each is about a state of its own."""
    folder: Path = tmp_path_factory.mktemp("races")
    made = RaceServer(folder)
    yield made
    made.close()


def raced(server: RaceServer, race: Race) -> None:
    """Run a race, and tell what happened if something was wrong."""
    server.restart()
    try:
        race.run()
    except Wrong as wrong:
        raise AssertionError("\n".join([*race.log[-LINES:], str(wrong)])) from wrong


@given(
    seed=st.integers(0, 1 << 32),
    faults=st.sampled_from(FAULTS),
    one_key=st.booleans(),
    connections=st.sampled_from(["direct", "shared", "many"]),
)
@settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_nobody_loses_a_lock_or_an_update(
    server: RaceServer, seed: int, faults: Faults, one_key: bool, connections: str
) -> None:
    """Each holder is alone, writes, finds its lock and gives it back; nobody waits for nothing."""
    race = Race(server, seed, faults, one_key=one_key, connections=connections)
    others: list[tuple[type[Client], tuple[str, ...]]] = [(Looker, ())]
    if not one_key:  # else who has the key has the lock
        others += [(Unlocked, ()), (Unlocked, (ITEM,))]
    kinds = [*LOCKING, *race.chance.sample(others, 1)]
    for number in range(4):
        kind, places = race.chance.choice(kinds)
        client = kind(f"{kind.__name__}{number}", race.key, places, race)
        race.start(client, client.run(2))
    raced(server, race)
