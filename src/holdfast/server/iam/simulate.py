"""SimulatePrincipalPolicy: what a user or a role may do, and which statement decides.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from holdfast.server.access.policies.document import Kind
from holdfast.server.access.policies.evaluate import Decision, Policies, Question, decide
from holdfast.server.iam.paging import after, page
from holdfast.server.iam.positions import position, statements
from holdfast.server.iam.simulated import Asker, Document, asker, document, entries, invalid
from holdfast.server.operation import Params, Result, Snapshot, operation

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ARN = re.compile(r"\*|arn:[^:]*:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_MOST = 1000  # decisions in one request
_UNSERVED = ("PermissionsBoundaryPolicyInputList", "PolicyExclusionList")
_GRAMMARS: Mapping[str, Kind] = {"kms": "key", "iam": "trust", "sts": "trust"}


class _Simulation(msgspec.Struct, frozen=True):
    """What is the same for all actions and resources of a request."""

    who: Asker
    identity: tuple[Document, ...]
    values: Mapping[str, tuple[str, ...]]
    resource_policy: str


@operation("SimulatePrincipalPolicy")
def simulate_principal_policy(tx: Snapshot, params: Params) -> Result:
    """Decide actions on resources for a user or a role, by its policies and those given."""
    actions, resources = params["ActionNames"], params.get("ResourceArns") or ["*"]
    _check(params, actions, resources)
    who = asker(tx, params["PolicySourceArn"])
    given = params.get("PolicyInputList", ())
    more = (
        document(text, f"PolicyInputList.{number}", "user", "identity")
        for number, text in enumerate(given, 1)
    )
    values = {**who.values, **entries(params.get("ContextEntries", ()))}
    policy = params.get("ResourcePolicy", "")
    simulation = _Simulation(who, (*who.documents, *more), values, policy)
    pairs = [(action, resource) for action in actions for resource in resources]
    start = after(params) or "0"
    if not start.isdecimal():
        raise invalid("Invalid Marker.")
    left = list(enumerate(pairs, 1))[int(start) :]
    shown, rest = page(params, "EvaluationResults", left, lambda numbered: str(numbered[0]))
    results = [_result(simulation, action, resource) for _, (action, resource) in shown]
    return {**rest, "EvaluationResults": results}


def _check(params: Params, actions: list[str], resources: list[str]) -> None:
    for name in _UNSERVED:
        if params.get(name):
            raise invalid(f"{name} is not implemented here.")
    if params.get("CallerArn", params["PolicySourceArn"]) != params["PolicySourceArn"]:
        raise invalid("A CallerArn other than the PolicySourceArn is not implemented here.")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise invalid(f"Invalid Action: {action[:128]}")
    for resource in resources:
        if not _ARN.fullmatch(resource):
            raise invalid(f"Invalid ARN: {resource[:128]}")
    if len(actions) * len(resources) > _MOST:
        raise invalid(f"At most {_MOST} actions and resources are simulated at a time.")


def _result(simulation: _Simulation, action: str, resource: str) -> dict[str, Any]:
    attached = _of_resource(simulation, action, resource)
    documents = (*simulation.identity, *attached)
    policies = Policies(
        identity=tuple(each.attached for each in simulation.identity),
        resource=attached[0].attached if attached else None,
        resource_decides=bool(attached) and _grammar(action, resource) != "bucket",
    )
    question = Question(action, resource, simulation.who.principal, simulation.values)
    decision = decide(policies, question)
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": _named(decision),
        "MatchedStatements": list(_matched(decision, documents)),
        "MissingContextValues": sorted(_missing(documents, simulation.values)),
    }


def _grammar(action: str, resource: str) -> Kind:
    service = resource.split(":")[2] if resource != "*" else action.partition(":")[0]
    return _GRAMMARS.get(service.lower(), "bucket")


def _of_resource(simulation: _Simulation, action: str, resource: str) -> tuple[Document, ...]:
    if not simulation.resource_policy:
        return ()
    kind = _grammar(action, resource)
    return (document(simulation.resource_policy, "ResourcePolicy", "resource", kind),)


def _named(decision: Decision) -> str:
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if decision.explicit else "implicitDeny"


def _matched(decision: Decision, documents: tuple[Document, ...]) -> Iterator[dict[str, Any]]:
    if decision.statement is None:
        return
    for each in documents:
        if each.attached.name == decision.policy:
            span = statements(each.text)[decision.statement.number - 1]
            yield {
                "SourcePolicyId": decision.policy,
                "SourcePolicyType": each.kind,
                "StartPosition": position(each.text, span.start),
                "EndPosition": position(each.text, span.end),
            }


def _missing(documents: tuple[Document, ...], values: Mapping[str, tuple[str, ...]]) -> set[str]:
    conditions = (
        condition.key
        for each in documents
        for statement in each.attached.policy.statements
        for condition in statement.conditions
    )
    return {key for key in conditions if key not in values}
