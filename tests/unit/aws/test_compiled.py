"""Functions made once per shape."""

from threading import Barrier, Thread

import pytest

from holdfast.aws.compiled import Compiled
from patience import PATIENCE


def test_a_value_is_made_once() -> None:
    """The second time it is only found."""
    compiled: Compiled[list[int]] = Compiled()
    made = compiled.get("a", lambda: [1])
    assert compiled.get("a", lambda: [2]) is made


def test_none_is_a_value_too() -> None:
    """A shape for which nothing has to be done is not examined again."""
    compiled: Compiled[int | None] = Compiled()
    assert compiled.get("a", lambda: None) is None
    assert compiled.get("a", lambda: 1) is None


def test_a_value_may_need_itself() -> None:
    """What is announced is found while it is being made."""
    compiled: Compiled[list[object]] = Compiled()

    def make() -> list[object]:
        value: list[object] = []
        compiled.announce("a", value)
        value.append(compiled.get("a", list))
        return value

    made = compiled.get("a", make)
    assert made[0] is made


def test_what_failed_is_made_again() -> None:
    """Nothing half made remains."""
    compiled: Compiled[int] = Compiled()

    def fail() -> int:
        compiled.announce("a", 1)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        compiled.get("a", fail)
    assert compiled.get("a", lambda: 2) == 2


def test_other_threads_see_only_what_is_complete() -> None:
    """A thread that asks for an announced value waits until it is filled."""
    compiled: Compiled[list[int]] = Compiled()
    announced, seen = Barrier(2, timeout=PATIENCE), []

    def make() -> list[int]:
        value: list[int] = []
        compiled.announce("a", value)
        announced.wait()
        value.append(1)
        return value

    maker = Thread(target=compiled.get, args=("a", make))
    maker.start()
    announced.wait()
    seen.extend(compiled.get("a", lambda: [2]))
    maker.join()
    assert seen == [1]
