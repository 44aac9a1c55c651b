"""Counting failed authentication by address."""

import logging

import pytest

from holdfast.server.access.failed_attempts import AT_ONCE, SECONDS_EACH, FailedAttempts, network

HERE = "192.0.2.7"
CODE = "SignatureDoesNotMatch"


class Clock:
    """Seconds that a test moves forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Time that stands still."""
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> FailedAttempts:
    """No failures yet."""
    return FailedAttempts(clock)


def _fail(attempts: FailedAttempts, times: int = AT_ONCE, address: str = HERE) -> None:
    for _ in range(times):
        attempts.failed(address, "AKIAGUESS", CODE)


def test_a_few_failures_are_nothing(attempts: FailedAttempts) -> None:
    """Who mistypes a secret is not slowed down."""
    _fail(attempts, AT_ONCE - 1)
    assert not attempts.refuses(HERE, "AKIAGUESS")


def test_too_many_failures_are_refused(attempts: FailedAttempts) -> None:
    """After twenty the address waits, whatever key it claims."""
    _fail(attempts)
    assert attempts.refuses(HERE, "AKIAGUESS")
    assert attempts.refuses(HERE, "AKIAOTHER")


def test_another_address_is_not_refused(attempts: FailedAttempts) -> None:
    """Others have nothing to do with it."""
    _fail(attempts)
    assert not attempts.refuses("192.0.2.8", "AKIAGUESS")


def test_one_is_looked_at_in_three_seconds(attempts: FailedAttempts, clock: Clock) -> None:
    """A key that is good at last gets its turn."""
    _fail(attempts)
    clock.now += SECONDS_EACH
    assert not attempts.refuses(HERE, "AKIANEW")
    attempts.failed(HERE, "AKIANEW", CODE)
    assert attempts.refuses(HERE, "AKIANEW")


def test_a_good_key_goes_on(attempts: FailedAttempts) -> None:
    """Whoever shares the address with a guesser is not locked out."""
    attempts.succeeded(HERE, "AKIAGOOD")
    _fail(attempts)
    assert not attempts.refuses(HERE, "AKIAGOOD")


def test_a_good_key_is_good_from_its_address_only(attempts: FailedAttempts) -> None:
    """A guesser elsewhere gains nothing from it."""
    attempts.succeeded("192.0.2.8", "AKIAGOOD")
    _fail(attempts)
    assert attempts.refuses(HERE, "AKIAGOOD")


def test_a_good_key_that_fails_waits_with_the_others(attempts: FailedAttempts) -> None:
    """The secret of a neighbour's key cannot be guessed at full speed."""
    attempts.succeeded(HERE, "AKIAGOOD")
    _fail(attempts)
    attempts.failed(HERE, "AKIAGOOD", CODE)
    assert attempts.refuses(HERE, "AKIAGOOD")


def test_a_session_that_was_issued_is_good(attempts: FailedAttempts) -> None:
    """A new session works at once beside a guesser."""
    attempts.issued(HERE, None, {"Credentials": {"AccessKeyId": "ASIANEW"}})
    _fail(attempts)
    assert not attempts.refuses(HERE, "ASIANEW")


def test_other_errors_are_no_failures(attempts: FailedAttempts) -> None:
    """What is denied to somebody who is known is no guess."""
    for _ in range(3 * AT_ONCE):
        attempts.refused(HERE, None, "AccessDenied")
    assert not attempts.refuses(HERE, "AKIAGUESS")


def test_a_burst_is_logged_once(
    attempts: FailedAttempts, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A line for a burst, and another after a calm minute."""
    with caplog.at_level(logging.WARNING, "holdfast.access"):
        _fail(attempts, 5 * AT_ONCE)
        assert len(caplog.records) == len(attempts.bursts()) == 1
        clock.now += AT_ONCE * SECONDS_EACH
        _fail(attempts)
    assert len(caplog.records) == 2
    assert HERE in caplog.text
    assert attempts.bursts()[0].address == HERE
    assert attempts.bursts() == []


def test_memory_is_bounded(attempts: FailedAttempts) -> None:
    """Any number of addresses takes so much memory and no more; the latest are known."""
    for number in range(10_000):
        address = f"10.0.{number >> 8}.{number & 255}"
        _fail(attempts, address=address)
        attempts.succeeded(address, "AKIAGOOD")
    assert len(attempts._accounts) <= 4096
    assert len(attempts._good) <= 8192
    assert len(attempts.bursts()) <= 256
    assert attempts.refuses("10.0.39.15", "AKIAGUESS")
    assert not attempts.refuses("10.0.39.15", "AKIAGOOD")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_address(address: str, counted: str) -> None:
    """An IPv6 client has a whole network of addresses."""
    assert network(address) == counted
