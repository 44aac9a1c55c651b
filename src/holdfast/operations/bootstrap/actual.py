"""What is there now: frozen records of what the services answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from holdfast.operations.bootstrap.desired import MARK


class NotOffered(Enum):
    """What stands for a setting that the endpoint does not have."""

    NOT_OFFERED = "not offered by this endpoint"


NOT_OFFERED: Final = NotOffered.NOT_OFFERED
Value = Any  # JSON, or NOT_OFFERED


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and where. `account` is None where the endpoint has no STS."""

    account: str | None
    arn: str
    endpoint: str
    is_aws: bool

    @property
    def partition(self) -> str:
        """The partition of all ARNs: `aws`, `aws-cn`, `aws-us-gov`."""
        return self.arn.split(":")[1] if self.arn.startswith("arn:") else "aws"


@dataclass(frozen=True, slots=True)
class Thing:
    """A bucket, table or key that exists.

    Attributes:
        name: as people name it.
        arn: its ARN.
        settings: the name of each setting -> its value, as bootstrap compares it.
        tags: its tags.
        foreign: evidence that it serves something else: empty if it does not, or was marked as ours.
        unusable: why it cannot be part of this backend at all; empty if it can.
    """

    name: str
    arn: str
    settings: Mapping[str, Value]
    tags: Mapping[str, str]
    foreign: tuple[str, ...] = ()
    unusable: str = ""

    @property
    def marked(self) -> bool:
        """Whether bootstrap made or adopted it."""
        return self.tags.get(MARK[0]) == MARK[1]


@dataclass(frozen=True, slots=True)
class Actual:
    """Everything that is there now of a backend. What does not exist is None."""

    identity: Identity
    key: Thing | None = None
    bucket: Thing | None = None
    table: Thing | None = None


def foreign_tags(tags: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Return the tags of an unmarked thing that nobody asked us for, as `tag NAME=VALUE`."""
    return [
        f"tag {name}={value}"
        for name, value in tags.items()
        if name not in wanted or (name == MARK[0] and value != MARK[1])
    ]
