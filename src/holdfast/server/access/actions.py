"""What has to be allowed for each operation that is served, by service."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from holdfast.server.access.asked import Asked, Need

Rule = Callable[[Asked], list[Need]]

# A service's rules are imported when somebody other than the administrator first asks it.
PLACES: Mapping[str, tuple[str, str]] = {
    "dynamodb": ("dynamodb_actions", "needs"),
    "holdfast": ("identity_actions", "own_needs"),
    "iam": ("identity_actions", "iam_needs"),
    "kms": ("kms_actions", "needs"),
    "s3": ("s3_actions", "needs"),
    "sts": ("identity_actions", "sts_needs"),
}


@cache
def rule_of(service: str) -> Rule:
    """Return what says what has to be allowed for a request to a service."""
    module, name = PLACES[service]
    rule: Rule = getattr(import_module(f"holdfast.server.access.{module}"), name)
    return rule


def needs_of(asked: Asked) -> list[Need]:
    """Return all that has to be allowed for a request, in the order in which it is asked.

    Raises:
        KeyError: nobody has said what this operation needs; nobody may do it then.
        ServiceError: the request does not say what it is about.
    """
    return rule_of(asked.service)(asked)
