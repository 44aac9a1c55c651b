"""How a waiting acquire paces itself, and what it makes of a holder that comes and goes."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from holdfast import LockHeld, StateAddress
from holdfast.client import locking
from holdfast.client.errors import AccessDenied
from holdfast.client.lock_places import Gone, Kept, Occupied
from holdfast.client.locking import LONGEST_WAIT, Pacing, Waiting, acquire, new_info

ADDRESS = StateAddress("bucket", "key")
THEIRS = Kept(new_info(ADDRESS, "theirs").document())


@dataclass
class Scripted:
    """A place whose answers to attempts are given; afterwards it is free."""

    answers: list[Kept | None]
    name: str = "file"
    attempts: int = 0
    holds: str | None = None

    def put(self, _address: StateAddress, document: str) -> Kept:
        """Refuse as long as there are answers."""
        self.attempts += 1
        if self.answers:
            raise Occupied(self.answers.pop(0))
        self.holds = document
        return Kept(document)

    def read(self, _address: StateAddress) -> Kept | None:
        """Return what is held."""
        return Kept(self.holds) if self.holds else None

    def remove(self, _address: StateAddress, kept: Kept) -> None:
        """Remove what is held."""
        if self.holds != kept.document:
            raise Gone(None)
        self.holds = None


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    time: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def pacing(self, chance: float = 1.0) -> Pacing:
        """Return a pacing on this clock."""
        return Pacing(lambda: self.time, self.sleep, lambda: chance)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.time += seconds


def test_attempts_come_less_often_and_one_at_the_very_end() -> None:
    """Pauses double up to the longest; the last attempt is at the deadline."""
    clock, place = Clock(), Scripted([THEIRS] * 100)

    with pytest.raises(LockHeld, match="still after 20 s"):
        acquire([place], ADDRESS, new_info(ADDRESS, "x"), timeout=20, pacing=clock.pacing())

    assert clock.pauses[:6] == [0.25, 0.5, 1, 2, 4, 5]
    assert max(clock.pauses) == LONGEST_WAIT
    assert clock.time == 20
    assert place.attempts == len(clock.pauses) + 1


def test_pauses_are_between_half_and_all_by_chance() -> None:
    """Clients that began together do not stay together."""
    assert [Pacing(chance=lambda: 0.0).wait(attempt) for attempt in (1, 2, 9)] == [0.125, 0.25, 2.5]
    assert Pacing(chance=lambda: 0.5).wait(1000) == 3.75


def test_without_a_timeout_there_is_one_attempt() -> None:
    """Nobody waits who was not asked to."""
    clock, place = Clock(), Scripted([THEIRS])

    with pytest.raises(LockHeld):
        acquire([place], ADDRESS, new_info(ADDRESS, "x"), pacing=clock.pacing())

    assert (place.attempts, clock.pauses) == (1, [])


def test_a_holder_that_has_just_left_is_no_error() -> None:
    """Refused, and nobody there when looked at: tried again at once, also without a timeout."""
    clock, place = Clock(), Scripted([None, None])

    held = acquire([place], ADDRESS, new_info(ADDRESS, "x"), pacing=clock.pacing())

    assert (place.attempts, clock.pauses) == (3, [])
    held.release()
    assert place.holds is None


def test_a_place_that_never_says_who_is_given_up() -> None:
    """There is an end to trying at once."""
    place = Scripted([None] * 1000)

    with pytest.raises(LockHeld) as refused:
        acquire([place], ADDRESS, new_info(ADDRESS, "x"))

    assert refused.value.holder is None
    assert place.attempts < 20


def test_who_waits_is_told_each_time() -> None:
    """The holder, where, how long so far, how long still."""
    clock, place = Clock(), Scripted([THEIRS, THEIRS], name="table")
    told: list[Waiting] = []

    acquire(
        [place],
        ADDRESS,
        new_info(ADDRESS, "x"),
        timeout=10,
        on_wait=told.append,
        pacing=clock.pacing(),
    )

    assert [(each.where, each.waited, each.left, each.attempts) for each in told] == [
        ("table", 0, 10, 1),
        ("table", 0.25, 9.75, 2),
    ]
    assert told[0].holder is not None
    assert told[0].holder.operation == "theirs"


def test_the_first_place_is_free_while_waiting_for_the_second() -> None:
    """Who waits for the table does not keep others from the file."""
    clock, file, table = Clock(), Scripted([]), Scripted([THEIRS], name="table")
    seen: list[str | None] = []

    held = acquire(
        [file, table],
        ADDRESS,
        new_info(ADDRESS, "x"),
        timeout=5,
        on_wait=lambda _: seen.append(file.holds),
        pacing=clock.pacing(),
    )

    assert seen == [None]
    assert (file.holds, table.holds) == (held.info.document(), held.info.document())


def test_an_interrupted_wait_leaves_nothing() -> None:
    """Ctrl-C while waiting is passed on, and no place holds a lock of ours."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    file, table = Scripted([]), Scripted([THEIRS], name="table")
    with pytest.raises(KeyboardInterrupt):
        acquire(
            [file, table],
            ADDRESS,
            new_info(ADDRESS, "x"),
            timeout=5,
            pacing=Pacing(sleep=interrupt),
        )

    assert (file.holds, table.holds) == (None, None)


