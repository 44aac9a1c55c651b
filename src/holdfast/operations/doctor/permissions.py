"""What a client's identity may do, found out with requests that cannot change anything.

Each request carries a condition that never holds, so that a service answers either that it did not
hold, or that the request is not allowed. A store that ignores conditions is recognised first, with a
key that nobody uses, and is not asked further.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.client import object_headers
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.translate import code_of, status_of
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey
from holdfast.terraform.address import StateAddress

_ALLOW = "Allow it in the identity's policy; 'holdfast bootstrap export' writes a whole one."

LISTS = Check(
    "HF501",
    Severity.ERROR,
    "The client may not list the bucket",
    "Terraform cannot find workspaces, and S3 says 'denied' where it would say 'not there'.",
    _ALLOW,
)
READS = Check(
    "HF502",
    Severity.ERROR,
    "The client may not read states",
    "It can neither plan nor apply.",
    _ALLOW,
)
WRITES = Check(
    "HF503",
    Severity.ERROR,
    "The client may not write states",
    "An apply makes its resources and then cannot store the state.",
    _ALLOW,
)
TABLE = Check(
    "HF504",
    Severity.ERROR,
    "The client may not use the lock table",
    "It can take no lock, or can take one and not release it.",
    _ALLOW,
)
LOCK_FILES = Check(
    "HF505",
    Severity.ERROR,
    "The client may not use lock files",
    "It can take no lock, or can take one and not release it: DeleteObject is needed on *.tflock.",
    _ALLOW,
)
KEY = Check(
    "HF506",
    Severity.ERROR,
    "The client may not use the KMS key",
    "States that are encrypted under it cannot be read or written.",
    "Allow kms:Decrypt and kms:GenerateDataKey on the key, in its policy too if it asks for that.",
)
IDENTITY = Check(
    "HF507",
    Severity.ERROR,
    "The client's credentials do not work",
    "It can do nothing at all.",
    "Correct the profile; 'aws sts get-caller-identity --profile NAME' shows who it is.",
)
CHECKS = (LISTS, READS, WRITES, TABLE, LOCK_FILES, KEY, IDENTITY)

_ETAG = '"00000000000000000000000000000000"'  # of no object
_MD5 = "AAAAAAAAAAAAAAAAAAAAAA=="  # of no body that is sent here
_NEVER = "attribute_exists(LockID) AND attribute_not_exists(LockID)"
_DENIED = {"AccessDenied", "AccessDeniedException", "KMS.AccessDeniedException"}


@dataclass(frozen=True, slots=True)
class _Probe:
    check: Check
    action: str
    send: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class _Client:
    connection: Connection
    profile: str
    address: StateAddress


def examine(survey: Survey) -> Iterator[Result]:
    """Try the permissions of every profile that was named."""
    for profile in survey.options.profiles:
        yield from _of(survey, profile)


def _of(survey: Survey, profile: str) -> Iterator[Result]:
    settings = survey.connection.settings.changed(
        profile=profile, access_key=None, secret_key=None, token=None
    )
    connection = Connection(settings)
    try:
        who = connection.identity()["Arn"]
        _ = connection.s3, connection.dynamodb
    except HoldfastError as problem:
        yield Finding(IDENTITY, f"profile {profile}", problem.happened, IDENTITY.remedy)
        untried = tuple(check for check in CHECKS if check is not IDENTITY)
        yield NotChecked(untried, f"profile {profile}", problem.happened)
        return
    client = _Client(connection, profile, _subject(survey))
    unsafe = _ignores_conditions(survey.connection)
    if unsafe:
        yield NotChecked((WRITES, LOCK_FILES), f"profile {profile}", unsafe)
    denied: dict[Check, list[str]] = {}
    for probe in _probes(client, safe=not unsafe):
        answer = _outcome(probe)
        if answer == "denied":
            denied.setdefault(probe.check, []).append(probe.action)
        elif answer:
            yield NotChecked((probe.check,), f"profile {profile}", f"{probe.action}: {answer}")
    for check, actions in denied.items():
        missing = ", ".join(dict.fromkeys(actions))
        evidence = f"{who} may not: {missing} (tried for {client.address.url})"
        yield Finding(check, f"profile {profile}", evidence, f"Allow {missing}. {_ALLOW}")


def _subject(survey: Survey) -> StateAddress:
    """Return the state that is tried: the backend's own, or the first there is."""
    settings = survey.connection.settings
    if settings.key:
        return settings.address()
    found = next((look.address for look in survey.states if not look.deleted), None)
    return found or survey.address(f"{survey.options.prefix}terraform.tfstate")


