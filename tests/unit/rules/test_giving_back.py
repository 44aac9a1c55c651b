"""What is remembered of a lock between its release in one place and in the next."""

from datetime import UTC, datetime, timedelta

from holdfast.aws.http import Peer
from holdfast.engine.state_records import HeldLock
from holdfast.rules.giving_back import GivingBack
from holdfast.rules.places import S3, StateName
from holdfast.server.caller import Caller

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAME = StateName("states", "app.tfstate")
TABLE, OTHER = "dynamodb:locks", "dynamodb:others"
KEY = "AKIAEXAMPLE"
HELD = HeldLock(
    id="1", document=b"", since=NOW, principal="arn", access_key_id=KEY, places=(S3, TABLE, OTHER)
)


def begun(peer: Peer | None = None, *, closed: bool = True) -> GivingBack:
    """Return what knows of a lock that was given back as a lock file."""
    giving_back = GivingBack()
    caller = Caller("arn", "id", KEY, peer=peer or Peer())
    giving_back.begin(NAME, HELD, (TABLE, OTHER), caller, NOW, closed=closed)
    return giving_back


def after(seconds: float) -> datetime:
    """Return a time."""
    return NOW + timedelta(seconds=seconds)


def test_others_are_kept_out_until_the_last_place() -> None:
    """Which is when its holder has deleted it in each."""
    giving_back = begun()
    assert giving_back.keeps_out(NAME, NOW) is HELD
    assert giving_back.end(NAME, TABLE, KEY, NOW)
    assert giving_back.keeps_out(NAME, NOW) is HELD
    assert giving_back.end(NAME, OTHER, KEY, NOW)
    assert giving_back.keeps_out(NAME, NOW) is None


def test_others_are_let_in_when_the_connection_ends() -> None:
    """Who is gone does not come for the rest."""
    peer = Peer()
    giving_back = begun(peer)
    peer.gone = True
    assert giving_back.keeps_out(NAME, NOW) is None
    assert giving_back.read(NAME, TABLE, KEY, NOW) is None


def test_a_program_that_comes_over_another_connection_finds_it() -> None:
    """As long as nobody with its key has taken the lock."""
    peer = Peer()
    giving_back = begun(peer)
    peer.gone = True
    assert giving_back.read(NAME, TABLE, KEY, NOW, comes=True) is HELD
    giving_back.taken(NAME, KEY)
    assert giving_back.read(NAME, TABLE, KEY, NOW, comes=True) is None
    assert not giving_back.end(NAME, TABLE, KEY, NOW)


def test_what_others_take_is_not_taken_for_it() -> None:
    """The one who gives back has a key of its own, and finds its lock."""
    giving_back = begun()
    giving_back.taken(NAME, "AKIAOTHER")
    assert giving_back.keeps_out(NAME, NOW) is None
    assert giving_back.read(NAME, TABLE, KEY, NOW) is HELD


def test_it_ends_with_time_whoever_reads() -> None:
    """Each look gives some more, to fifteen seconds."""
    giving_back = begun()
    for seconds in range(0, 15, 3):
        assert giving_back.read(NAME, TABLE, KEY, after(seconds)) is HELD
    assert giving_back.keeps_out(NAME, after(14.9)) is HELD
    assert giving_back.keeps_out(NAME, after(15)) is None


def test_the_reading_of_others_changes_nothing() -> None:
    """They have another key, or look elsewhere."""
    giving_back = begun()
    assert giving_back.read(NAME, TABLE, "AKIAOTHER", after(4)) is None
    assert giving_back.read(NAME, S3, KEY, after(4)) is None
    assert giving_back.keeps_out(NAME, after(5)) is None


def test_a_client_that_may_not_come_keeps_nobody_out() -> None:
    """It finds its lock for a second."""
    giving_back = begun(closed=False)
    assert giving_back.keeps_out(NAME, NOW) is None
    assert giving_back.read(NAME, TABLE, KEY, after(0.9)) is HELD
    assert giving_back.read(NAME, TABLE, KEY, after(1)) is None
