"""What can go wrong with a backend. Each error says what happened, where, and what to do next."""

from collections.abc import Sequence

from holdfast.terraform.lockinfo import LockInfo


class HoldfastError(Exception):
    """The base of all errors of the library.

    Attributes:
        happened: one sentence without a full stop; names the state, bucket, table or lock.
        next_step: what to do now, with the exact command where there is one; may be empty.
    """

    def __init__(self, happened: str, next_step: str = "") -> None:
        super().__init__(happened, next_step)
        self.happened = happened
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.happened}. {self.next_step}" if self.next_step else self.happened


class NotConfigured(HoldfastError):
    """Something that is needed was said nowhere: a region, a key, a table."""


class NoCredentials(HoldfastError):
    """There are no credentials, or the service does not accept them: unknown, expired, badly signed."""


class Unreachable(HoldfastError):
    """No answer from the endpoint: no connection, a broken one, or no time left."""


class ServiceFailed(HoldfastError):
    """The service answered with an error that has no name here.

    Attributes:
        code: the service's own code, such as `SlowDown`.
    """

    def __init__(self, happened: str, next_step: str = "", *, code: str = "") -> None:
        super().__init__(happened, next_step)
        self.code = code


class NotHoldfast(HoldfastError):
    """The endpoint is not a Holdfast server, and what was asked is something that only one knows."""


class JournalEnds(HoldfastError):
    """The journal ends before the entry behind which it was to be read."""


class AccessDenied(HoldfastError):
    """A permission is missing.

    Attributes:
        action: the IAM action, such as `dynamodb:PutItem`.
        resource: the ARN or name it is needed on.
    """

    def __init__(self, happened: str, next_step: str, *, action: str, resource: str) -> None:
        super().__init__(happened, next_step)
        self.action = action
        self.resource = resource


class NoSuchBucket(HoldfastError):
    """The bucket does not exist."""


class NoSuchTable(HoldfastError):
    """The lock table does not exist."""


class WrongRegion(HoldfastError):
    """The bucket is in another region than the settings say."""


class NoSuchState(HoldfastError):
    """There is no state (or no such version of it) at the address."""


class DigestMismatch(HoldfastError):
    """The state is not the one whose digest is in the lock table; Terraform refuses to read it too.

    Attributes:
        stored: the digest in the table.
        calculated: the digest of the object; that of no bytes if there is no object.
    """

    def __init__(self, happened: str, next_step: str, *, stored: str, calculated: str) -> None:
        super().__init__(happened, next_step)
        self.stored = stored
        self.calculated = calculated


class DigestNotWritten(HoldfastError):
    """The state was changed, and the digest item still names the one before.

    Attributes:
        expected: the digest that the table should hold; None if it should hold none.
    """

    def __init__(self, happened: str, next_step: str, *, expected: str | None) -> None:
        super().__init__(happened, next_step)
        self.expected = expected


class StaleSerial(HoldfastError):
    """The state in the backend is newer, or another one with the same serial."""


class ForeignLineage(HoldfastError):
    """The state in the backend is not an earlier one of the state to be written."""


class WrittenMeanwhile(HoldfastError):
    """Somebody wrote the state between our look at it and our write; ours was not stored."""


class RefusedByRule(HoldfastError):
    """A Holdfast server refused it, because a rule about states forbids it; nothing was changed.

    Attributes:
        rule: its name, such as `fence.stale`.
        kept: where what was to be written is kept, as a key of the bucket `holdfast-refused`; empty if
            it is not.
    """

    def __init__(self, happened: str, next_step: str, *, rule: str, kept: str) -> None:
        super().__init__(happened, next_step)
        self.rule = rule
        self.kept = kept


class NotAState(HoldfastError):
    """The bytes to be written, or those in the backend, are not a Terraform state."""


class NotLocked(HoldfastError):
    """A lock is needed for this, and none is held."""


class LockHeld(HoldfastError):
    """Somebody else holds the lock.

    Attributes:
        holder: what the lock document says; None if it could not be read.
        where: `table` or `file`.
    """

    def __init__(
        self, happened: str, next_step: str, *, holder: LockInfo | None, where: str
    ) -> None:
        super().__init__(happened, next_step)
        self.holder = holder
        self.where = where


class LockLost(HoldfastError):
    """A lock we took is gone: somebody forced it open, and may have taken it.

    Attributes:
        info: the lock that was ours.
        places: where it is gone: `table`, `file` or both.
        holder: who holds it now, if somebody does.
    """

    def __init__(
        self,
        happened: str,
        next_step: str,
        *,
        info: LockInfo,
        places: Sequence[str],
        holder: LockInfo | None,
    ) -> None:
        super().__init__(happened, next_step)
        self.info = info
        self.places = tuple(places)
        self.holder = holder


class LockNotReleased(HoldfastError):
    """The lock could not be released, and may still be there.

    Attributes:
        info: the lock.
        places: where it may still be: `table`, `file` or both.
    """

    def __init__(
        self, happened: str, next_step: str, *, info: LockInfo, places: Sequence[str]
    ) -> None:
        super().__init__(happened, next_step)
        self.info = info
        self.places = tuple(places)


class NoSuchLock(HoldfastError):
    """The lock that was to be released is not held: nobody holds one, or another one is held.

    Attributes:
        holder: the lock that is held instead, if there is one.
    """

    def __init__(self, happened: str, next_step: str, *, holder: LockInfo | None) -> None:
        super().__init__(happened, next_step)
        self.holder = holder
