"""How each service says that a request is not allowed.

Source: "Troubleshoot access denied error messages" of the IAM user guide.
"""

from holdfast.aws.errors import ServiceError
from holdfast.aws.refusals import family
from holdfast.server.access.asked import Need
from holdfast.server.access.policies.evaluate import Decision

_POLICIES = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "session": "session policy",
    "account": "identity-based policy",
}
_ARTICLES = {"identity": "an", "resource": "a", "session": "a", "account": "an"}


def denial(service: str, arn: str, need: Need, decision: Decision) -> ServiceError:
    """Return a service's answer to a request that is not allowed.

    Args:
        service: which one, such as `s3`.
        arn: of the caller.
        need: what is not allowed.
        decision: why not.
    """
    said = f"User: {arn} is not authorized to perform: {need.action}"
    resource = need.shown or need.resource
    if resource != "*":
        shown = f'"{resource}"' if service == "s3" else resource
        said = f"{said} on resource: {shown}"
    policy = _POLICIES[decision.source]
    if need.action.startswith("sts:"):
        return refused(service, said)  # AWS STS gives no reason
    if decision.explicit:
        return refused(
            service, f"{said} with an explicit deny in {_ARTICLES[decision.source]} {policy}"
        )
    return refused(service, f"{said} because no {policy} allows the {need.action} action")


def refused(service: str, message: str) -> ServiceError:
    """Return a service's error for what is not allowed, with a message."""
    if family(service) == "json":
        return ServiceError("AccessDeniedException", message, status=400)
    return ServiceError("AccessDenied", message, status=403)
