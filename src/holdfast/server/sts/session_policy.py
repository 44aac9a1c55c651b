"""The policy that a request for a session may bring: the session may do what it and the role allow."""

from collections.abc import Iterator
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.access.policies.document import PolicyRefused, parse
from holdfast.server.operation import Params
from holdfast.server.sts.validation import violations

_LONGEST = 2048  # characters
_PACKED_BYTES = 4096  # what AWS calls 100 percent is not published; this is generous


def policy_violations(params: Params) -> Iterator[str]:
    """Yield what is wrong with the form of the policy, in AWS's words."""
    if "Policy" in params:
        yield from violations("policy", params["Policy"], r"[\t\n\r -\xff]+", 1, _LONGEST)


def policy_of(params: Params) -> str:
    """Return the policy of a new session, or nothing.

    Raises:
        ServiceError: it is not one that can be kept to, or one is named by its ARN: there are none.
    """
    for arn in params.get("PolicyArns", ()):
        raise ServiceError(
            "ValidationError",
            f"Policy {arn.get('arn', '')} does not exist or is not attachable.",
            status=400,
        )
    text = str(params.get("Policy", ""))
    if text:
        try:
            parse(text, "session")
        except PolicyRefused as refused:
            raise ServiceError("MalformedPolicyDocument", str(refused), status=400) from None
    return text


def packed_size(params: Params) -> dict[str, Any]:
    """Return `PackedPolicySize`, a percentage, if there is a policy or a tag."""
    if "Policy" not in params and "Tags" not in params:
        return {}
    tags = sum(len(t.get("Key", "")) + len(t.get("Value", "")) for t in params.get("Tags", ()))
    packed = tags + len(params.get("Policy", ""))
    return {"PackedPolicySize": min(100, -(-packed * 100 // _PACKED_BYTES))}
