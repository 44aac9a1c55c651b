"""The list of all checks, by family, in the order in which they run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.operations.doctor import (
    bucket,
    digests,
    kms_key,
    lifecycle,
    locks,
    permissions,
    policy,
    states,
    table,
)
from holdfast.operations.doctor.finding import Check, Result
from holdfast.operations.doctor.survey import Survey


@dataclass(frozen=True, slots=True)
class Family:
    """Checks that look at the same thing."""

    name: str
    checks: tuple[Check, ...]
    examine: Callable[[Survey], Iterator[Result]]


FAMILIES = (
    Family("The bucket", bucket.CHECKS, bucket.examine),
    Family("The bucket policy", policy.CHECKS, policy.examine),
    Family("Lifecycle rules", lifecycle.CHECKS, lifecycle.examine),
    Family("The KMS key", kms_key.CHECKS, kms_key.examine),
    Family("The lock table", table.CHECKS, table.examine),
    Family("Locks", locks.CHECKS, locks.examine),
    Family("Digests", digests.CHECKS, digests.examine),
    Family("States", states.CHECKS, states.examine),
    Family("Permissions of clients (--as PROFILE)", permissions.CHECKS, permissions.examine),
)
CHECKS = {check.id: check for family in FAMILIES for check in family.checks}
