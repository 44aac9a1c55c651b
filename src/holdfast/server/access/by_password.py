"""Who asks: HTTP Basic with the id and the secret of a long-lived access key."""

from datetime import datetime

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.engine.port import Engine
from holdfast.server.access.basic import basic, given
from holdfast.server.access.credentials import Identity, find
from holdfast.server.access.failed_attempts import FailedAttempts
from holdfast.server.operation import Site
from holdfast.server.overload import overload

_CHALLENGE = ("www-authenticate", 'Basic realm="holdfast", charset="UTF-8"')
_LONGEST_ID = 128  # characters that are remembered of what may be no id at all


def authenticate(
    engine: Engine, site: Site, attempts: FailedAttempts, request: Request, now: datetime
) -> Identity:
    """Return who a request is from.

    Args:
        engine: where access keys are kept.
        site: opens their secrets.
        attempts: is told of failures, and who has to wait.
        request: the head.
        now: aware.

    Raises:
        ServiceError: Unauthorized (401) without credentials, InvalidAccessKeyId (403) if they are not
            right, SlowDown if there were too many such.
    """
    header = request.headers.get("authorization")
    told = given(header)
    access_key_id = told[0][:_LONGEST_ID] if told else ""
    if attempts.refuses(request.client, access_key_id):
        raise overload("http")
    if told is None:
        raise ServiceError(
            "Unauthorized",
            "Give the id of an access key as user name and its secret as password: "
            "TF_HTTP_USERNAME and TF_HTTP_PASSWORD.",
            status=401,
            headers=(_CHALLENGE,),
        )
    identity = engine.view(
        lambda tx: basic(header, lambda known: find(tx, site.vault, site.account, known, now))
    )
    if identity is None:
        error = _not_right(access_key_id)
        attempts.failed(request.client, access_key_id, error.code)
        raise error
    attempts.succeeded(request.client, identity.access_key_id)
    return identity


def _not_right(access_key_id: str) -> ServiceError:
    if access_key_id.startswith("ASIA"):
        said = (
            "Temporary credentials come with a session token, which HTTP Basic cannot carry. Use a "
            "long-lived access key here, or the s3 backend."
        )
    else:
        said = (
            "User name and password are not the id and the secret of an access key that is active "
            "and has not expired."
        )
    return ServiceError("InvalidAccessKeyId", said, status=403)
