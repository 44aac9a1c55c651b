"""What boto3 raises, in our words: one place turns every error of the SDK into a HoldfastError.

Codes: the error pages of S3, DynamoDB, KMS and STS, and IAM's common errors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.client import errors
from holdfast.client.errors import HoldfastError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_KEY = {
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidToken",
    "MissingAuthenticationTokenException",
    "AuthFailure",
}
_BAD_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
_SKEWED = {"RequestTimeTooSkewed"}
_ELSEWHERE = {
    "PermanentRedirect",
    "301",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "TemporaryRedirect",
}
_BUSY = {
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "InternalServerError",
    "ConditionalRequestConflict",  # another request for the same object at the same moment
    "OperationAborted",
    "RequestTimeout",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
    "429",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "500",
    "502",
    "503",
    "504",
}
_ASSUME = "sts:AssumeRole"
_KMS_GONE = {
    "KMS.NotFoundException",
    "KMS.DisabledException",
    "KMS.KMSInvalidStateException",
    "KMSInvalidStateException",
    "NotFoundException",
    "DisabledException",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a service, as errors name it."""

    doing: str  # "read s3://bucket/key"
    action: str  # "s3:GetObject"
    resource: str  # the ARN the action is needed on


def code_of(error: "ClientError") -> str:
    """Return the service's code; the HTTP status if the answer had no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: "ClientError") -> int:
    """Return the HTTP status of the answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def attempts_before(answer: Any) -> int:
    """Return how often the SDK had sent the request before the attempt that this answer is for."""
    return int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


@contextmanager
def translated(call: Call) -> Iterator[None]:
    """Turn what boto3 raises inside into our errors; what is ours passes."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise of_answer(error, call) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise of_sdk(error, call) from error


def of_answer(error: "ClientError", call: Call) -> HoldfastError:
    """Return our error for a service's error answer."""
    code = code_of(error)
    if error.operation_name.startswith("AssumeRole") and "AssumeRole" not in call.action:
        call = Call(f"{call.doing}, because the role was not assumed", _ASSUME, "the role")
    message = str(error.response.get("Error", {}).get("Message", "")).strip().rstrip(".")
    what = f"cannot {call.doing}"
    if is_by_rule(error):
        return _by_rule(error, what, message)
    if code in _EXPIRED | _UNKNOWN_KEY | _BAD_SIGNATURE | _SKEWED:
        return _credentials(code, what, message)
    if code in _ELSEWHERE or status_of(error) == 301:
        return _elsewhere(error, what)
    if code == "NoSuchBucket":
        return errors.NoSuchBucket(
            f"{what}: there is no bucket {bucket_in(call.resource)} at this endpoint",
            "Check the bucket's name, the endpoint and the account; "
            "'holdfast bootstrap apply' makes a bucket.",
        )
    if code == "ResourceNotFoundException":
        return errors.NoSuchTable(
            f"{what}: there is no table {call.resource.rpartition('/')[2]} in this region and account",
            "Check dynamodb_table, region and account; 'holdfast bootstrap apply' makes a table.",
        )
    if code in _KMS_GONE:
        return errors.ServiceFailed(
            f"{what}: the KMS key cannot be used ({code}: {message})",
            "Enable it, or cancel its deletion: 'aws kms describe-key --key-id KEY' shows its state.",
            code=code,
        )
    if code in _DENIED or status_of(error) == 403:
        return denied(call, message)
    if code in _BUSY:
        return errors.Unreachable(
            f"{what}: the service is overloaded or failing ({code}: {message})", "Try again."
        )
    return errors.ServiceFailed(f"{what}: {code}: {message}", code=code)


def is_by_rule(error: "ClientError") -> bool:
    """Say whether a Holdfast server refused it for a rule about states.

    A condition that a request makes itself fails with the same code and status, but without a reason.
    """
    return code_of(error) == "PreconditionFailed" and "Reason" in error.response.get("Error", {})


def _by_rule(error: "ClientError", what: str, message: str) -> HoldfastError:
    said: Any = error.response.get("Error", {})
    rule, reason = str(said.get("Condition", "")), str(said["Reason"])
    advice = message.partition(reason)[2].strip()
    return errors.RefusedByRule(
        f"{what}: the rule {rule} refuses it: {reason.rstrip('.')}",
        advice and f"{advice}.",
        rule=rule,
        kept=str(said.get("KeptAs") or ""),
    )


