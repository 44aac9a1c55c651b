"""Comparing a backend with its desired state, for CI: findings with stable ids."""

from dataclasses import dataclass
from typing import Any

from holdfast.operations.bootstrap.plan import Action, Plan

_SEVERE = {
    "bucket",
    "bucket.public-access",
    "bucket.versioning",
    "bucket.encryption",
    "key",
    "key.state",
    "table",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `found` and `wanted` are the values; both None where there is a reason only."""

    id: str
    severity: str  # "error" or "warning"
    name: str
    what: str
    found: Any = None
    wanted: Any = None


def findings(planned: Plan) -> tuple[Finding, ...]:
    """Return what is not as it should be. What the endpoint does not offer is none of it."""
    refused = [
        Finding(refusal.id, "error", "", " ".join([refusal.what, *refusal.evidence]))
        for refusal in planned.refusals
    ]
    missing = {step.id for step in planned.changes if step.id in ("key", "bucket", "table")}
    missing &= {step.id for step in planned.changes if step.action is Action.CREATE}
    differing = [
        Finding(
            step.id,
            "error" if step.id in _SEVERE else "warning",
            step.name,
            f"there is none: {step.why}" if step.action is Action.CREATE else step.why,
            step.before,
            step.after,
        )
        for step in planned.changes
        # Where the bucket itself is missing, its settings are not worth a line each.
        if step.id in missing or step.id.partition(".")[0] not in missing
    ]
    return (*refused, *differing)
