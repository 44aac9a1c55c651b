"""The statements of the bucket policy that are ours, and how they join other people's.

The one about encryption denies a weaker algorithm than the bucket's, and only where a request names
one: OpenTofu sends no header for lock files in some modes, and without a header the bucket's default
holds. `Null` is what makes this so: a negated comparison holds for a header that is absent.
Source: "Null condition operator" and "ForAllValues, IfExists" of the IAM user guide.
"""

import json
from collections.abc import Mapping
from typing import Any

from holdfast.operations.bootstrap.actual import Identity
from holdfast.operations.bootstrap.arns import bucket_arn
from holdfast.operations.bootstrap.desired import Desired

PREFIX = "Holdfast"
_HEADER = "s3:x-amz-server-side-encryption"
Statement = Mapping[str, Any]


def wanted_statements(desired: Desired, identity: Identity) -> dict[str, Statement]:
    """Return our statements by their ids."""
    arn = bucket_arn(identity, desired.bucket)
    found: dict[str, Statement] = {}
    if demands_tls(desired, identity):
        found[f"{PREFIX}TlsOnly"] = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    if desired.policy.encryption and desired.encryption.mode == "kms":
        found[f"{PREFIX}Encryption"] = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"{arn}/*",
            "Condition": {
                "Null": {_HEADER: "false"},
                "StringNotEquals": {_HEADER: ["aws:kms", "aws:kms:dsse"]},
            },
        }
    return found


def demands_tls(desired: Desired, identity: Identity) -> bool:
    """Whether requests without TLS are denied. Never at a plain HTTP endpoint: nobody could use it."""
    return desired.policy.tls_only is not False and not is_plain(identity)


def is_plain(identity: Identity) -> bool:
    """Whether the endpoint has no TLS."""
    return identity.endpoint.startswith("http://")


def statements_in(text: str | None) -> list[Statement]:
    """Return the statements of a policy document; none if there is no policy."""
    if not text:
        return []
    found = json.loads(text).get("Statement", [])
    return found if isinstance(found, list) else [found]


def ours(statements: list[Statement]) -> dict[str, Statement]:
    """Return our statements by their ids, in a form in which equal ones are equal."""
    return {s["Sid"]: canonical(s) for s in statements if s.get("Sid", "").startswith(PREFIX)}


def canonical(statement: Statement) -> Statement:
    """Return a statement without its id, with lists sorted, and lists of one as that one."""
    return {name: _plain(value) for name, value in sorted(statement.items()) if name != "Sid"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else sorted(value)
    return value


def document(present: list[Statement], wanted: Mapping[str, Statement]) -> dict[str, Any] | None:
    """Return the policy with other people's statements as they are and ours; None if there is none."""
    others = [s for s in present if not s.get("Sid", "").startswith(PREFIX)]
    statements = [*others, *({"Sid": sid, **statement} for sid, statement in wanted.items())]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None
