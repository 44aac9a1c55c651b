"""The arguments of `backend "s3"`: their types, which are secret, and the variables that stand in.

Source: `internal/backend/remote-state/s3/backend.go` of Terraform 1.11, and OpenTofu's.
"""

from dataclasses import dataclass
from typing import Any

from holdfast.client.config.hcl import Expression

SECRET = frozenset(
    {"access_key", "secret_key", "token", "sse_customer_key", "web_identity_token", "external_id"}
)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: its kind is string, bool, number, strings, map or object."""

    kind: str = "string"
    variables: tuple[
        str, ...
    ] = ()  # environment variables that stand in for it, the strongest first


_STRING = Argument()
_BOOL = Argument("bool")
_STRINGS = Argument("strings")

ARGUMENTS: dict[str, Argument] = {
    "bucket": _STRING,
    "key": _STRING,
    "region": Argument(variables=("AWS_REGION", "AWS_DEFAULT_REGION")),
    "workspace_key_prefix": _STRING,
    "dynamodb_table": _STRING,
    "use_lockfile": _BOOL,
    "encrypt": _BOOL,
    "kms_key_id": _STRING,
    "sse_customer_key": Argument(variables=("AWS_SSE_CUSTOMER_KEY",)),
    "acl": _STRING,
    "skip_s3_checksum": _BOOL,
    "state_tags": Argument("map"),
    "lock_tags": Argument("map"),
    "profile": Argument(variables=("AWS_PROFILE",)),
    "access_key": Argument(variables=("AWS_ACCESS_KEY_ID",)),
    "secret_key": Argument(variables=("AWS_SECRET_ACCESS_KEY",)),
    "token": Argument(variables=("AWS_SESSION_TOKEN",)),
    "shared_config_files": Argument("strings", ("AWS_SHARED_CONFIG_FILE", "AWS_CONFIG_FILE")),
    "shared_credentials_files": Argument("strings", ("AWS_SHARED_CREDENTIALS_FILE",)),
    "assume_role": Argument("object"),
    "assume_role_with_web_identity": Argument("object"),
    "allowed_account_ids": _STRINGS,
    "forbidden_account_ids": _STRINGS,
    "endpoints": Argument("object"),
    "use_path_style": _BOOL,
    "sts_region": _STRING,
    "use_fips_endpoint": Argument("bool", ("AWS_USE_FIPS_ENDPOINT",)),
    "use_dualstack_endpoint": Argument("bool", ("AWS_USE_DUALSTACK_ENDPOINT",)),
    "max_retries": Argument("number"),
    "retry_mode": Argument(variables=("AWS_RETRY_MODE",)),
    "custom_ca_bundle": Argument(variables=("AWS_CA_BUNDLE",)),
    "insecure": _BOOL,
    "http_proxy": Argument(variables=("HTTP_PROXY", "http_proxy")),
    "https_proxy": Argument(variables=("HTTPS_PROXY", "https_proxy")),
    "no_proxy": Argument(variables=("NO_PROXY", "no_proxy")),
    "skip_credentials_validation": _BOOL,
    "skip_requesting_account_id": _BOOL,
    "skip_region_validation": _BOOL,
    "skip_metadata_api_check": Argument("bool", ("AWS_EC2_METADATA_DISABLED",)),
    "ec2_metadata_service_endpoint": Argument(
        variables=("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_METADATA_URL")
    ),
    "ec2_metadata_service_endpoint_mode": Argument(
        variables=("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",)
    ),
}

# The services whose endpoint can be said, and their older arguments and variables.
ENDPOINTS = ("s3", "dynamodb", "iam", "sts", "kms", "sso")
OLD_ENDPOINTS = {
    "endpoint": "s3",
    "dynamodb_endpoint": "dynamodb",
    "iam_endpoint": "iam",
    "sts_endpoint": "sts",
}
OLD_ENDPOINT_VARIABLES = {
    "s3": "AWS_S3_ENDPOINT",
    "dynamodb": "AWS_DYNAMODB_ENDPOINT",
    "iam": "AWS_IAM_ENDPOINT",
    "sts": "AWS_STS_ENDPOINT",
}

# Arguments of before Terraform 1.6, and OpenTofu's flat ones: old name -> (argument, member).
OLD_ARGUMENTS: dict[str, tuple[str, str]] = {
    **{old: ("endpoints", service) for old, service in OLD_ENDPOINTS.items()},
    "role_arn": ("assume_role", "role_arn"),
    "session_name": ("assume_role", "session_name"),
    "external_id": ("assume_role", "external_id"),
    "assume_role_policy": ("assume_role", "policy"),
    "assume_role_policy_arns": ("assume_role", "policy_arns"),
    "assume_role_tags": ("assume_role", "tags"),
    "assume_role_transitive_tag_keys": ("assume_role", "transitive_tag_keys"),
    "assume_role_duration_seconds": ("assume_role", "duration"),
}
RENAMED = {"force_path_style": "use_path_style", "lock_table": "dynamodb_table"}
_OLD_KINDS = {
    "assume_role_policy_arns": "strings",
    "assume_role_tags": "map",
    "assume_role_transitive_tag_keys": "strings",
}


def place_of(name: str) -> int:
    """Return where an argument, or `endpoints.s3`, stands in a list of all."""
    return list(ARGUMENTS).index(name.partition(".")[0])


class Misfit(ValueError):
    """A value that an argument cannot have; the text says what it should be."""


def kind_of(name: str) -> str | None:
    """Return the kind of an argument, older ones included; None if there is no such argument."""
    name = RENAMED.get(name, name)
    if name in OLD_ARGUMENTS:
        return _OLD_KINDS.get(name, "string")
    return ARGUMENTS[name].kind if name in ARGUMENTS else None


def fitted(kind: str, value: Any) -> Any:
    """Return a value in the type of its kind, converted as Terraform does (`"true"`, `"5"`).

    Raises:
        Misfit: it cannot be converted, or is known only to Terraform.
    """
    if isinstance(value, Expression):
        raise Misfit(f"{value.text} is known only when Terraform or OpenTofu runs")
    fit = _FITS[kind]
    return fit(value)


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Misfit("must be a text")


def _bool(value: Any) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    raise Misfit("must be true or false")


def _number(value: Any) -> int:
    try:
        if not isinstance(value, bool):
            return int(value)
    except (TypeError, ValueError):
        pass
    raise Misfit("must be a whole number")


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(_string(item) for item in value)
    raise Misfit('must be a list of texts, such as ["a", "b"]')


def _map(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(name): _string(item) for name, item in value.items()}
    raise Misfit("must be a map of texts, such as { a = 1 }")


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if item is not None}
    raise Misfit("must be an object, such as { name = value }")


_FITS = {
    "string": _string,
    "bool": _bool,
    "number": _number,
    "strings": _strings,
    "map": _map,
    "object": _object,
}
