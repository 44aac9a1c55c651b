"""A lock in a table and a lock file: taken, given back and broken in one after the other."""

import pytest
from botocore.config import Config

from holdfast.aws.http import Peer
from in_process import Aws
from lockers import (
    MODES,
    TERRAFORM,
    Locker,
    left_of_locks,
    of_terraform,
    prepare,
    session,
)


@pytest.fixture(autouse=True)
def _prepared(aws: Aws) -> None:
    prepare(aws)


@pytest.mark.parametrize("order", [("lockfile", "dynamodb"), ("dynamodb", "lockfile")])
def test_one_client_takes_both_and_gives_both_back(aws: Aws, order: tuple[str, str]) -> None:
    """As Terraform does with `dynamodb_table` and `use_lockfile` together."""
    first, second = (Locker(aws, mode) for mode in order)
    second.document = first.document
    first.lock()
    second.lock()
    assert len(left_of_locks(aws)) == 2
    first.release()
    second.release()
    assert left_of_locks(aws) == []
    Locker(aws, "dynamodb").lock()


def test_another_may_take_it_between_the_two(aws: Aws) -> None:
    """What is given back in the second place is not the lock that is there by then."""
    first, second = Locker(aws, "lockfile"), Locker(aws, "dynamodb")
    second.document = first.document
    first.lock()
    second.lock()
    first.release()
    other = Locker(aws, "dynamodb")
    other.lock()
    second.release()
    assert Locker(aws, "lockfile").refused()
    other.release()
    assert left_of_locks(aws) == []


def half_given_back(aws: Aws) -> Locker:
    """Take a lock with both, and give back the lock file; return what gives back the other."""
    file, table = of_terraform(aws)
    file.lock()
    table.lock()
    file.release()
    return table


@pytest.mark.parametrize("mode", MODES)
def test_nobody_takes_a_lock_that_terraform_gives_back(aws: Aws, mode: str) -> None:
    """It comes for the table's part next, and has to find its own lock there."""
    table = half_given_back(aws)
    waiter = Locker(aws, mode, config=TERRAFORM)
    assert "just being unlocked by ann@host" in waiter.refused()
    assert waiter.holder() == table.document
    table.release()
    waiter.lock()
    waiter.release()


@pytest.mark.parametrize("mode", MODES)
def test_what_waiters_read_while_a_lock_is_given_back_ends_with_it(aws: Aws, mode: str) -> None:
    """All with one key: the next holder finds its own lock when it gives that back."""
    table = half_given_back(aws)
    waiters = [Locker(aws, mode, config=TERRAFORM) for _ in range(3)]
    for waiter in waiters:
        waiter.refused()
        waiter.holder()
    table.release()
    for waiter in waiters:
        waiter.lock()
        waiter.release()
    assert left_of_locks(aws) == []


def test_terraform_may_be_slow_to_give_back_the_other_part(aws: Aws) -> None:
    """Some seconds to the first look at it, and some more to the deletion."""
    table = half_given_back(aws)
    aws.clock.advance(4)
    assert table.holder() == table.document
    aws.clock.advance(4)
    Locker(aws, "dynamodb", config=TERRAFORM).refused()
    table.unlock()
    Locker(aws, "dynamodb", config=TERRAFORM).lock()


def test_terraform_gives_back_the_other_part_after_a_restart(aws: Aws) -> None:
    """It finds its own lock, and nobody has taken another."""
    table = half_given_back(aws)
    aws.restart()
    waiter = Locker(aws, "dynamodb", config=TERRAFORM)
    assert "just being unlocked" in waiter.refused()
    table.release()
    waiter.lock()
    aws.restart()
    waiter.release()
    assert left_of_locks(aws) == []


def test_a_restart_keeps_nobody_from_a_lock_for_long(aws: Aws) -> None:
    """What is on record of a lock may have been given back since."""
    half_given_back(aws).release()
    aws.restart()
    waiter = Locker(aws, "dynamodb", config=TERRAFORM)
    waiter.refused()
    aws.clock.advance(15)
    waiter.lock()
    waiter.release()
    assert left_of_locks(aws) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_terraform_that_dies_between_the_two_leaves_no_lock(aws: Aws, mode: str) -> None:
    """However many with its key look at the lock and wait."""
    half_given_back(aws)
    waiter = Locker(aws, mode, config=TERRAFORM)
    for _ in range(5):
        waiter.holder()
        aws.clock.advance(3)
    waiter.lock()
    waiter.release()


def test_terraform_gives_back_both_over_a_connection_each(aws: Aws) -> None:
    """As behind some proxies: that the one has ended does not tell that it is gone."""
    file, table = of_terraform(aws)
    file.lock()
    table.lock()
    aws.peer = Peer()
    file.release()
    aws.peer.gone = True
    aws.peer = Peer()
    table.release()
    Locker(aws, "dynamodb").lock()


def test_who_gave_a_lock_back_in_both_places_is_shown_none(aws: Aws) -> None:
    """Nothing is left to release, and a look at the lock tells so at once."""
    first, second = (Locker(aws, mode) for mode in MODES)
    second.document = first.document
    first.lock()
    second.lock()
    first.release()
    second.release()
    assert [one.holder() for one in (first, second)] == [None, None]


def test_a_lock_that_was_given_back_in_one_place_only_is_free(aws: Aws) -> None:
    """A client that died between the two leaves no lock behind."""
    first, second = Locker(aws, "lockfile"), Locker(aws, "dynamodb")
    second.document = first.document
    first.lock()
    second.lock()
    first.release()
    aws.clock.advance(2)
    other = Locker(aws, "dynamodb")
    other.lock()
    other.release()


@pytest.mark.parametrize("taken", MODES)
@pytest.mark.parametrize("tool", ["Terraform/1.11.4", "aws-cli/2.0"])
def test_terraform_with_both_breaks_a_lock_of_one(aws: Aws, taken: str, tool: str) -> None:
    """It reads and deletes in both places; whoever else looks sees that nothing is there."""
    holder = Locker(aws, taken)
    holder.lock()
    config = Config(
        user_agent=tool, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
    )
    file, table = (Locker(aws, mode, config=config) for mode in ("lockfile", "dynamodb"))
    assert file.holder() == holder.document
    file.unlock()
    assert table.holder() == (holder.document if tool.startswith("Terraform") else None)
    table.unlock()
    assert left_of_locks(aws) == []


@pytest.mark.parametrize("mode", MODES)
def test_who_breaks_a_lock_in_both_places_spares_the_one_that_is_taken_in_between(
    aws: Aws, mode: str
) -> None:
    """Terraform reads the first lock in the table, and deletes what is there by then."""
    holder = Locker(aws, "lockfile")
    holder.lock()
    own = session(aws)
    file, table = (Locker(aws, one, config=TERRAFORM, **own) for one in ("lockfile", "dynamodb"))
    file.holder()
    file.unlock()
    assert table.holder() == holder.document
    other = Locker(aws, mode)
    other.lock()
    table.unlock()
    assert other.holder() == other.document
    assert len(left_of_locks(aws)) == 1
