"""The values of steps in words, on one line each."""

import json
from collections.abc import Callable, Mapping
from typing import Any


def words(step_id: str, value: Any) -> str:
    """Return a value of a step as people read it; `none` where there is none."""
    if value is None or value == {}:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    kind = step_id.partition(".")[2]
    told = _WORDS.get(kind)
    if told and isinstance(value, Mapping):
        return told(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _tags(tags: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in tags.items())


def _public_access(blocks: Mapping[str, Any]) -> str:
    missing = [name for name, on in blocks.items() if not on]
    return f"not all of it: {', '.join(missing)} is off" if missing else "all of it is blocked"


def _encryption(given: Mapping[str, Any]) -> str:
    if given.get("algorithm") != "aws:kms":
        return str(given.get("algorithm"))
    bucket_key = "with a bucket key" if given.get("bucket_key") else "without a bucket key"
    return f"aws:kms under {given.get('key') or 'aws/s3'}, {bucket_key}"


def _lifecycle(rules: Mapping[str, Any]) -> str:
    return "; ".join(f"{rule_id}: {_rule(rule)}" for rule_id, rule in rules.items())


def _rule(rule: Mapping[str, Any]) -> str:
    said = [] if rule.get("Status") == "Enabled" else ["switched off"]
    small = rule.get("Filter", {}).get("ObjectSizeLessThan")
    if small:
        said.append(f"below {small} bytes")
    old = rule.get("NoncurrentVersionExpiration")
    if old:
        newer = old.get("NewerNoncurrentVersions")
        stay = f" but for the newest {newer}" if newer else ""
        said.append(f"old versions go after {old['NoncurrentDays']} days{stay}")
    upload = rule.get("AbortIncompleteMultipartUpload")
    if upload:
        said.append(f"unfinished uploads after {upload['DaysAfterInitiation']}")
    return ", ".join(said)


def _policy(statements: Mapping[str, Any]) -> str:
    return " and ".join(_STATEMENTS.get(sid, sid) for sid in statements)


def _logging(target: Mapping[str, Any]) -> str:
    return f"to s3://{target['bucket']}/{target['prefix']}"


_STATEMENTS = {
    "HoldfastTlsOnly": "denies requests without TLS",
    "HoldfastEncryption": "denies weaker encryption than the bucket's",
}
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "tags": _tags,
    "public-access": _public_access,
    "encryption": _encryption,
    "lifecycle": _lifecycle,
    "policy": _policy,
    "logging": _logging,
}
