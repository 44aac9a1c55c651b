"""Where a ready policy applies: the states of a prefix, their locks, and the key they are under."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.translate import Call, code_of, translated
from holdfast.operations.identities.refusals import Refused
from holdfast.terraform.address import WORKSPACE_KEY_PREFIX

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_NAME = 128  # of a policy
_UNENCRYPTED = {"ServerSideEncryptionConfigurationNotFoundError"}
_GONE = {"NotFoundException"}


@dataclass(frozen=True, slots=True)
class Place:
    """Some states of a bucket. `prefix` ends with `/`, or is empty for all of them."""

    bucket: str
    prefix: str = ""
    workspaces: bool = False  # also those below `env:/`, where Terraform keeps them by default
    table: str | None = None  # the lock table
    region: str = ""  # of the table
    account: str = ""  # of the table
    key: str | None = None  # the ARN of the KMS key of the bucket
    partition: str = "aws"
    is_aws: bool = True  # no server of holdfast, which has actions of its own

    @property
    def url(self) -> str:
        """The place as people name it."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def table_arn(self) -> str | None:
        """The ARN of the lock table."""
        if self.table is None:
            return None
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/{self.table}"

    @property
    def key_patterns(self) -> tuple[str, ...]:
        """What the keys of all objects of the place look like, as policies say it."""
        inside = f"{literally(self.prefix)}*"
        if not self.workspaces or not self.prefix:
            return (inside,)
        return inside, f"{WORKSPACE_KEY_PREFIX}/*/{inside}"

    @property
    def policy_name(self) -> str:
        """The name of the ready policy for this place; the same for every right."""
        readable = f"{self.bucket}.{self.prefix}".replace("/", ".").strip(".")
        plain = "".join(one if one in _NAME_CHARACTERS else "_" for one in readable)
        digest = sha256(self.url.encode()).hexdigest()[:8]
        start = "holdfast-"
        return f"{start}{plain[: _LONGEST_NAME - len(start) - 9]}-{digest}"


def literally(text: str) -> str:
    """Return a text as a policy says it, where none of its characters shall be a wildcard.

    Source: "Policy variables" of the IAM user guide, on `*`, `?` and `$`.
    """
    special = {"$": "${$}", "*": "${*}", "?": "${?}"}
    return "".join(special.get(one, one) for one in text)


def folder(prefix: str) -> str:
    """Return a prefix as a folder: what begins with `prod` also begins `production`.

    Raises:
        Refused: it begins with `/`, which no key of Terraform does.
    """
    if prefix.startswith("/"):
        raise Refused(f"no state has a key that begins with '/': {prefix}", "Leave the '/' out.")
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def found_place(connection: Connection, prefix: str, *, workspaces: bool) -> Place:
    """Return the place that a backend's settings and a prefix mean, with its key and account.

    Args:
        connection: its settings name the bucket, and the lock table and the key if there are any.
        prefix: of the states' keys, without workspaces.
        workspaces: see `Place`.

    Raises:
        NoSuchBucket: there is no such bucket.
        HoldfastError: it cannot be asked.
    """
    settings = connection.settings
    said = connection.identity()
    return Place(
        settings.bucket,
        folder(prefix),
        workspaces,
        settings.dynamodb_table,
        connection.region,
        said["Account"],
        _key(connection),
        said["Arn"].split(":")[1],
        connection.is_aws,
    )


def _key(connection: Connection) -> str | None:
    """Return the ARN of the key that states are encrypted under, if somebody has to be allowed it."""
    settings = connection.settings
    reference = settings.kms_key_id if settings.encrypt else None
    reference = reference or _of_bucket(connection)
    if not reference or reference.endswith("alias/aws/s3"):
        return None
    from botocore.exceptions import ClientError

    with translated(Call(f"look at the key {reference}", "kms:DescribeKey", reference)):
        try:
            described = connection.kms.describe_key(KeyId=reference)["KeyMetadata"]
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise
    return described["Arn"] if described.get("KeyManager") == "CUSTOMER" else None


def _of_bucket(connection: Connection) -> str | None:
    from botocore.exceptions import ClientError

    bucket = connection.settings.bucket
    doing = f"read the encryption of {bucket}"
    with translated(Call(doing, "s3:GetEncryptionConfiguration", f"arn:aws:s3:::{bucket}")):
        try:
            answer: Any = connection.s3.get_bucket_encryption(Bucket=bucket)
        except ClientError as error:
            if code_of(error) in _UNENCRYPTED:
                return None
            raise
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    return next((one["KMSMasterKeyID"] for one in defaults if "KMSMasterKeyID" in one), None)
