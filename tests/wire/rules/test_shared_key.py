"""Many processes with one access key, as in most CI systems: each finds its own lock."""

import random
import threading
import time

import pytest
from botocore.exceptions import ClientError

from in_process import Aws
from lockers import MODES, TERRAFORM, Locker, document, left_of_locks, prepare

CYCLES = 3  # of each process
LONGEST = 200  # seconds, in which all of them are through


class Process:
    """A Terraform that locks and unlocks in some places, and waits for the lock."""

    def __init__(self, aws: Aws, modes: tuple[str, ...]) -> None:
        self.parts = [Locker(aws, mode, config=TERRAFORM) for mode in modes]
        self.wrong: list[str] = []
        self.done = 0

    def run(self) -> None:
        """Do it some times, until something is wrong."""
        end = time.monotonic() + LONGEST
        while self.done < CYCLES and not self.wrong and time.monotonic() < end:
            mine = document()
            for part in self.parts:
                part.document = mine
            if self.taken():
                time.sleep(random.random() * 0.01)
                self.give_back()
                self.done += 1
            else:
                time.sleep(random.random() * 0.02)

    def taken(self) -> bool:
        """Try to take the lock everywhere, or give back what was taken."""
        taken: list[Locker] = []
        for part in self.parts:
            try:
                part.lock()
            except ClientError:
                if part.holder() is None:
                    self.wrong.append("a waiter was shown no holder")
                for one in taken:
                    one.unlock()
                return False
            taken.append(part)
        return True

    def give_back(self) -> None:
        """Read, compare and delete in every place, now and then slowly."""
        for part in self.parts:
            time.sleep(random.choice((0, 0, 0, 0.2)))
            if part.holder() != part.document:
                self.wrong.append("the holder was shown another's lock")
            time.sleep(random.choice((0, 0, 0, 0.2)))
            part.unlock()


@pytest.mark.timeout(2 * LONGEST)
def test_each_of_many_processes_with_one_key_finds_its_own_lock(aws: Aws) -> None:
    """With the table, with lock files, and with both, all at once."""
    prepare(aws)
    sorts = [MODES, ("lockfile", "dynamodb"), ("dynamodb",), ("lockfile",)]
    processes = [Process(aws, modes) for modes in sorts * 2]
    threads = [threading.Thread(target=process.run) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wrong for process in processes if process.wrong] == []
    assert {process.done for process in processes} == {CYCLES}
    assert left_of_locks(aws) == []