def denied(call: Call, message: str) -> HoldfastError:
    """Return the error for a missing permission, KMS's own where S3 passes it on."""
    action = next(
        (word.strip(".,:") for word in message.split() if word.startswith("kms:")), call.action
    )
    resource = call.resource if action == call.action else "the KMS key"
    said = f" ({message})" if message and message not in {"Forbidden", "Access Denied"} else ""
    return errors.AccessDenied(
        f"cannot {call.doing}: {action} on {resource} is not allowed{said}",
        f"Allow {action} on {resource} in the identity's policy, the bucket's and the key's, "
        "or use another profile; 'aws sts get-caller-identity' shows who you are.",
        action=action,
        resource=resource,
    )


def _credentials(code: str, what: str, message: str) -> HoldfastError:
    if code in _EXPIRED:
        return errors.NoCredentials(
            f"{what}: the credentials have expired",
            "Get new ones ('aws sso login', or log in again) and repeat the command.",
        )
    if code in _SKEWED:
        return errors.NoCredentials(
            f"{what}: this machine's clock is too far from the service's ({message})",
            "Set the clock.",
        )
    if code in _BAD_SIGNATURE:
        return errors.NoCredentials(
            f"{what}: the secret key does not fit the access key ({message})",
            "Check AWS_SECRET_ACCESS_KEY or the profile; a proxy that changes requests does this too.",
        )
    return errors.NoCredentials(
        f"{what}: the endpoint does not know the access key ({message})",
        "Check AWS_ACCESS_KEY_ID, AWS_PROFILE and the endpoint: keys of AWS do not work on another "
        "server, nor the other way round.",
    )


def _elsewhere(error: "ClientError", what: str) -> HoldfastError:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    body: Any = error.response.get("Error", {})
    region = headers.get("x-amz-bucket-region") or body.get("Region")
    if region:
        return errors.WrongRegion(
            f"{what}: the bucket is in {region}",
            f'Set region = "{region}", or AWS_REGION={region}.',
        )
    return errors.WrongRegion(
        f"{what}: the bucket is in another region ({body.get('Message', '')})",
        "Set the region of the bucket.",
    )


def of_sdk(error: Exception, call: Call) -> HoldfastError:
    """Return our error for one that the SDK raises itself, without an answer of a service."""
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    what = f"cannot {call.doing}"
    missing = (sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError)
    if isinstance(error, missing):
        return errors.NoCredentials(
            f"{what}: no usable AWS credentials were found ({error})",
            "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a server of "
            'holdfast: eval "$(holdfast env)".',
        )
    if isinstance(error, (sdk.SSOError, sdk.TokenRetrievalError, sdk.UnauthorizedSSOTokenError)):
        return errors.NoCredentials(f"{what}: {error}", "Log in again: aws sso login")
    if isinstance(error, sdk.ProfileNotFound):
        return errors.NotConfigured(
            f"{what}: {error}", "'aws configure list-profiles' lists the profiles there are."
        )
    if isinstance(error, sdk.NoRegionError):
        return errors.NotConfigured(
            f"{what}: no region was said", "Set region in the backend block, or AWS_REGION."
        )
    if isinstance(error, sdk.SSLError):
        return errors.Unreachable(
            f"{what}: the endpoint's certificate is not accepted ({error})",
            "Set custom_ca_bundle, or AWS_CA_BUNDLE, to the file that holds its certificate authority.",
        )
    if isinstance(error, (sdk.HTTPClientError, sdk.ConnectionError, sdk.IncompleteReadError)):
        return errors.Unreachable(
            f"{what}: no answer ({error})",
            "Check that the endpoint is right, that it runs, and that nothing blocks the way to it.",
        )
    if isinstance(error, ResponseParserError):
        return errors.ServiceFailed(
            f"{what}: what answered does not speak AWS's language",
            "Check the endpoint: a proxy, or another server, may answer there.",
        )
    return errors.ServiceFailed(f"{what}: {error}")


def bucket_in(resource: str) -> str:
    """Return the name of the bucket in an S3 ARN."""
    return resource.removeprefix("arn:aws:s3:::").partition("/")[0]