def test_waiting_is_counted_from_the_first_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow first attempt takes nothing from the time that was given, and who holds it is told."""
    clock, place = Clock(), Scripted([THEIRS] * 100)
    told: list[Waiting] = []

    def put(address: StateAddress, document: str, real: Any = place.put) -> Kept:
        clock.time += 3
        kept: Kept = real(address, document)
        return kept

    monkeypatch.setattr(place, "put", put)
    with pytest.raises(LockHeld, match="still after"):
        acquire(
            [place],
            ADDRESS,
            new_info(ADDRESS, "x"),
            timeout=1,
            on_wait=told.append,
            pacing=clock.pacing(),
        )

    assert told[0].left == 1
    assert told[0].holder
    assert place.attempts == 2


# Where an interrupt cannot be answered: the `with` block is not entered yet, or about to be left.
_OUTSIDE = {"__enter__", "__exit__", "acquire", "_release_surely"}


def _interrupted_at(line: int, work: Callable[[], None]) -> bool:
    """Interrupt some work at the nth line that it runs in `locking`; say whether there was one."""
    left = [line]

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename != locking.__file__:
            return None
        if event == "line" and frame.f_code.co_name not in _OUTSIDE:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("refused", [False, True])
def test_an_interrupt_at_any_moment_leaves_no_lock(
    monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    """Line by line: while the places are taken, given back because one refuses, and released."""
    monkeypatch.setattr("holdfast.client.locking.time.sleep", lambda _seconds: None)
    line, interrupted = 0, True
    while interrupted:
        line += 1
        file, table = Scripted([]), Scripted([THEIRS] if refused else [], name="table")

        def work(places: tuple[Scripted, ...] = (file, table)) -> None:
            try:
                with acquire(places, ADDRESS, new_info(ADDRESS, "x")):
                    pass
            except LockHeld:
                return

        interrupted = _interrupted_at(line, work)
        assert (file.holds, table.holds) == (None, None), line

    assert line > 20


def test_an_interrupted_release_is_no_lost_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is done again; that the first one had removed something is no news."""
    file, table = Scripted([]), Scripted([], name="table")
    real, calls = table.remove, list[None]()

    def remove(address: StateAddress, kept: Kept) -> None:
        calls.append(None)
        if len(calls) == 1:
            raise KeyboardInterrupt
        real(address, kept)

    monkeypatch.setattr(table, "remove", remove)
    with pytest.raises(KeyboardInterrupt), acquire([file, table], ADDRESS, new_info(ADDRESS, "x")):
        pass

    assert (file.holds, table.holds) == (None, None)


def test_a_lock_that_cannot_be_given_back_is_noted_on_the_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The table refuses, and the file is out of reach by then."""
    file, table = Scripted([]), Scripted([THEIRS], name="table")

    def remove(_address: StateAddress, _kept: Kept) -> None:
        raise AccessDenied("cannot unlock", "", action="s3:DeleteObject", resource="it")

    monkeypatch.setattr(file, "remove", remove)
    with pytest.raises(LockHeld) as refused:
        acquire([file, table], ADDRESS, new_info(ADDRESS, "x"))

    assert "Our lock in the file could not be given back" in refused.value.__notes__[0]
