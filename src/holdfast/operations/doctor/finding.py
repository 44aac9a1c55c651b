"""What a check is, and what it can find."""

from dataclasses import dataclass
from enum import IntEnum

from holdfast.client.found_locks import Held
from holdfast.terraform.address import StateAddress


class Severity(IntEnum):
    """How bad a finding is."""

    NOTE = 1  # could be better
    WARNING = 2  # will hurt some day, or may hide damage
    ERROR = 3  # stops Terraform, loses states or lets others read them

    @property
    def word(self) -> str:
        """The name as it is printed."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Check:
    """One question that is asked of a backend. Its id never changes its meaning.

    Attributes:
        id: `HF` and three digits; the first is the family's.
        severity: of a finding; a finding may be milder where it says why.
        title: what is wrong when it finds something.
        why: what comes of it.
        remedy: what to do, in general.
        mendable: whether `--fix` can do it.
    """

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str
    mendable: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one thing.

    Attributes:
        check: which check found it.
        subject: the thing: a URL of a state, the name of a bucket or a table.
        evidence: what was seen, in sentences without the last full stop.
        fix: the exact command or change that ends it.
        address: the state, if it is about one.
        locks: the locks that a repair would break.
        milder: a severity below the check's own.
    """

    check: Check
    subject: str
    evidence: str
    fix: str
    address: StateAddress | None = None
    locks: tuple[Held, ...] = ()
    milder: Severity | None = None

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.milder or self.check.severity


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A question that got no answer here, and why."""

    checks: tuple[Check, ...]
    subject: str
    why: str


Result = Finding | NotChecked
