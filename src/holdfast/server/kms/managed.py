"""AWS-managed keys: made by the service that first needs them, and changed by nobody.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
"""

import json

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Alias, Key
from holdfast.server.kms.lookup import alias_arn, key_arn
from holdfast.server.kms.material import add_material, new_key_id
from holdfast.server.operation import Snapshot, Transaction

ROTATION_DAYS = 365  # AWS-managed keys are rotated every year

# alias -> AWS's description of the key behind it
DESCRIPTIONS = {
    "alias/aws/dynamodb": "Default key that protects my DynamoDB data when no other key is defined",
    "alias/aws/s3": "Default key that protects my S3 objects when no other key is defined",
}


def ensure_managed(tx: Transaction, alias: str) -> Key:
    """Return the AWS-managed key behind one of the aliases in `DESCRIPTIONS`; make it if needed."""
    known = tx.get(Alias, alias)
    key = tx.get(Key, known.key_id) if known else None
    if key is not None:
        return key
    service = alias.removeprefix("alias/aws/")
    key = Key(
        key_id=new_key_id(tx.site),
        created=tx.now,
        description=DESCRIPTIONS[alias],
        key_manager="AWS",
        rotation_period_days=ROTATION_DAYS,
        rotation_since=tx.now,
        policy=_policy(tx, service),
    )
    key = add_material(tx.site, key, tx.now)
    tx.put(key)
    tx.put(Alias(name=alias, key_id=key.key_id, created=tx.now, updated=tx.now))
    return key


def managed_alias(tx: Snapshot, reference: str) -> str | None:
    """Return the alias if a reference is the name or ARN of an AWS-managed key that we make."""
    for alias in DESCRIPTIONS:
        if reference in (alias, alias_arn(tx.site, alias)):
            return alias
    return None


def require_customer_managed(tx: Snapshot, key: Key, action: str) -> Key:
    """Return the key unless AWS manages it: then its policy lets no client do this.

    Args:
        tx: the transaction under way.
        key: the key.
        action: AWS's name of the operation.

    Raises:
        ServiceError: AccessDeniedException.
    """
    if key.key_manager == "AWS":
        raise ServiceError(
            "AccessDeniedException",
            f"User: {tx.caller.arn} is not authorized to perform: kms:{action} on resource: "
            f"{key_arn(tx.site, key.key_id)} because no resource-based policy allows the "
            f"kms:{action} action",
        )
    return key


def _policy(tx: Snapshot, service: str) -> str:
    """Return a key policy: everybody in the account, through the service only."""
    account, region = tx.site.account, tx.site.region
    statement = {
        "Sid": f"Allow access through {service} for all principals in the account",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": account,
                "kms:ViaService": f"{service}.{region}.amazonaws.com",
            }
        },
    }
    direct = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Id": f"auto-{service}", "Statement": [statement, direct]}
    return json.dumps(policy)
