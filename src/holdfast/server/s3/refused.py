"""What a client is told whose write a rule refuses."""

import shlex

from holdfast.aws.errors import ServiceError
from holdfast.server.judging import Refusal


def refused(refusal: Refusal, kept: str = "") -> ServiceError:
    """Return the error of S3 that clients show as it is, and do not try again.

    Beside AWS's members the document has `Reason`, what was compared, and `KeptAs`.

    Args:
        refusal: what the rule said.
        kept: the key under which the body is kept, if it is.
    """
    message = refusal.message
    if kept:
        # By its whole key, which also those may look up who may not list everything.
        message += f" What was sent is kept: holdfast refused show {shlex.quote(kept)}"
    elif refusal.keep_aside:
        message += " What was sent could not be kept, as only your own key opens it."
    reason = refusal.facts.get("reason")
    if reason is None:
        return ServiceError("PreconditionFailed", message, Condition=refusal.rule)
    return ServiceError(
        "PreconditionFailed", message, Condition=refusal.rule, Reason=reason, KeptAs=kept
    )
