"""Bootstrapping on a real server, and endpoints that lack an operation."""

import functools
import io
import os
from typing import Any

from botocore.awsrequest import AWSResponse

from holdfast.client.connect import Connection
from holdfast.client.settings import BackendSettings
from holdfast.operations.bootstrap.apply import Applied, apply
from holdfast.operations.bootstrap.desired import Desired, checked
from holdfast.operations.bootstrap.plan import Plan, plan
from holdfast.operations.bootstrap.read import connection_for, read_actual

REGION = "us-east-1"


def wanted(bucket: str, **settings: Any) -> Desired:
    """Return a desired state in the server's region."""
    return checked(Desired(bucket, REGION, **settings))


def connected(desired: Desired) -> Connection:
    """Return a connection of its own by the environment's endpoint and keys."""
    return connection_for(desired, BackendSettings(desired.bucket))


@functools.cache
def _shared(_endpoint: str, bucket: str, region: str) -> Connection:
    """Return a connection to read with; making clients takes longer than what they are asked."""
    return connected(Desired(bucket, region))


def usual(desired: Desired) -> Connection:
    """Return the connection that everything for a bucket shares."""
    return _shared(os.environ["AWS_ENDPOINT_URL"], desired.bucket, desired.region)


def planned(desired: Desired, connection: Connection | None = None, **options: Any) -> Plan:
    """Read what is there, and plan."""
    return plan(desired, read_actual(connection or usual(desired), desired), **options)


def applied(
    desired: Desired, connection: Connection | None = None, *, adopt: bool = False, **options: Any
) -> Applied:
    """Read, plan and apply."""
    there = connection or usual(desired)
    actual = read_actual(there, desired)
    return apply(there, desired, plan(desired, actual, adopt=adopt), actual, **options)


class _Body(io.BytesIO):
    def stream(self, **_options: Any) -> Any:
        """Yield the bytes, as urllib3's answers do."""
        yield self.read()


def answers(client: Any, operation: str, status: int, code: str, times: int = 10_000) -> None:
    """Let a client get an error, so many times, instead of sending an operation."""
    service = client.meta.service_model.service_id.hyphenize()
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"

    left = [times]

    def instead(request: Any, **_more: Any) -> AWSResponse | None:
        left[0] -= 1
        if left[0] < 0:
            return None
        text = "" if request.method == "HEAD" else body
        raw: Any = _Body(text.encode())
        headers: Any = {"content-type": "application/xml"}
        return AWSResponse(request.url, status, headers, raw)

    client.meta.events.register(f"before-send.{service}.{operation}", instead)
