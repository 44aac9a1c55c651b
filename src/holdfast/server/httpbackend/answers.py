"""Answers of the `http` backend: statuses that Terraform understands, and reasons as JSON.

Terraform 1.11 shows the status only; the reason is for the log of the server, for `curl`, and for
clients to come. Which statuses it tries again: go-retryablehttp's `baseRetryPolicy` (429 and 5xx).
"""

import json
import logging
import shlex

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Response

log = logging.getLogger("holdfast.http_backend")

JSON = ("content-type", "application/json")
RULE = "Condition"  # the field of an error that names the rule which refused
_AGAIN = ("retry-after", "1")  # seconds
# Where the status of S3's error would be misunderstood. A missing bucket is not a state that is not
# there yet: 404 would let `terraform init` succeed.
_STATUSES = {
    "BadDigest": 400,
    "EntityTooLarge": 413,
    "NoSuchBucket": 400,
    "PreconditionFailed": 409,
    "RequestTimeout": 503,
}
_SAID_IN_LOG = (400, 409, 413)  # what Terraform's user comes to look for, seeing the number only
_NEXT = {
    "NoSuchBucket": "aws s3 mb s3://BUCKET",
    "SlowDown": "Terraform tries again by itself",
    "RequestTimeout": "Terraform tries again by itself",
}


def problem(error: ServiceError, request_id: str, bucket: str, key: str) -> Response:
    """Return the answer to a request that failed, and log the reason.

    Args:
        error: what went wrong, in S3's words.
        request_id: to find it in the log.
        bucket: of the state; empty: not known.
        key: of the state.
    """
    status = _STATUSES.get(error.code, error.status)
    rule = str(error.fields.get(RULE, ""))
    said = {"error": error.message or error.code, "code": error.code}
    if rule:
        said |= {"rule": rule, "next": _command(rule, bucket, key)}
    elif error.code in _NEXT:
        said["next"] = _NEXT[error.code].replace("BUCKET", bucket)
    if status in _SAID_IN_LOG:
        level = logging.WARNING if rule else logging.INFO
        log.log(level, "%s", said["error"], extra={"request_id": request_id, "rule": rule})
    said["request_id"] = request_id
    headers = [JSON, ("x-amz-request-id", request_id), *error.headers]
    if status == 503:
        headers.append(_AGAIN)
    return Response(status, tuple(headers), json.dumps(said).encode() + b"\n")


def _command(rule: str, bucket: str, key: str) -> str:
    """Return what to run next: leave for one write, or a look at what became of a lock."""
    state = shlex.quote(f"s3://{bucket}/{key}")
    if rule.startswith("fence."):
        return f"holdfast override {state} --reason 'WHY'"
    return f"holdfast journal {state}"
