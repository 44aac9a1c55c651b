"""Steps beside their giver: none is lost, overtaken or unbounded, and their errors come out."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from holdfast.engine.beside import MOST_BEHIND, Beside
from patience import PATIENCE


def failing(error: Exception) -> Callable[[], None]:
    """Return a step that raises."""

    def step() -> None:
        raise error

    return step


def test_steps_are_done_in_their_order() -> None:
    """All of them, by the end."""
    beside, done = Beside(), list[object]()
    for number in range(100):
        beside.do(partial(done.append, number))
    beside.finish()
    assert done == list(range(100))


def test_the_first_error_comes_out_at_the_end() -> None:
    """Not before, and not the second in its place."""
    beside, done, go_on = Beside(), list[object](), threading.Event()
    beside.do(lambda: done.append(go_on.wait(PATIENCE)))
    beside.do(failing(KeyError("first")))
    beside.do(failing(KeyError("second")))
    go_on.set()
    with pytest.raises(KeyError, match="first"):
        beside.finish()
    assert done == [True]


def test_an_error_comes_out_with_a_later_step() -> None:
    """Which is not done then: what it continues is not there."""
    beside, done = Beside(), list[object]()
    beside.do(failing(KeyError()))
    other = Beside()  # whose step comes after the failing one
    other.do(lambda: None)
    other.finish()
    with pytest.raises(KeyError):
        beside.do(lambda: done.append(1))
    beside.finish()
    assert done == []


def test_what_is_forgotten_is_done_first() -> None:
    """So that whoever cleans up finds all there will ever be; errors are of no interest."""
    beside, done = Beside(), list[object]()
    beside.do(failing(KeyError()))
    go_on = threading.Event()
    other = Beside()
    other.do(lambda: done.append(go_on.wait(PATIENCE)))
    go_on.set()
    other.forget()
    beside.forget()
    assert done == [True]


def test_too_many_steps_are_waited_for() -> None:
    """Whoever gives one more than may be behind goes on only when one of them is done."""
    beside, done, go_on = Beside(), list[object](), threading.Event()
    for _ in range(MOST_BEHIND):
        beside.do(lambda: done.append(go_on.wait(PATIENCE)))
    giver = threading.Thread(target=beside.do, args=(lambda: done.append(True),))
    giver.start()
    giver.join(0.2)
    assert giver.is_alive()
    go_on.set()
    giver.join(PATIENCE)
    beside.finish()
    assert done == [True] * (MOST_BEHIND + 1)