def _probes(client: _Client, *, safe: bool) -> Iterator[_Probe]:
    s3, address = client.connection.s3, client.address
    bucket, settings = address.bucket, client.connection.settings
    yield _Probe(
        LISTS, "s3:ListBucket", lambda: s3.list_objects_v2(Bucket=bucket, Prefix="env:/", MaxKeys=1)
    )
    yield _Probe(
        READS,
        "s3:GetObject",
        lambda: _read_nothing(client, address.object_key),
    )
    if safe:
        yield _Probe(WRITES, "s3:PutObject", lambda: _put_nothing(client, address.object_key))
    if settings.use_lockfile:
        yield from _lock_file_probes(client, safe=safe)
    if settings.dynamodb_table:
        yield from _table_probes(client, settings.dynamodb_table)
    if settings.encrypt and settings.kms_key_id:
        yield from _key_probes(client, settings.kms_key_id)


def _lock_file_probes(client: _Client, *, safe: bool) -> Iterator[_Probe]:
    s3, bucket, key = client.connection.s3, client.address.bucket, client.address.lock_file_key
    yield _Probe(
        LOCK_FILES,
        "s3:GetObject on *.tflock",
        lambda: _read_nothing(client, key),
    )
    if safe:
        yield _Probe(LOCK_FILES, "s3:PutObject on *.tflock", lambda: _put_nothing(client, key))
        yield _Probe(
            LOCK_FILES,
            "s3:DeleteObject on *.tflock",
            lambda: s3.delete_object(Bucket=bucket, Key=key, IfMatch=_ETAG),
        )


def _table_probes(client: _Client, table: str) -> Iterator[_Probe]:
    for lock_id in (client.address.lock_id, client.address.digest_id):
        yield from _item_probes(client, table, lock_id)


def _item_probes(client: _Client, table: str, lock_id: str) -> Iterator[_Probe]:
    dynamodb, key = client.connection.dynamodb, {"LockID": {"S": lock_id}}
    yield _Probe(
        TABLE,
        f"dynamodb:GetItem on {lock_id}",
        lambda: dynamodb.get_item(TableName=table, Key=key),
    )
    yield _Probe(
        TABLE,
        f"dynamodb:PutItem on {lock_id}",
        lambda: dynamodb.put_item(TableName=table, Item=key, ConditionExpression=_NEVER),
    )
    yield _Probe(
        TABLE,
        f"dynamodb:DeleteItem on {lock_id}",
        lambda: dynamodb.delete_item(TableName=table, Key=key, ConditionExpression=_NEVER),
    )


def _key_probes(client: _Client, key: str) -> Iterator[_Probe]:
    kms = client.connection.kms
    yield _Probe(
        KEY,
        "kms:GenerateDataKey",
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    )


def _read_nothing(client: _Client, key: str) -> None:
    """Open an object, and read none of it."""
    read = object_headers.for_read(client.connection.settings)
    answer = client.connection.s3.get_object(Bucket=client.address.bucket, Key=key, **read)
    answer["Body"].close()


def _put_nothing(client: _Client, key: str) -> Any:
    """Send a PutObject that is refused for its condition, and for its checksum if not for that."""
    return client.connection.s3.put_object(
        Bucket=client.address.bucket,
        Key=key,
        Body=b"holdfast doctor",
        IfMatch=_ETAG,
        ContentMD5=_MD5,
        **_encryption_of(client.connection),
    )


def _encryption_of(connection: Connection) -> dict[str, Any]:
    """Return what a bucket policy may demand of a write; no other checksum, which would be right."""
    sent = object_headers.for_state(connection.settings)
    return {name: value for name, value in sent.items() if name != "ChecksumAlgorithm"}


def _outcome(probe: _Probe) -> str:
    """Return an empty text if it is allowed, `denied`, or why it cannot be said."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        probe.send()
    except ClientError as error:
        if code_of(error) in _DENIED or status_of(error) == 403:
            return "denied"
        if status_of(error) >= 500 or code_of(error) == "NotImplemented":
            return f"answered with {code_of(error)}"
        return ""  # refused for its condition, or not there: past the permissions
    except BotoCoreError as error:
        return str(error)
    return ""


def _ignores_conditions(connection: Connection) -> str:
    """Try a key that nobody uses, as ourselves; return why probing is unsafe, or an empty text."""
    from botocore.exceptions import BotoCoreError, ClientError

    if connection.is_aws:
        return ""
    s3, bucket = connection.s3, connection.settings.bucket
    key = f"holdfast-doctor-{uuid.uuid4()}.tflock"
    client = _Client(connection, "", StateAddress(bucket, key))
    try:
        put = _put_nothing(client, key)
    except ClientError as error:
        if status_of(error) not in {400, 404, 412}:
            return f"it cannot be found out whether conditions are honoured ({code_of(error)})"
        put = None
    except BotoCoreError as error:
        return str(error)
    condition: dict[str, Any] = {} if put else {"IfMatch": _ETAG}
    try:
        gone = s3.delete_object(Bucket=bucket, Key=key, **condition)
    except ClientError:
        gone = None  # refused, as it has to be where nothing is
    if gone and gone.get("VersionId"):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=gone["VersionId"])
    if put and put.get("VersionId"):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=put["VersionId"])
    if put or gone:
        return "this store ignores conditions, so that trying could change something"
    return ""
