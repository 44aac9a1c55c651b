"""What a receiver of webhooks is told: in order, at least once, without holding up anybody."""

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from damaged_data import rows
from holdfast.engine.records import Setting
from holdfast.engine.state_records import HeldLock, JournalEntry, State
from holdfast.server.webhooks import follower, sending
from journals import ALICE, NOON
from patience import wait_until
from told import Told
from webhook_receiver import Received

ABOUT: dict[str, Any] = {"bucket": "states", "key": "prod/app", "state": "states/prod/app"}


def serials(received: list[Received]) -> list[int]:
    """Return which writes were told of."""
    return [each.document["details"]["serial"] for each in received]


def hold(told: Told, lock_id: str | None, held: timedelta = timedelta()) -> None:
    """Let a state be locked, for so long already; or unlocked."""
    lock = None
    if lock_id is not None:
        lock = HeldLock(
            id=lock_id,
            document=b"",
            who="alice@laptop",
            operation="OperationTypeApply",
            since=told.now - held,
            principal=ALICE.arn,
            access_key_id=ALICE.access_key_id,
            places=("s3",),
        )
    state = State(bucket="states", key="prod/app", lock=lock)
    told.journal.engine.update(lambda tx: tx.put(state))


def test_what_happens_is_told_in_order(told: Told) -> None:
    """Each with its number, its facts and a sentence."""
    told.start()
    for serial in range(5):
        told.journal.append("state-written", serial=serial, **ABOUT)

    received = told.receiver.wait(5)

    assert serials(received) == [0, 1, 2, 3, 4]
    first = received[0]
    assert first.path == "/hook?a=b"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["holdfast-event"] == "state-written"
    assert first.headers["holdfast-delivery"] == "1"
    assert first.headers["user-agent"].startswith("holdfast/")
    assert set(first.document) == {"id", "event", "text", "details"}
    assert first.document["id"] == "1"
    assert first.document["text"] == "states/prod/app was written, by user/alice"
    assert first.document["details"]["number"] == 1
    assert first.document["details"]["principal"] == ALICE.arn


def test_each_message_is_signed(told: Told) -> None:
    """HMAC-SHA256 under the secret of the time of the attempt, a full stop, and the body."""
    told.start()
    told.journal.append("state-written", **ABOUT)

    (received,) = told.receiver.wait(1)

    sent = dict(part.split("=") for part in received.headers["holdfast-signature"].split(","))
    signed = sent["t"].encode() + b"." + received.body
    assert sent["t"] == str(int(NOON.timestamp()))
    assert sent["v1"] == hmac.new(b"a shared secret!", signed, hashlib.sha256).hexdigest()


def test_only_what_is_wanted_is_told(told: Told) -> None:
    """Other entries are passed over."""
    told.start(events=["lock-forced"])
    for what in ("lock-taken", "state-written", "lock-forced", "lock-released", "lock-forced"):
        told.journal.append(what, **ABOUT, lock_id="1")

    assert [each.document["id"] for each in told.receiver.wait(2)] == ["3", "5"]


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_what_is_not_taken_is_sent_again(told: Told, status: int) -> None:
    """The same message with the same id, before the next one; a redirect is not followed."""
    told.receiver.answers = [status, status]
    told.start()
    told.journal.append("state-written", serial=1, **ABOUT)
    told.journal.append("state-written", serial=2, **ABOUT)

    received = told.receiver.wait(4)
    wait_until(lambda: told.counted["delivered"] == 2)

    assert serials(received) == [1, 1, 1, 2]
    assert len({each.body for each in received[:3]}) == 1
    assert {each.path for each in received} == {"/hook?a=b"}
    assert told.counted == {"retried": 2, "delivered": 2}


