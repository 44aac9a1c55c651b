"""What the first start on a data directory makes: an administrator, a key, a bucket, a lock table.

All of it in one transaction, through the same handlers that answer requests; the setting
`first_start` in the same transaction says that it was done.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed
from holdfast.cli.server import credentials
from holdfast.cli.server.credentials import Credentials
from holdfast.cli.server.settings import ServerSettings
from holdfast.engine.port import Engine
from holdfast.engine.records import Setting
from holdfast.server.access.credentials import new_id, new_secret
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.background import own_update
from holdfast.server.operation import Operation, Params, Site, Transaction

BUCKET = "terraform-state"
TABLE = "terraform-locks"
ALIAS = "alias/terraform-state"
MARK = "first_start"

Services = Mapping[str, Mapping[str, Operation[Any]]]


class Presented(msgspec.Struct, frozen=True):
    """What was presented at first start, and is from then on: it is part of stored ARNs."""

    account: str
    region: str


def presented(engine: Engine, settings: ServerSettings) -> Presented | None:
    """Return what the first start stored, or None before it.

    Raises:
        CommandFailed: the settings now say something else.
    """
    mark = engine.view(lambda tx: tx.get(Setting, MARK))
    if mark is None:
        return None
    stored = msgspec.json.decode(mark.value, type=Presented)
    for name in ("account", "region"):
        asked, kept = getattr(settings, name), getattr(stored, name)
        if name in settings.given and asked != kept:
            raise CommandFailed(
                f"the data directory {settings.data} presents {name} {kept}, not {asked}",
                f"Leave {name} out, or start on another data directory with --data DIR.",
                ExitCode.USAGE,
            )
    return stored


def make(
    engine: Engine, site: Site, services: Services, settings: ServerSettings, now: datetime
) -> Credentials:
    """Make everything, and return the administrator's access key.

    The file `credentials` is written before the transaction and used again if that fails: at no
    moment is there an access key in the store whose secret is nowhere else.
    """
    key = _administrator(settings, site)
    credentials.write(settings.data, key)

    def work(tx: Transaction) -> None:
        create_user(tx, ADMINISTRATOR, now, site.random)
        given = NewKey(key.access_key_id, key.secret_access_key)
        create_access_key(tx, site.vault, ADMINISTRATOR, now, site.random, given)
        for service, name, params in _calls(site.region, _make_key(tx, services)):
            services[service][name](tx, params)
        value = msgspec.json.encode(Presented(site.account, site.region))
        tx.put(Setting(name=MARK, value=value))

    own_update(engine, site, now, work)
    return key


def _administrator(settings: ServerSettings, site: Site) -> Credentials:
    if settings.admin_access_key_id:
        return Credentials(settings.admin_access_key_id, settings.admin_secret_access_key)
    return credentials.read(settings.data) or Credentials(
        new_id("AKIA", site.random), new_secret(site.random)
    )


def _make_key(tx: Transaction, services: Services) -> str:
    made = services["kms"]["CreateKey"](tx, {"Description": "Terraform state"})
    if not isinstance(made, Mapping):
        raise TypeError("CreateKey answered without its metadata")
    return str(made["KeyMetadata"]["KeyId"])


def _calls(region: str, key_id: str) -> list[tuple[str, str, Params]]:
    """Return the requests, in order: (service, operation, parameters)."""
    bucket: dict[str, Any] = {"Bucket": BUCKET}
    place = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ALIAS}
    rule = {"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return [
        ("kms", "EnableKeyRotation", {"KeyId": key_id}),
        ("kms", "CreateAlias", {"AliasName": ALIAS, "TargetKeyId": key_id}),
        ("s3", "CreateBucket", {**bucket, **place}),
        ("s3", "PutBucketVersioning", {**bucket, "VersioningConfiguration": {"Status": "Enabled"}}),
        (
            "s3",
            "PutBucketEncryption",
            {**bucket, "ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        ),
        (
            "s3",
            "PutPublicAccessBlock",
            {**bucket, "PublicAccessBlockConfiguration": dict.fromkeys(blocked, True)},
        ),
        (
            "dynamodb",
            "CreateTable",
            {
                "TableName": TABLE,
                "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        ),
    ]
