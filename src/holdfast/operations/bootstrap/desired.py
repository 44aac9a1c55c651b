"""What a backend should be made of: one frozen record, checked when it is made."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from holdfast.client.errors import NotConfigured

MARK = ("managed-by", "holdfast")  # the tag on everything that bootstrap made or adopted
LockMode = Literal["table", "lockfile", "both"]

_ACCOUNT = re.compile(r"[0-9]{12}")
# "General purpose bucket naming rules" of the S3 user guide, without dots: Terraform puts the
# name into a host name, and TLS certificates cover one label.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_TABLE = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_ALIAS = re.compile(r"alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}")


class Encryption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How objects are encrypted at rest."""

    mode: Literal["kms", "sse-s3"] = "kms"
    key: str | None = None  # an existing key (ARN, id or alias); None: bootstrap makes one
    alias: str | None = None  # of the key that bootstrap makes; None: alias/BUCKET
    rotation: bool = True
    deletion_window_days: int = 30  # how long destroy lets the key be saved


class Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to versions that are no longer the newest. 0 days: they are kept for ever."""

    days: int = 90
    keep: int = 10  # so many are kept however old they are
    lock_file_days: int = 7  # objects below 512 bytes: lock files, and states without resources
    upload_days: int = 7  # uploads that were never finished


class LockTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The DynamoDB table for locks and digests."""

    name: str | None = None  # None: BUCKET-locks
    point_in_time_recovery: bool = True
    deletion_protection: bool = True
    encryption: Literal["key", "aws-managed", "aws-owned"] | None = None  # None: the bucket's key


class BucketPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests the bucket denies to everybody."""

    tls_only: bool | None = None  # None: yes; never at an endpoint that is plain HTTP
    encryption: bool = True  # objects that ask for weaker encryption than the bucket's


class Logging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where S3 writes its access log: a bucket that exists and lets it write."""

    bucket: str
    prefix: str = ""


class Desired(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that `bootstrap` makes and keeps as it is."""

    bucket: str
    region: str = ""  # empty: what the environment and the profile say
    account: str | None = None  # the only account in which anything may be done
    lock: LockMode = "lockfile"
    tags: dict[str, str] = {}
    encryption: Encryption = Encryption()
    versions: Versions = Versions()
    table: LockTable = LockTable()
    policy: BucketPolicy = BucketPolicy()
    logging: Logging | None = None

    @property
    def all_tags(self) -> Mapping[str, str]:
        """The tags with the mark."""
        return {**self.tags, MARK[0]: MARK[1]}

    @property
    def alias(self) -> str:
        """The alias of the key that bootstrap makes."""
        return self.encryption.alias or f"alias/{self.bucket}"

    @property
    def makes_key(self) -> bool:
        """Whether the key is ours to make and to keep as it is."""
        return self.encryption.mode == "kms" and self.encryption.key is None

    @property
    def table_name(self) -> str | None:
        """The name of the lock table; None if locks are files only."""
        return None if self.lock == "lockfile" else self.table.name or f"{self.bucket}-locks"

    @property
    def table_encryption(self) -> str:
        """How the table is encrypted: `key`, `aws-managed` or `aws-owned`."""
        return self.table.encryption or ("key" if self.encryption.mode == "kms" else "aws-owned")


def checked(desired: Desired) -> Desired:
    """Return the record if its values can be what they say.

    Raises:
        NotConfigured: one cannot; says which, and what it could be.
    """
    for problem, next_step in _problems(desired):
        if problem:
            raise NotConfigured(problem, next_step)
    return desired


def _problems(desired: Desired) -> list[tuple[str, str]]:
    encryption, versions, table = desired.encryption, desired.versions, desired.table_name
    key_needed = encryption.mode == "sse-s3" and desired.table.encryption == "key"
    return [
        (
            "" if _BUCKET.fullmatch(desired.bucket) else f"{desired.bucket!r} cannot name a bucket",
            "Use 3 to 63 lower case letters, digits and hyphens.",
        ),
        (
            ""
            if desired.account is None or _ACCOUNT.fullmatch(desired.account)
            else f"{desired.account!r} is not an AWS account id",
            "It has 12 digits; write it as text, in quotes.",
        ),
        (
            "" if table is None or _TABLE.fullmatch(table) else f"{table!r} cannot name a table",
            "Use 3 to 255 letters, digits, dots, hyphens and underscores.",
        ),
        (
            "" if _ALIAS.fullmatch(desired.alias) else f"{desired.alias!r} cannot name a key",
            "It begins with alias/ and does not begin with alias/aws/.",
        ),
        (
            "a key and encryption sse-s3 contradict each other"
            if encryption.mode == "sse-s3" and (encryption.key or encryption.alias)
            else "",
            "Leave the key out, or set the encryption's mode to kms.",
        ),
        (
            "the table cannot be encrypted with a key that does not exist" if key_needed else "",
            "Set the table's encryption to aws-managed or aws-owned, or the bucket's to kms.",
        ),
        (
            _outside("deletion_window_days", encryption.deletion_window_days, 7, 30),
            "KMS waits 7 to 30 days.",
        ),
        (_outside("keep", versions.keep, 0, 100), "S3 keeps at most 100 by number."),
        *(
            (_outside(name, value, 0, 36500), "0 keeps them for ever.")
            for name, value in (
                ("days", versions.days),
                ("lock_file_days", versions.lock_file_days),
                ("upload_days", versions.upload_days),
            )
        ),
        *((_tag_problem(*tag), "See 'Tag naming limits' of AWS.") for tag in desired.tags.items()),
    ]


def _outside(name: str, value: int, least: int, most: int) -> str:
    return "" if least <= value <= most else f"{name} = {value} is not between {least} and {most}"


def _tag_problem(key: str, value: str) -> str:
    if (key, value) != MARK and key == MARK[0]:
        return f"the tag {key} says that holdfast made this; it cannot be {value!r}"
    if key.lower().startswith("aws:"):
        return f"the tag {key} is reserved for AWS"
    if not 1 <= len(key) <= 128 or len(value) > 256:
        return f"the tag {key[:40]!r} is too long, or has no name"
    return ""