def test_what_is_never_taken_is_given_up(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted and logged, without the address; the next message is sent."""
    told.receiver.answers = [500, 500, 500]
    told.start()
    told.journal.append("state-written", serial=1, **ABOUT)
    told.journal.append("state-written", serial=2, **ABOUT)

    assert serials(told.receiver.wait(4)) == [1, 1, 1, 2]
    wait_until(lambda: told.counted["delivered"] == 1)
    assert told.counted == {"retried": 2, "failed": 1, "delivered": 1}
    assert "did not take state-written 1, given up: it answered 500" in caplog.text
    assert "a=b" not in caplog.text


def test_writes_go_on_while_the_receiver_hangs(told: Told) -> None:
    """Nothing waits for it."""
    told.receiver.released.clear()
    told.start()
    told.journal.append("state-written", serial=0, **ABOUT)
    told.receiver.wait(1)

    for serial in range(1, 100):
        told.journal.append("state-written", serial=serial, **ABOUT)

    assert len(told.receiver.received) == 1  # it still hangs
    assert told.counted == {}
    told.receiver.released.set()
    assert serials(told.receiver.wait(100)) == list(range(100))


def test_a_new_receiver_is_told_what_comes(told: Told) -> None:
    """Not what was before it was known."""
    told.journal.append("state-written", serial=1, **ABOUT)
    told.start()
    told.journal.append("state-written", serial=2, **ABOUT)

    assert serials(told.receiver.wait(1)) == [2]


def test_a_restart_repeats_and_leaves_out_nothing(told: Told) -> None:
    """What happened meanwhile is told after it."""
    told.start()
    told.journal.append("state-written", serial=1, **ABOUT)
    told.receiver.wait(1)
    wait_until(lambda: told.counted["delivered"] == 1)
    told.stop()
    told.journal.append("state-written", serial=2, **ABOUT)

    told.start()
    told.journal.append("state-written", serial=3, **ABOUT)

    assert serials(told.receiver.wait(3)) == [1, 2, 3]


def test_a_stop_between_two_attempts_loses_nothing(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is sent after the next start."""
    monkeypatch.setattr(sending, "DELAYS", (1000.0,))
    told.receiver.answers = [500]
    told.start()
    told.journal.append("state-written", serial=1, **ABOUT)
    wait_until(lambda: told.counted["retried"] == 1)
    told.stop()

    told.start()

    assert serials(told.receiver.wait(2)) == [1, 1]


def test_a_stop_does_not_wait_for_a_receiver_that_hangs(told: Told) -> None:
    """It repeats the message that was under way, and none before it."""
    running = told.start()
    told.journal.append("state-written", serial=1, **ABOUT)
    told.receiver.wait(1)
    wait_until(lambda: told.counted["delivered"] == 1)
    told.receiver.released.clear()
    told.journal.append("state-written", serial=2, **ABOUT)
    told.receiver.wait(2)

    running.stop()
    assert told.counted["delivered"] == 1  # it still hangs
    told.start()
    told.receiver.wait(3)

    assert serials(told.receiver.received) == [1, 2, 2]


def test_a_place_that_is_damaged_is_left(told: Told) -> None:
    """It goes on from the newest entry."""
    told.start().stop()
    told.journal.append("state-written", serial=1, **ABOUT)
    (name,) = told.journal.engine.view(
        lambda tx: [each.name for each in tx.scan(Setting) if each.name.startswith("webhook-")]
    )
    told.journal.engine.update(lambda tx: tx.put(Setting(name=name, value=b"{")))

    told.start()
    told.journal.append("state-written", serial=2, **ABOUT)

    assert serials(told.receiver.wait(1)) == [2]


def test_the_oldest_are_dropped_and_counted(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that was away for long is told the newest only."""
    monkeypatch.setattr(follower, "MOST_BEHIND", 3)
    told.receiver.released.clear()
    told.start()
    told.journal.append("state-written", serial=0, **ABOUT)
    told.receiver.wait(1)
    for serial in range(1, 11):
        told.journal.append("state-written", serial=serial, **ABOUT)
    told.receiver.released.set()

    assert serials(told.receiver.wait(4)) == [0, 8, 9, 10]
    assert told.counted["dropped"] == 7


def test_what_is_older_than_a_day_is_dropped(told: Told) -> None:
    """An address that is set again after weeks is not told of them."""
    told.start()
    told.journal.append("state-written", serial=1, **ABOUT)
    told.receiver.wait(1)
    told.stop()
    told.journal.append("state-written", serial=2, **ABOUT)
    told.pass_time(hours=25)
    told.journal.append("state-written", now=told.now, serial=3, **ABOUT)

    told.start()

    assert serials(told.receiver.wait(2)) == [1, 3]
    assert told.counted["dropped"] == 1


def test_an_entry_that_was_changed_is_passed_over(told: Told) -> None:
    """`holdfast check` names it; the others are told."""
    told.start()
    for event in (b"", b"[]", b'{"what": []}', b"\xff"):
        number = told.journal.append("lock-taken", **ABOUT)
        told.journal.put(JournalEntry(number=number, event=event, chain=bytes(32)))
    told.journal.append("state-written", serial=1, **ABOUT)

    assert serials(told.receiver.wait(1)) == [1]


def test_an_entry_that_cannot_be_read_stops_nothing(told: Told, tmp_path: Path) -> None:
    """A new receiver begins behind it, one that is told already goes on behind it."""
    told.journal.append("state-written", serial=1, **ABOUT)
    with rows(tmp_path) as at:
        at.replace("journal_entry", b"\xc1", number=1)
    told.start()
    told.journal.append("state-written", serial=2, **ABOUT)
    told.receiver.wait(1)
    told.stop()
    told.journal.append("state-written", serial=3, **ABOUT)
    with rows(tmp_path) as at:
        at.replace("journal_entry", b"\xc1", number=3)
    told.journal.append("state-written", serial=4, **ABOUT)

    told.start()

    assert serials(told.receiver.wait(2)) == [2, 4]


def test_a_lock_that_is_held_too_long_is_told_once(told: Told) -> None:
    """When it is time, with who holds it; not again, also after a restart."""
    told.start(held_after=timedelta(hours=1))
    hold(told, "lock-1")
    told.journal.append("lock-taken", lock_id="lock-1", **ABOUT)
    told.pass_time(minutes=59)
    told.journal.append("state-written", now=told.now, serial=1, **ABOUT)
    told.receiver.wait(1)

    told.pass_time(minutes=2)
    told.receiver.wait(2)
    told.stop()
    told.start(held_after=timedelta(hours=1))
    told.pass_time(hours=1)
    told.journal.append("state-written", now=told.now, serial=2, **ABOUT)
    received = told.receiver.wait(3)

    assert [each.what for each in received] == ["state-written", "lock-held", "state-written"]
    held = received[1].document
    assert held["id"] == "lock-held-lock-1"
    assert held["details"]["who"] == "alice@laptop"
    assert held["details"]["held_seconds"] == 61 * 60
    assert held["text"] == (
        "The lock of states/prod/app has been held for 61 minutes, by user/alice "
        "(alice@laptop, OperationTypeApply)"
    )


def test_a_lock_that_was_held_before_the_start_is_told(told: Told) -> None:
    """One look at all locks finds it."""
    hold(told, "lock-1", timedelta(hours=3))

    told.start(held_after=timedelta(hours=1))

    (received,) = told.receiver.wait(1)
    assert received.document["details"]["held_seconds"] == 3 * 60 * 60


def test_a_lock_that_was_released_in_time_is_not_told(told: Told) -> None:
    """Nor the next one, before its own time has come."""
    told.start(held_after=timedelta(hours=1))
    hold(told, "lock-1")
    told.journal.append("lock-taken", lock_id="lock-1", **ABOUT)
    told.pass_time(minutes=30)
    hold(told, "lock-2")
    told.journal.append("lock-taken", now=told.now, lock_id="lock-2", **ABOUT)
    told.journal.append("state-written", now=told.now, serial=1, **ABOUT)
    told.receiver.wait(1)
    told.pass_time(minutes=31)
    told.journal.append("state-written", now=told.now, serial=2, **ABOUT)

    assert serials(told.receiver.wait(2)) == [1, 2]

    told.pass_time(minutes=30)
    assert told.receiver.wait(3)[2].document["id"] == "lock-held-lock-2"


def test_the_body_is_json_whatever_the_names_hold(told: Told) -> None:
    """Names are other people's."""
    told.start()
    name = 'a"\n\x00é🗿'
    told.journal.append("state-written", bucket="b", key=name, state=f"b/{name}")

    (received,) = told.receiver.wait(1)
    assert msgspec.json.decode(received.body)["details"]["key"] == name
