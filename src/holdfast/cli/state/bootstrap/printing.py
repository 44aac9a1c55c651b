"""How plans and steps are printed."""

import json
from typing import TYPE_CHECKING, Any

from holdfast.cli.colours import Style, safe
from holdfast.cli.output import note, say, warn
from holdfast.cli.state.bootstrap.words import words

if TYPE_CHECKING:
    from holdfast.operations.bootstrap.actual import Identity
    from holdfast.operations.bootstrap.desired import Desired
    from holdfast.operations.bootstrap.plan import Plan, Step

_WIDTH = len("bucket.public-access")
_SIGNS = {
    "create": ("+", Style.ADDED),
    "change": ("~", Style.CHANGED),
    "keep": (" ", Style.DIM),
    "leave out": ("!", Style.WARNING),
}


def print_plan(desired: "Desired", plan: "Plan") -> None:
    """Print a plan: what changes and why; what stays is counted."""
    say(heading(desired, plan.identity), Style.STRONG)
    for step in plan.steps:
        if step.action.value != "keep":
            print_step(step)
    kept = len(plan.steps) - len(plan.changes) - len(plan.left_out)
    _print_notes(desired, plan)
    for refusal in plan.refusals:
        say(f"Refused ({refusal.id}): {safe(refusal.what)}", Style.BAD)
        for evidence in refusal.evidence:
            say(f"    {safe(evidence)}")
        say(f"    {refusal.next_step}")
    made = sum(step.action.value == "create" for step in plan.changes)
    changed = len(plan.changes) - made
    out = f", {len(plan.left_out)} not offered here" if plan.left_out else ""
    say(f"{made} to create, {changed} to change, {kept} as they should be{out}.", Style.STRONG)


def heading(desired: "Desired", identity: "Identity") -> str:
    """Return a line that says where all this is."""
    account = f"account {identity.account}" if identity.account else "no account"
    at = "" if identity.is_aws else f", at {identity.endpoint}"
    return f"Backend {desired.bucket} in {desired.region}, {account}{at}"


def print_step(step: "Step") -> None:
    """Print a step with its values and its reason."""
    sign, style = _SIGNS[step.action.value]
    what = f"  {sign} {step.id.ljust(_WIDTH)} "
    if step.action.value == "leave out":
        say(f"{what} left out: this endpoint does not offer it", style)
    else:
        say(f"{what} {safe(change(step))}", style)
    say(f"{' ' * len(what)} {step.why}", Style.DIM)


def change(step: "Step") -> str:
    """Return what a step makes of what, in words."""
    after = step.name if "." not in step.id else words(step.id, step.after)
    if step.before is None and step.action.value == "create":
        return after
    before = words(step.id, step.before)
    if before == after:  # they differ in what words do not tell
        return f"{json.dumps(step.before, default=str)} -> {json.dumps(step.after, default=str)}"
    return f"{before} -> {after}"


def _print_notes(desired: "Desired", plan: "Plan") -> None:
    note_plain_endpoint(desired, plan.identity)
    policy = next((step for step in plan.changes if step.id == "bucket.policy"), None)
    if policy and policy.action.value == "change" and "HoldfastEncryption" in policy.after:
        warn(
            "clients that use this bucket with encrypt = true and without kms_key_id ask for weaker "
            "encryption, and will be denied. Add kms_key_id to their blocks, or set encryption = "
            "false under [policy] in the file of --config."
        )


def note_plain_endpoint(desired: "Desired", identity: "Identity") -> None:
    """Say that the policy demands no TLS where there is none, above all if that was asked for."""
    from holdfast.operations.bootstrap.bucket_policy import is_plain

    if not is_plain(identity):
        return
    if desired.policy.tls_only:
        warn(
            "tls_only is left out: the endpoint is plain HTTP, and the policy would deny every "
            "request, yours too. Serve it with TLS first, such as: holdfast serve "
            "--tls-certificate FILE --tls-key FILE"
        )
    else:
        note("The endpoint is plain HTTP, so the bucket's policy does not demand TLS.")


def plan_document(desired: "Desired", plan: "Plan") -> dict[str, Any]:
    """Return a plan as JSON has it."""
    return {
        "bucket": desired.bucket,
        "region": desired.region,
        "account": plan.identity.account,
        "endpoint": plan.identity.endpoint,
        "changes": len(plan.changes),
        "steps": plan.steps,
        "refusals": plan.refusals,
    }
