"""The backend as Terraform code for hashicorp/aws 5.x, with import blocks for what exists."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.operations.bootstrap.actual import Actual, Identity
from holdfast.operations.bootstrap.bucket_policy import wanted_statements
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.hcl import aligned, text, value
from holdfast.operations.bootstrap.lifecycle import Rule, wanted_rules
from holdfast.operations.bootstrap.read_key import ALIAS_TAG

_NAME = "state"
_BLOCKED = (
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
)


def terraform_code(desired: Desired, actual: Actual) -> str:
    """Return the code. What exists has an import block each; Terraform makes the rest.

    Bucket settings of other people that bootstrap leaves alone (policy statements, lifecycle rules,
    tags) are not in it.
    """
    parts = [_provider(desired)]
    if desired.makes_key:
        parts += _key(desired, actual)
    parts += _bucket(desired, actual)
    if desired.table_name:
        parts += _table(desired, actual)
    return aligned("\n".join(parts))


def _provider(desired: Desired) -> str:
    return (
        "terraform {\n"
        '  required_version = ">= 1.5" # import blocks\n'
        "  required_providers {\n"
        '    aws = {\n      source = "hashicorp/aws"\n    }\n'
        "  }\n}\n\n"
        f'provider "aws" {{\n  region = {text(desired.region)}\n}}\n'
    )


def _resource(kind: str, body: str, imported: str | None) -> str:
    block = f'resource "{kind}" "{_NAME}" {{\n{body}}}\n'
    if imported is None:
        return block
    return f"import {{\n  to = {kind}.{_NAME}\n  id = {text(imported)}\n}}\n\n{block}"


def _line(name: str, given: Any, indent: int = 2) -> str:
    return f"{' ' * indent}{name} = {value(given, indent)}\n"


_GUARD = "\n  lifecycle {\n    prevent_destroy = true\n  }\n"


def _key(desired: Desired, actual: Actual) -> Iterator[str]:
    key, encryption = actual.key, desired.encryption
    tags: Mapping[str, str] = {**desired.all_tags, ALIAS_TAG: desired.alias}
    if key:
        tags = {**key.tags, **tags}
    body = _line("description", f"Terraform states in {desired.bucket}")
    body += _line("enable_key_rotation", encryption.rotation)
    if encryption.deletion_window_days != 30:  # the provider's own default, which it cannot read
        body += _line("deletion_window_in_days", encryption.deletion_window_days)
    yield _resource("aws_kms_key", body + _line("tags", tags) + _GUARD, key.name if key else None)
    alias = _line("name", desired.alias) + f"  target_key_id = aws_kms_key.{_NAME}.key_id\n"
    has_alias = key and key.settings.get("key.alias")
    yield _resource("aws_kms_alias", alias, desired.alias if has_alias else None)


def _bucket(desired: Desired, actual: Actual) -> Iterator[str]:
    bucket = actual.bucket
    imported = desired.bucket if bucket else None
    tags = {**(bucket.tags if bucket else {}), **desired.all_tags}
    body = _line("bucket", desired.bucket) + _line("tags", tags) + _GUARD
    yield _resource("aws_s3_bucket", body, imported)
    for kind, aspect, settings in _settings(desired, actual):
        of = f"  bucket = aws_s3_bucket.{_NAME}.id\n"
        found = bucket.settings.get(aspect) if bucket else None
        there = bool(found) and isinstance(found, str | Mapping) and found != "Disabled"
        yield _resource(kind, of + settings, imported if there else None)


def _settings(desired: Desired, actual: Actual) -> Iterator[tuple[str, str, str]]:
    """Yield (type, aspect, body) of the resources that hold a setting of the bucket each."""
    yield (
        "aws_s3_bucket_public_access_block",
        "bucket.public-access",
        "".join(_line(name, True) for name in _BLOCKED),
    )
    yield (
        "aws_s3_bucket_ownership_controls",
        "bucket.ownership",
        '  rule {\n    object_ownership = "BucketOwnerEnforced"\n  }\n',
    )
    yield (
        "aws_s3_bucket_versioning",
        "bucket.versioning",
        '  versioning_configuration {\n    status = "Enabled"\n  }\n',
    )
    yield (
        "aws_s3_bucket_server_side_encryption_configuration",
        "bucket.encryption",
        _encryption(desired, actual),
    )
    rules = wanted_rules(desired)
    if rules:
        body = "".join(_lifecycle_rule(rule) for rule in rules.values())
        after = f"  depends_on = [aws_s3_bucket_versioning.{_NAME}]\n"
        yield "aws_s3_bucket_lifecycle_configuration", "bucket.lifecycle", after + body
    policy = _policy(desired, actual.identity)
    if policy:
        yield "aws_s3_bucket_policy", "bucket.policy", policy
    if desired.logging:
        target = _line("target_bucket", desired.logging.bucket)
        target += _line("target_prefix", desired.logging.prefix)
        yield "aws_s3_bucket_logging", "bucket.logging", target


def _key_reference(desired: Desired, actual: Actual) -> str:
    if desired.makes_key:
        return f"aws_kms_key.{_NAME}.arn"
    return text(actual.key.arn if actual.key else desired.encryption.key or "")


def _encryption(desired: Desired, actual: Actual) -> str:
    kms = desired.encryption.mode == "kms"
    key = f"      kms_master_key_id = {_key_reference(desired, actual)}\n" if kms else ""
    return (
        "  rule {\n"
        + ("    bucket_key_enabled = true\n" if kms else "")
        + "    apply_server_side_encryption_by_default {\n"
        + f'      sse_algorithm = "{"aws:kms" if kms else "AES256"}"\n'
        + f"{key}    }}\n  }}\n"
    )


def _policy(desired: Desired, identity: Identity) -> str:
    statements = wanted_statements(desired, identity)
    if not statements:
        return ""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": sid, **statement} for sid, statement in statements.items()],
    }
    return f"  policy = jsonencode({value(json.loads(json.dumps(document)), 2)})\n"


def _lifecycle_rule(rule: Rule) -> str:
    lines = [
        "  rule {\n",
        _line("id", rule["ID"], 4),
        '    status = "Enabled"\n',
        _filter(rule["Filter"]),
    ]
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent:
        lines.append("    noncurrent_version_expiration {\n")
        lines.append(_line("noncurrent_days", noncurrent["NoncurrentDays"], 6))
        if "NewerNoncurrentVersions" in noncurrent:
            newer = noncurrent["NewerNoncurrentVersions"]
            lines.append(_line("newer_noncurrent_versions", newer, 6))
        lines.append("    }\n")
    if "Expiration" in rule:
        lines.append("    expiration {\n      expired_object_delete_marker = true\n    }\n")
    if "AbortIncompleteMultipartUpload" in rule:
        days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        lines.append("    abort_incomplete_multipart_upload {\n")
        lines.append(_line("days_after_initiation", days, 6) + "    }\n")
    return "".join([*lines, "  }\n"])


def _filter(given: Mapping[str, Any]) -> str:
    if "ObjectSizeLessThan" in given:
        return (
            f"    filter {{\n      object_size_less_than = {given['ObjectSizeLessThan']}\n    }}\n"
        )
    return '    filter {\n      prefix = ""\n    }\n'


def _table(desired: Desired, actual: Actual) -> Iterator[str]:
    table, name = actual.table, desired.table_name
    kind = desired.table_encryption
    body = _line("name", name) + '  billing_mode = "PAY_PER_REQUEST"\n  hash_key = "LockID"\n'
    body += _line("deletion_protection_enabled", desired.table.deletion_protection)
    body += _line("tags", {**(table.tags if table else {}), **desired.all_tags})
    body += '\n  attribute {\n    name = "LockID"\n    type = "S"\n  }\n'
    if desired.table.point_in_time_recovery:
        body += "\n  point_in_time_recovery {\n    enabled = true\n  }\n"
    if kind != "aws-owned":
        body += "\n  server_side_encryption {\n    enabled = true\n"
        if kind == "key":
            body += f"    kms_key_arn = {_key_reference(desired, actual)}\n"
        body += "  }\n"
    yield _resource("aws_dynamodb_table", body + _GUARD, name if table else None)
