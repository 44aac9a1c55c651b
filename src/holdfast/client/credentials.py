"""The SDK session behind a connection: profile, keys, assumed roles, web identity, region."""

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from holdfast.client.errors import NotConfigured
from holdfast.client.settings import AssumeRole, AssumeRoleWithWebIdentity, BackendSettings
from holdfast.client.timestamps import parse_timestamp

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_SESSION_NAME = "holdfast"


def session_of(settings: BackendSettings) -> "Session":
    """Return an SDK session with the credentials that the settings, or else the environment, name.

    Nothing is sent yet: roles are assumed when the first request needs them, and again before the
    credentials expire.
    """
    from botocore.session import Session

    session = Session(profile=settings.profile)
    session.register_component(
        "data_loader", _service_models(session.get_config_variable("data_path"))
    )
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=parse_timestamp)
    files = {
        "config_file": settings.shared_config_files,
        "credentials_file": settings.shared_credentials_files,
    }
    for name, paths in files.items():
        if paths:
            session.set_config_variable(name, paths[-1])
    if settings.access_key and settings.secret_key:
        session.set_credentials(settings.access_key, settings.secret_key, settings.token)
    elif settings.skip_metadata_api_check:
        session.get_component("credential_provider").remove("iam-role")
    return session


@cache
def _service_models(data_path: str | None) -> "Loader":
    """Return what reads the SDK's models: one for all sessions, since reading them takes long."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def region_of(settings: BackendSettings, session: "Session") -> str:
    """Return the region: of the settings, else AWS_REGION, AWS_DEFAULT_REGION, the profile's.

    Raises:
        NotConfigured: none of them says one.
    """
    found = (
        settings.region
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION")
        or session.get_config_variable("region")
    )
    if not found:
        raise NotConfigured(
            f"the region of bucket {settings.bucket} is not known",
            "Set region in the backend block, or AWS_REGION; any will do for a server of holdfast.",
        )
    return str(found)


ClientMaker = Callable[..., Any]


def assuming(
    session: "Session", settings: BackendSettings, maker: Callable[["Session"], ClientMaker]
) -> "Session":
    """Return a session that uses the roles that the settings name, one after the other.

    Args:
        session: has the credentials that may assume the first role.
        settings: names the roles.
        maker: returns, for a session, what makes clients as its `create_client` does.
    """
    web = settings.assume_role_with_web_identity
    if web:
        session = _with(_WebIdentity(web, maker(session)), settings)
    for role in settings.assume_role:
        session = _with(_Role(role, maker(session), session.get_credentials()), settings)
    return session


def _with(provider: Any, settings: BackendSettings) -> "Session":
    """Return a new session with other credentials: a session keeps those that it found first."""
    from botocore.credentials import CredentialResolver

    session = session_of(settings.changed(access_key=None, secret_key=None))
    session.register_component("credential_provider", CredentialResolver(providers=[provider]))
    return session


class _Role:
    """Credentials of a role that other credentials assume."""

    METHOD = CANONICAL_NAME = "assume-role"

    def __init__(self, role: AssumeRole, make_client: ClientMaker, source: Any) -> None:
        self._role, self._make_client, self._source = role, make_client, source

    def load(self) -> Any:
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        role = self._role
        extra = _common(role.duration, role.policy, role.policy_arns, role.session_name)
        if role.external_id:
            extra["ExternalId"] = role.external_id
        if role.source_identity:
            extra["SourceIdentity"] = role.source_identity
        if role.tags:
            extra["Tags"] = _tags(role.tags)
        if role.transitive_tag_keys:
            extra["TransitiveTagKeys"] = list(role.transitive_tag_keys)
        fetcher = AssumeRoleCredentialFetcher(
            self._make_client, self._source, role.role_arn, extra_args=extra
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)


class _WebIdentity:
    """Credentials of a role that a token of an identity provider assumes."""

    METHOD = CANONICAL_NAME = "assume-role-with-web-identity"

    def __init__(self, role: AssumeRoleWithWebIdentity, make_client: ClientMaker) -> None:
        self._role, self._make_client = role, make_client

    def load(self) -> Any:
        from botocore.credentials import (
            AssumeRoleWithWebIdentityCredentialFetcher,
            DeferredRefreshableCredentials,
        )

        role = self._role
        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
            self._make_client,
            self._token,
            role.role_arn,
            extra_args=_common(role.duration, role.policy, role.policy_arns, role.session_name),
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    def _token(self) -> str:
        from pathlib import Path

        role = self._role
        if role.web_identity_token:
            return role.web_identity_token
        if not role.web_identity_token_file:
            raise NotConfigured(
                f"the web identity for {role.role_arn} has no token",
                "Set web_identity_token_file in assume_role_with_web_identity.",
            )
        try:
            return Path(role.web_identity_token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NotConfigured(
                f"cannot read the web identity token: {error}", "Check web_identity_token_file."
            ) from error


def _common(
    duration: str | None, policy: str | None, arns: tuple[str, ...], session_name: str | None
) -> dict[str, Any]:
    extra: dict[str, Any] = {"RoleSessionName": session_name or _SESSION_NAME}
    if duration:
        extra["DurationSeconds"] = seconds_of(duration)
    if policy:
        extra["Policy"] = policy
    if arns:
        extra["PolicyArns"] = [{"arn": arn} for arn in arns]
    return extra


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def seconds_of(duration: str) -> int:
    """Return the seconds of a duration as Go writes it, such as `1h30m`.

    Raises:
        NotConfigured: it is none.
    """
    found = _DURATION.fullmatch(duration)
    if not duration or found is None:
        raise NotConfigured(f"{duration!r} is not a duration", "Write it like 15m or 1h30m.")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
