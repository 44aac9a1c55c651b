"""What a server that has too much to do answers."""

from holdfast.aws.errors import ServiceError


def overload(service: str) -> ServiceError:
    """Return the error that makes a client's SDK wait and try again.

    Never 429: the SDKs that Terraform uses do not retry it.

    Args:
        service: s3, dynamodb, kms, sts or iam; or http, Terraform's backend of that name.
    """
    if service in ("s3", "http"):
        return ServiceError("SlowDown")
    code = "Throttling" if service in ("sts", "iam") else "ThrottlingException"
    return ServiceError(code, "Rate of requests exceeds what is answered at once.", status=400)
