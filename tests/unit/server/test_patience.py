"""One deadline that is moved: it ends what was waited for last, when its own time is up."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from holdfast.server.patience import Patience


class _Clock(asyncio.SelectorEventLoop):
    """A loop whose time passes as fast as its timers are due."""

    _now = 0.0

    def time(self) -> float:
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let time pass while nothing runs."""
        self._now += seconds


def _run(work: Callable[[_Clock, Patience, list[str]], Coroutine[Any, Any, None]]) -> list[str]:
    ended: list[str] = []
    loop = _Clock()
    try:
        loop.run_until_complete(work(loop, Patience(loop), ended))
    finally:
        loop.close()
    return ended


async def _pass(loop: _Clock, seconds: float) -> None:
    """Let time pass in steps, so that every timer runs at its time."""
    for _ in range(round(seconds * 4)):
        loop.pass_time(0.25)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def test_it_ends_when_time_is_up_and_not_before() -> None:
    """And once."""

    async def work(loop: _Clock, patience: Patience, ended: list[str]) -> None:
        patience.wait(5, lambda: ended.append("a"))
        await _pass(loop, 4.5)
        assert ended == []
        await _pass(loop, 1)
        assert not patience.waits
        await _pass(loop, 20)

    assert _run(work) == ["a"]


def test_a_later_deadline_takes_the_place_of_an_earlier() -> None:
    """The timer of the first ends in between, and nothing happens."""

    async def work(loop: _Clock, patience: Patience, ended: list[str]) -> None:
        patience.wait(2, lambda: ended.append("a"))
        await _pass(loop, 1)
        patience.wait(5, lambda: ended.append("b"))
        await _pass(loop, 4.5)
        assert ended == []
        await _pass(loop, 1)

    assert _run(work) == ["b"]


def test_an_earlier_deadline_takes_the_place_of_a_later() -> None:
    """It does not wait for the timer of the first."""

    async def work(loop: _Clock, patience: Patience, ended: list[str]) -> None:
        patience.wait(60, lambda: ended.append("a"))
        patience.wait(2, lambda: ended.append("b"))
        await _pass(loop, 2.5)
        assert ended == ["b"]
        await _pass(loop, 60)

    assert _run(work) == ["b"]


def test_nothing_ends_that_was_stopped() -> None:
    """Also if it begins to wait again before the timer of the first ends."""

    async def work(loop: _Clock, patience: Patience, ended: list[str]) -> None:
        patience.wait(2, lambda: ended.append("a"))
        patience.stop()
        assert not patience.waits
        await _pass(loop, 3)
        patience.wait(2, lambda: ended.append("b"))
        await _pass(loop, 1)
        patience.stop()
        await _pass(loop, 3)

    assert _run(work) == []


def test_no_timer_is_left() -> None:
    """It would keep the connection in memory."""

    async def work(loop: _Clock, patience: Patience, ended: list[str]) -> None:
        patience.wait(2, lambda: ended.append("a"))
        patience.close()
        await _pass(loop, 3)

    assert _run(work) == []
