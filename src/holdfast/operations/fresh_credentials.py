"""Fresh temporary credentials of a user or of a role, for one process: every run has its own."""

import getpass
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from holdfast.client.connect import Connection
from holdfast.client.errors import NotConfigured
from holdfast.client.settings import BackendSettings, Endpoints
from holdfast.client.translate import Call, translated

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

_NOT_IN_A_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_USUAL_REGION = "us-east-1"
_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_ASKING = "HOLDFAST_CREDENTIALS_OF"


@dataclass(frozen=True)
class Source:
    """Whose credentials ask, and where. What is None or empty the environment says."""

    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    endpoint: str | None = None  # a URL
    region: str | None = None
    ca_bundle: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    duration: timedelta | None = None  # the service's own if None
    role_arn: str | None = None  # None: a session of the user itself
    session_name: str | None = None  # who runs this, and where, if None
    external_id: str | None = None


@dataclass(frozen=True)
class Fresh:
    """Temporary credentials."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: datetime


def issue(source: Source, wanted: Wanted) -> Fresh:
    """Ask STS for credentials that nobody else has.

    Raises:
        NotConfigured: there are no credentials to ask with.
        HoldfastError: the service cannot be reached, or refuses.
    """
    with _asking_once(source.profile):
        answer = _answer(_client(source), wanted)
    return Fresh(
        answer["AccessKeyId"],
        answer["SecretAccessKey"],
        answer["SessionToken"],
        answer["Expiration"],
    )


def _answer(sts: "STSClient", wanted: Wanted) -> "CredentialsTypeDef":
    if wanted.role_arn is None:
        with translated(Call("ask for a session", "sts:GetSessionToken", "*")):
            return sts.get_session_token(**_duration(wanted))["Credentials"]
    asked: dict[str, Any] = {
        "RoleArn": wanted.role_arn,
        "RoleSessionName": wanted.session_name or own_name(),
        **_duration(wanted),
    }
    if wanted.external_id:
        asked["ExternalId"] = wanted.external_id
    with translated(Call("assume the role", "sts:AssumeRole", wanted.role_arn)):
        return sts.assume_role(**asked)["Credentials"]


@contextmanager
def _asking_once(profile: str | None) -> Iterator[None]:
    """Refuse to be asked by the very profile that is asked: that would never come to an end."""
    if not profile:
        yield
        return
    if _ASKING in os.environ:
        raise NotConfigured(
            f"the profile {profile} asks for credentials of {os.environ[_ASKING]}, and has none of "
            "its own",
            "Name a profile with a long-lived key: holdfast credentials --source-profile NAME",
        )
    os.environ[_ASKING] = profile  # whatever the SDK starts for this profile has it too
    try:
        yield
    finally:
        del os.environ[_ASKING]


def own_name() -> str:
    """Return who runs this process and where, as the name of a session: 2 to 64 characters."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        user = f"uid{os.getuid()}"
    return _NOT_IN_A_NAME.sub("-", f"{user}@{socket.gethostname()}")[:64]


def _client(source: Source) -> "STSClient":
    settings = BackendSettings(
        "",
        region=source.region or os.environ.get("AWS_REGION") or _USUAL_REGION,
        endpoints=Endpoints(sts=source.endpoint),
        custom_ca_bundle=source.ca_bundle,
    )
    return Connection(settings.changed(**_credentials(source))).sts


def _credentials(source: Source) -> dict[str, str | None]:
    if source.access_key:
        return {"access_key": source.access_key, "secret_key": source.secret_key}
    if source.profile:
        return {"profile": source.profile}
    # Never the usual chain: the profile that it would end at is most likely the one that asks us.
    key, secret = os.environ.get(_KEY), os.environ.get(_SECRET)
    if not key or not secret:
        raise NotConfigured(
            "there is no access key to ask with",
            "Say where it is: holdfast credentials --data DIR, or --source-profile NAME, or set "
            f"{_KEY} and {_SECRET}.",
        )
    return {"access_key": key, "secret_key": secret, "token": os.environ.get(_TOKEN)}


def _duration(wanted: Wanted) -> dict[str, Any]:
    if wanted.duration is None:
        return {}
    return {"DurationSeconds": int(wanted.duration.total_seconds())}
