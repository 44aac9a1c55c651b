"""What a client is told whose write a rule refuses."""

from holdfast.aws.errors import ServiceError
from holdfast.server.judging import Refusal


def refused(refusal: Refusal) -> ServiceError:
    """Return the error of S3 that clients show as it is, and do not try again."""
    return ServiceError("PreconditionFailed", refusal.message, Condition=refusal.rule)
