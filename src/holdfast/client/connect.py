"""Clients for the services behind a backend: one session, made when first needed, safe for threads."""

import ipaddress
import logging
import os
import re
import socket
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import holdfast
from holdfast.client import credentials, own_service
from holdfast.client.errors import HoldfastError, NotConfigured
from holdfast.client.settings import BackendSettings
from holdfast.client.translate import Call, of_sdk, translated
from holdfast.client.version_order import keep_order

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_LOG = logging.getLogger("holdfast")
_AWS_S3 = "https://s3.amazonaws.com"
POOL = 32  # connections to a service at the same time
_DNS_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
_OLD_ENDPOINTS = {"s3": "AWS_S3_ENDPOINT", "dynamodb": "AWS_DYNAMODB_ENDPOINT"}
_OLD_ENDPOINTS |= {"sts": "AWS_STS_ENDPOINT", "iam": "AWS_IAM_ENDPOINT"}


class Connection:
    """The services that a backend's settings lead to. Nothing is sent before it is needed."""

    def __init__(self, settings: BackendSettings) -> None:
        self.settings = settings
        self._conditional_deletes: bool | None = None
        self._making = threading.RLock()  # SDK sessions are not safe for threads, clients are

    @property
    def s3(self) -> "S3Client":
        """The client for S3."""
        return cast("S3Client", self._s3)

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """The client for DynamoDB."""
        return cast("DynamoDBClient", self._dynamodb)

    @property
    def kms(self) -> "KMSClient":
        """The client for KMS."""
        return cast("KMSClient", self._kms)

    @property
    def sts(self) -> "STSClient":
        """The client for STS."""
        return cast("STSClient", self._sts)

    @property
    def iam(self) -> "IAMClient":
        """The client for IAM."""
        return cast("IAMClient", self._iam)

    @property
    def holdfast(self) -> Any:
        """The client for Holdfast's own service; call it within `own_service.translated_own`.

        Raises:
            NotHoldfast: the backend is on AWS.
        """
        return self._holdfast

    @property
    def region(self) -> str:
        """The region of the bucket and the table.

        Raises:
            NotConfigured: nothing says one.
        """
        return credentials.region_of(self.settings, self.session)

    @cached_property
    def session(self) -> "Session":
        """The SDK session.

        Raises:
            NotConfigured: the profile does not exist, or a role's settings make no sense.
        """
        from botocore.exceptions import BotoCoreError

        with self._making:
            try:
                session = credentials.session_of(self.settings)
                own_service.learn_model(session)  # before the SDK lists what it knows
                session = credentials.assuming(session, self.settings, self._sts_client_of)
            except BotoCoreError as error:
                raise of_sdk(error, Call("prepare AWS credentials", "", "")) from error
            return session

    @property
    def is_aws(self) -> bool:
        """Whether S3 is AWS's own."""
        host = urlsplit(self.s3.meta.endpoint_url).hostname or ""
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    @property
    def conditional_deletes(self) -> bool | None:
        """Whether S3 honours If-Match on DeleteObject, as AWS does; None before it was found out."""
        return (
            True if self._conditional_deletes is None and self.is_aws else self._conditional_deletes
        )

    def found_conditional_deletes(self, honoured: bool) -> None:
        """Remember whether If-Match on DeleteObject is honoured, and say so if it is not."""
        if not honoured:
            _LOG.warning(
                "%s ignores If-Match on DeleteObject: a lock file is read, compared and then deleted, "
                "as Terraform does, so that a lock taken in between would be lost",
                self.s3.meta.endpoint_url,
            )
        self._conditional_deletes = honoured

    def identity(self) -> dict[str, str]:
        """Return who we are to the service: `Account`, `Arn`, `UserId`."""
        with translated(Call("ask who we are", "sts:GetCallerIdentity", "*")):
            said = self.sts.get_caller_identity()
        return {name: said[name] for name in ("Account", "Arn", "UserId")}

    def check_account(self) -> None:
        """Compare our account with the ones that the settings allow and forbid.

        Raises:
            NotConfigured: the settings do not let us use this account.
        """
        allowed, forbidden = self.settings.allowed_account_ids, self.settings.forbidden_account_ids
        if not allowed and not forbidden:
            return
        account = self.identity()["Account"]
        if account in forbidden or (allowed and account not in allowed):
            raise NotConfigured(
                f"account {account} is not one that this backend may use",
                "Use another profile, or change allowed_account_ids and forbidden_account_ids.",
            )

    @cached_property
    def _s3(self) -> Any:
        self.check_account()
        # A client takes long to make, and only a made one knows for sure where it leads.
        said = _host_of(self._endpoint("s3") or _said_to_sdk("s3") or _AWS_S3)
        style = self._addressing_style(said)
        client = self._client("s3", {"addressing_style": style})
        found = _host_of(client.meta.endpoint_url)
        if found != said and (needed := self._addressing_style(found)) != style:
            client = self._client("s3", {"addressing_style": needed})  # a profile says another one
        keep_order(client)
        return client

    def _addressing_style(self, host: str) -> str:
        if host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            return "path" if self.settings.use_path_style else "auto"
        return "path" if _wants_path(self.settings, host) else "virtual"

    @cached_property
    def _dynamodb(self) -> Any:
        self.check_account()
        return self._client("dynamodb")

    @cached_property
    def _kms(self) -> Any:
        return self._client("kms")

    @cached_property
    def _sts(self) -> Any:
        return self._client("sts")

    @cached_property
    def _iam(self) -> Any:
        return self._client("iam")

    @cached_property
    def _holdfast(self) -> Any:
        self.check_account()
        client = self._client(own_service.SERVICE)
        own_service.check_answers(client)
        return client

    def _client(self, service: str, s3: dict[str, Any] | None = None) -> Any:
        with self._making:
            return self._create(self.session, service, s3 or {})

    def _create(self, session: "Session", service: str, s3: dict[str, Any], **given: Any) -> Any:
        from botocore.exceptions import BotoCoreError

        settings = self.settings
        url = self._endpoint(service)
        region = credentials.region_of(settings, session)
        if service == "sts" and settings.sts_region:
            region = settings.sts_region
        arguments: dict[str, Any] = {
            "region_name": region,
            "endpoint_url": url,
            "verify": False if settings.insecure else settings.custom_ca_bundle,
            "config": self._config(url, s3),
        }
        if "config" in given:  # the SDK's fetcher asks for requests without a signature
            given["config"] = arguments["config"].merge(given["config"])
        arguments.update(given)
        try:
            return session.create_client(service, **arguments)
        except (BotoCoreError, ValueError) as error:
            raise self._unmade(service, error) from error

    def _unmade(self, service: str, error: Exception) -> HoldfastError:
        if isinstance(error, ValueError):
            return NotConfigured(
                f"cannot reach {service}: {error}", "Check the endpoint's address."
            )
        return of_sdk(error, Call(f"reach {service}", "", ""))

    def _endpoint(self, service: str) -> str | None:
        """Return the address of a service; None leaves it to the SDK: AWS_ENDPOINT_URL*, profile."""
        if service == own_service.SERVICE:
            return own_service.address(self.s3.meta.endpoint_url, is_aws=self.is_aws)
        found: str | None = getattr(self.settings.endpoints, service, None)
        if not found and f"AWS_ENDPOINT_URL_{service.upper()}" not in os.environ:
            found = os.environ.get(_OLD_ENDPOINTS.get(service, ""))
        if found and "://" not in found:
            found = f"https://{found}"
        return found or None

    def _config(self, url: str | None, s3: dict[str, Any]) -> Any:
        from botocore.config import Config

        settings = self.settings
        options: dict[str, Any] = {
            "retries": {
                "total_max_attempts": max(1, settings.max_retries),
                "mode": settings.retry_mode or os.environ.get("AWS_RETRY_MODE") or "standard",
            },
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": POOL,
            "tcp_keepalive": True,
            "user_agent_extra": f"holdfast/{holdfast.__version__}",
            "s3": s3,
        }
        if settings.skip_s3_checksum:
            options["request_checksum_calculation"] = "when_required"
            options["response_checksum_validation"] = "when_required"
        if settings.use_fips_endpoint is not None:
            options["use_fips_endpoint"] = settings.use_fips_endpoint
        if settings.use_dualstack_endpoint is not None:
            options["use_dualstack_endpoint"] = settings.use_dualstack_endpoint
        if settings.http_proxy or settings.https_proxy:
            options["proxies"] = self._proxies(url)
        return Config(**options)

    def _proxies(self, url: str | None) -> dict[str, str]:
        settings = self.settings
        host = urlsplit(url or "").hostname or ""
        if host and settings.no_proxy and proxy_bypass(host, {"no": settings.no_proxy}):
            return {}
        found = {"http": settings.http_proxy, "https": settings.https_proxy}
        return {scheme: address for scheme, address in found.items() if address}

    def _sts_client_of(self, session: "Session") -> Any:
        """Return what makes STS clients with the settings' endpoint, for the fetchers of the SDK."""

        def make(service: str, **given: Any) -> Any:
            return self._create(session, service, {}, **given)

        return make


def _said_to_sdk(service: str) -> str | None:
    """Return the address that the environment gives the SDK for a service; None leaves it to AWS's."""
    own = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}")
    return own or os.environ.get("AWS_ENDPOINT_URL")


def _host_of(url: str) -> str:
    """Return the host of an address; empty if it is no address, which the SDK will say."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _wants_path(settings: BackendSettings, host: str) -> bool:
    """Say whether the bucket goes into the path at an endpoint that is not AWS's.

    Terraform puts it into the host name unless `use_path_style` is set or the host is an IP address.
    Where such a name does not exist, the path is the only way left.
    """
    if settings.use_path_style is not None:
        return settings.use_path_style or _is_ip(host)
    if _is_ip(host) or "." not in host or not _DNS_NAME.fullmatch(settings.bucket):
        return True
    try:
        socket.getaddrinfo(f"{settings.bucket}.{host}", None)
    except (OSError, UnicodeError):
        return True
    return False


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
