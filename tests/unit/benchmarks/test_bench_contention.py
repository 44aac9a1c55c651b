"""Clients that fight for one lock: how long they wait, and what is counted."""

from benchmarks.wire.contention import Contest, longest_pause


def test_pauses_double_with_every_refusal_up_to_a_limit() -> None:
    """From a few milliseconds to a fifth of a second, however often a client was refused."""
    assert [longest_pause(refusals) for refusals in (0, 1, 2, 5, 6, 10_000)] == [
        0.005,
        0.01,
        0.02,
        0.16,
        0.2,
        0.2,
    ]


def test_a_client_that_gets_the_lock_again_is_no_handover() -> None:
    """Both of its turns count for it."""
    contest = Contest([0, 0])
    for number in (0, 0, 1, 0):
        contest.won(number)

    assert contest.wins == [3, 1]
    assert contest.handovers == 3
