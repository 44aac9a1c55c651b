"""The arguments of a `backend "s3"` block, under Terraform's own names.

Source: the schema in Terraform's `internal/backend/remote-state/s3/backend.go`, and OpenTofu's
`state_tags` and `lock_tags`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.terraform.address import DEFAULT_WORKSPACE, WORKSPACE_KEY_PREFIX, StateAddress


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of services, where they are not AWS's own."""

    s3: str | None = None
    dynamodb: str | None = None
    kms: str | None = None
    sts: str | None = None
    iam: str | None = None
    sso: str | None = None


@dataclass(frozen=True, slots=True)
class AssumeRole:
    """The `assume_role` block. `duration` is text such as `1h30m`."""

    role_arn: str
    duration: str | None = None
    external_id: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    session_name: str | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssumeRoleWithWebIdentity:
    """The `assume_role_with_web_identity` block: the token itself, or a file that holds it."""

    role_arn: str
    duration: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    session_name: str | None = None
    web_identity_token: str | None = field(default=None, repr=False)
    web_identity_token_file: str | None = None


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """Where states are kept and how they are reached, locked and encrypted.

    What is None falls to the environment and the AWS profile, as it does for Terraform. Secrets do not
    appear in `repr`.
    """

    bucket: str
    key: str = ""  # empty where no single state is meant: listing, bootstrapping
    region: str | None = None
    workspace_key_prefix: str = WORKSPACE_KEY_PREFIX

    dynamodb_table: str | None = None
    use_lockfile: bool = False

    encrypt: bool = False
    kms_key_id: str | None = None
    sse_customer_key: str | None = field(default=None, repr=False)  # base64 of 32 bytes
    acl: str | None = None
    skip_s3_checksum: bool = False
    state_tags: Mapping[str, str] = field(default_factory=dict)
    lock_tags: Mapping[str, str] = field(default_factory=dict)

    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    shared_config_files: tuple[str, ...] = ()
    shared_credentials_files: tuple[str, ...] = ()
    assume_role: tuple[
        AssumeRole, ...
    ] = ()  # each is assumed with the credentials of the one before
    assume_role_with_web_identity: AssumeRoleWithWebIdentity | None = None
    allowed_account_ids: tuple[str, ...] = ()
    forbidden_account_ids: tuple[str, ...] = ()

    endpoints: Endpoints = Endpoints()
    use_path_style: bool | None = None
    sts_region: str | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None
    max_retries: int = 5  # attempts in all
    retry_mode: str | None = None
    custom_ca_bundle: str | None = None
    insecure: bool = False
    http_proxy: str | None = None
    https_proxy: str | None = None
    no_proxy: str | None = None

    skip_credentials_validation: bool = False
    skip_requesting_account_id: bool = False
    skip_region_validation: bool = False
    skip_metadata_api_check: bool = False

    def address(self, workspace: str = DEFAULT_WORKSPACE) -> StateAddress:
        """Return where the state of a workspace is."""
        return StateAddress(self.bucket, self.key, workspace, self.workspace_key_prefix)

    def changed(self, **arguments: Any) -> "BackendSettings":
        """Return these settings with some arguments replaced."""
        return replace(self, **arguments)

    @property
    def lock_places(self) -> tuple[str, ...]:
        """Where a lock is kept, in the order in which Terraform takes it: `file`, `table`, or both."""
        places = (("file", self.use_lockfile), ("table", bool(self.dynamodb_table)))
        return tuple(name for name, used in places if used)
