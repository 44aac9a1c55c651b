"""Sessions that have to read before they write."""

from datetime import UTC, datetime, timedelta

from holdfast.rules.outdated import OutdatedSessions

NOW = datetime(2026, 11, 22, tzinfo=UTC)
STATE = ("bucket", "key", "ASIA1")


def test_a_session_is_out_of_date_until_it_reads() -> None:
    """Nobody else's reading helps it."""
    sessions = OutdatedSessions()
    sessions.add(*STATE, "it lost its lock", NOW)
    sessions.read("bucket", "key", "ASIA2")
    sessions.read("bucket", "other", "ASIA1")

    assert sessions.why(*STATE, NOW) == "it lost its lock"
    sessions.read(*STATE)
    assert sessions.why(*STATE, NOW) == ""


def test_it_is_forgotten_in_the_end() -> None:
    """No apply lasts longer than a day without its lock."""
    sessions = OutdatedSessions()
    sessions.add(*STATE, "it lost its lock", NOW)

    assert sessions.why(*STATE, NOW + timedelta(hours=23)) != ""
    assert sessions.why(*STATE, NOW + timedelta(hours=25)) == ""


def test_only_so_many_are_remembered() -> None:
    """A stranger cannot fill the memory with them."""
    sessions = OutdatedSessions()
    for number in range(10_001):
        sessions.add("bucket", f"key{number}", "ASIA1", "refused", NOW)

    assert sessions.why("bucket", "key0", "ASIA1", NOW) == ""
    assert sessions.why("bucket", "key10000", "ASIA1", NOW) == "refused"
