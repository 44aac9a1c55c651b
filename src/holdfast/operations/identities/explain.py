"""Which statement of which policy decides what a user or a role asks for."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from holdfast.client.connect import Connection
from holdfast.client.errors import NoSuchBucket
from holdfast.client.translate import Call, code_of, translated
from holdfast.operations.identities.inline import Kind, policy_of
from holdfast.operations.identities.refusals import Refused, asking

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import StatementTypeDef

_OF_RESOURCE = "resource"
_SECURE = "aws:SecureTransport"


@dataclass(frozen=True, slots=True)
class Deciding:
    """A statement that decides."""

    policy: str  # its name; the ARN of the resource for a policy of that
    source: str  # `user`, `role` or `resource`
    statement: str  # its text, as it was written
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why."""

    action: str
    resource: str  # an ARN
    allowed: bool
    explicit: bool  # it is denied, rather than allowed by nobody
    statements: tuple[Deciding, ...]
    missing: tuple[str, ...]  # condition keys that policies look at and nobody gave a value


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: whether a user or a role may do something."""

    kind: Kind
    owner: str
    action: str
    resource: str  # an ARN, `s3://bucket/key`, or `*`
    context: Mapping[str, Sequence[str]]  # values of condition keys


def explain(connection: Connection, asked: Asked) -> Decision:
    """Decide by the policies of a user or a role, and by those of a bucket or a key.

    Args:
        connection: its settings name the bucket where the resource is one or is in one.
        asked: what is asked.

    Raises:
        NoSuchIdentity: there is no such user or role.
        Refused: the action or the resource is none.
        HoldfastError: it cannot be asked.
    """
    iam, owner = connection.iam, asked.owner
    with asking(f"read the {asked.kind} {owner}", f"iam:Get{asked.kind.capitalize()}", owner):
        arn = _arn(iam, asked.kind, owner)
    resource = resource_arn(asked.resource)
    secure = urlsplit(iam.meta.endpoint_url).scheme == "https"
    context = {_SECURE: [str(secure).lower()], **asked.context}
    policy = _policy_of(connection, resource)
    more: dict[str, Any] = {"ResourcePolicy": policy, "CallerArn": arn} if policy else {}
    with asking(f"explain {asked.action}", "iam:SimulatePrincipalPolicy", arn):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=arn,
            ActionNames=[asked.action],
            ResourceArns=[resource],
            ContextEntries=[
                {
                    "ContextKeyName": name,
                    "ContextKeyType": "stringList" if len(values) > 1 else "string",
                    "ContextKeyValues": list(values),
                }
                for name, values in context.items()
            ],
            **more,
        )
    result = answer["EvaluationResults"][0]
    return Decision(
        asked.action,
        resource,
        result["EvalDecision"] == "allowed",
        result["EvalDecision"] == "explicitDeny",
        tuple(
            _deciding(connection, asked, each, policy or "", resource)
            for each in result.get("MatchedStatements", [])
        ),
        tuple(result.get("MissingContextValues", [])),
    )


def resource_arn(text: str) -> str:
    """Return the ARN of a resource that may be said as `s3://bucket/key`.

    Raises:
        Refused: it is neither.
    """
    if text.startswith("s3://"):
        return f"arn:aws:s3:::{text.removeprefix('s3://').rstrip('/') or '*'}"
    if text == "*" or text.startswith("arn:"):
        return text
    raise Refused(
        f"{text} is no resource",
        "Say an ARN, s3://BUCKET/KEY, or '*' for what is done with no resource.",
    )


def bucket_of(arn: str) -> str:
    """Return the bucket that an ARN is of, or is in; empty if it is of something else."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "s3":
        return ""
    return parts[5].partition("/")[0]


def _arn(iam: Any, kind: Kind, owner: str) -> str:
    called = kind.capitalize()
    answer: Any = getattr(iam, f"get_{kind}")(**{f"{called}Name": owner})
    return str(answer[called]["Arn"])


def _policy_of(connection: Connection, resource: str) -> str | None:
    """Return the policy of the bucket or key that is asked for."""
    bucket = bucket_of(resource)
    if bucket and "*" not in bucket:
        return _bucket_policy(connection, bucket)
    if resource.startswith("arn:") and ":kms:" in resource and ":key/" in resource:
        with translated(Call("read the policy of the key", "kms:GetKeyPolicy", resource)):
            answer = connection.kms.get_key_policy(KeyId=resource, PolicyName="default")
        return answer["Policy"]
    return None


def _bucket_policy(connection: Connection, bucket: str) -> str | None:
    from botocore.exceptions import ClientError

    doing = f"read the policy of {bucket}"
    with (
        suppress(NoSuchBucket),
        translated(Call(doing, "s3:GetBucketPolicy", f"arn:aws:s3:::{bucket}")),
    ):
        try:
            return connection.s3.get_bucket_policy(Bucket=bucket)["Policy"]
        except ClientError as error:
            if code_of(error) != "NoSuchBucketPolicy":
                raise
    return None


def _deciding(
    connection: Connection,
    asked: Asked,
    matched: "StatementTypeDef",
    resource_policy: str,
    resource: str,
) -> Deciding:
    name, source = matched.get("SourcePolicyId", ""), matched.get("SourcePolicyType", "")
    if source == _OF_RESOURCE:
        text, name = resource_policy, bucket_of(resource) or resource
    else:
        name = name.removeprefix(f"{asked.kind}_{asked.owner}_")
        text = policy_of(connection, asked.kind, asked.owner, name)
    statement = statement_at(text, matched.get("StartPosition", {}), matched.get("EndPosition", {}))
    try:
        sid = json.loads(statement).get("Sid", "")
    except (ValueError, AttributeError):
        sid = ""
    return Deciding(name, source, statement, sid)


def statement_at(text: str, start: Mapping[str, Any], end: Mapping[str, Any]) -> str:
    """Return what stands between two positions of a policy: lines and columns, both from 1.

    Whether the columns of a service point at the braces or beside them, the statement is the same.
    """
    first, last = _offset(text, start), _offset(text, end)
    for begin in (first, first - 1, first + 1):
        for stop in (last, last + 1, last - 1):
            piece = text[max(0, begin) : stop].strip()
            try:
                if isinstance(json.loads(piece), dict):
                    return piece
            except ValueError:
                continue
    return text[first:last]


def _offset(text: str, position: Mapping[str, Any]) -> int:
    lines = text.splitlines(keepends=True)
    before = lines[: position.get("Line", 1) - 1]
    return sum(len(line) for line in before) + int(position.get("Column", 1)) - 1
