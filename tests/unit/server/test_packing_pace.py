"""How long the packer rests."""

from collections.abc import Callable

from holdfast.server.s3.packing_pace import LOOK_EVERY, PackingPace


def counting(*counts: int) -> Callable[[], int]:
    """Return a function that returns one count after the other."""
    left = iter(counts)
    return lambda: next(left)


def test_packing_goes_on_at_once_while_there_are_no_requests() -> None:
    """The count stays as it was."""
    pace = PackingPace(counting(7, 7, 7))
    pace(1, 0.003)
    assert [pace(1, 0.003), pace(64, 2.0)] == [0.0, 0.0]


def test_packing_takes_a_twentieth_of_the_time_while_there_are_requests() -> None:
    """After each version; it goes on at once when they end."""
    pace = PackingPace(counting(1, 2, 2))
    for _ in range(2):
        rest = pace(1, 0.125)
        assert 0.125 / (0.125 + rest) == 0.05
    assert pace(1, 0.125) == 0.0


def test_a_rest_is_bounded() -> None:
    """A body of many MiB takes a second."""
    assert PackingPace(counting(1))(1, 3.0) == 5.0


def test_nothing_to_pack_is_looked_at_seldom() -> None:
    """With requests and without."""
    pace = PackingPace(counting(1, 1))
    assert [pace(0, 0.001), pace(0, 0.001)] == [LOOK_EVERY, LOOK_EVERY]
