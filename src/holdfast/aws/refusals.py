"""How each family of services says that a request is not authenticated.

Sources: "Error responses" of the Amazon S3 API reference and "Common errors" of the IAM, STS, KMS and
DynamoDB references.
"""

from typing import Any, Literal

from holdfast.aws.errors import ServiceError

Family = Literal["s3", "json", "query"]
Problem = Literal["missing", "malformed", "unknown", "bad-token", "expired", "mismatch", "skewed"]

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your {}Secret Access Key and signing method."
)
_CONSULT = _MISMATCH.format("AWS ") + " Consult the service documentation for details."

# problem -> family -> (code, status, AWS's usual message)
_ANSWERS: dict[Problem, dict[Family, tuple[str, int, str]]] = {
    "missing": {
        "s3": ("AccessDenied", 403, "Access Denied"),
        "json": ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
        "query": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    },
    "malformed": {
        "s3": ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed."),
        "json": ("IncompleteSignatureException", 400, "The signature is incomplete."),
        "query": ("IncompleteSignature", 400, "The signature is incomplete."),
    },
    "unknown": {
        "s3": (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        "json": ("UnrecognizedClientException", 400, _INVALID),
        "query": ("InvalidClientTokenId", 403, _INVALID),
    },
    "bad-token": {
        "s3": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        "json": ("UnrecognizedClientException", 400, _INVALID),
        "query": ("InvalidClientTokenId", 403, _INVALID),
    },
    "expired": {
        "s3": ("ExpiredToken", 400, "The provided token has expired."),
        "json": ("ExpiredTokenException", 400, _EXPIRED),
        "query": ("ExpiredToken", 403, _EXPIRED),
    },
    "mismatch": {
        "s3": ("SignatureDoesNotMatch", 403, _MISMATCH.format("")),
        "json": ("InvalidSignatureException", 400, _CONSULT),
        "query": ("SignatureDoesNotMatch", 403, _CONSULT),
    },
    "skewed": {
        "s3": (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
        "json": ("InvalidSignatureException", 400, "Signature expired"),
        "query": ("SignatureDoesNotMatch", 403, "Signature expired"),
    },
}


def family(service: str) -> Family:
    """Return how a service words its errors: `s3`, `json` (DynamoDB, KMS) or `query` (STS, IAM)."""
    if service == "s3":
        return "s3"
    return "query" if service in ("sts", "iam") else "json"


def refusal(service: str, problem: Problem, message: str = "", **fields: Any) -> ServiceError:
    """Return the error with which a service refuses a request.

    Args:
        service: the service's signing name, such as `s3` or `dynamodb`.
        problem: what is wrong with the credentials.
        message: AWS's words for this very case; its usual ones for the problem if empty.
        fields: further members of the error document; only S3 sends them.
    """
    spoken = family(service)
    code, status, usual = _ANSWERS[problem][spoken]
    shown = fields if spoken == "s3" else {}
    return ServiceError(code, message or usual, status=status, **shown)
