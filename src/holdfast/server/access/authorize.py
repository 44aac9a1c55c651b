"""Whether policies allow a request: all that it needs, one after the other.

The administrator stands for the account and needs no policy; only the policy of a bucket can deny it
something. Everybody else may do what a policy allows, and nothing without one.
"""

from functools import cache
from typing import NamedTuple

from msgspec import structs

from holdfast.aws.errors import ServiceError
from holdfast.aws.timestamps import iso_seconds
from holdfast.engine.port import Reader
from holdfast.server.access.actions import PLACES, needs_of, rule_of
from holdfast.server.access.admission import DENIED
from holdfast.server.access.asked import Asked, Need
from holdfast.server.access.call import Call
from holdfast.server.access.denials import denial, refused
from holdfast.server.access.holder import Holder, holder_of
from holdfast.server.access.known import Known, Later
from holdfast.server.access.policies.document import PolicyRefused, parse
from holdfast.server.access.policies.evaluate import (
    NEVER_DENIED,
    Attached,
    Decision,
    Policies,
    Question,
    decide,
)
from holdfast.server.access.policies.patterns import Values
from holdfast.server.access.users import ADMINISTRATOR
from holdfast.server.judging import REFUSED_BUCKET
from holdfast.server.operation import MAY_WRITE, OUTPUTS_ONLY, SEES, MayWrite, Params, Sees
from holdfast.server.state_names import DIGEST_SUFFIX, LOCK_FILE_SUFFIX

# Who could give itself a key of the administrator would be the administrator.
_CHANGING_USERS = ("iam:Create", "iam:Delete", "iam:Put", "iam:Tag", "iam:Untag", "iam:Update")
_ONLY_ITSELF = (
    "User: {arn} is not authorized to perform: {need.action} on resource: {need.resource} because "
    "only the administrator may change the administrator"
)
_REFUSED = f"arn:aws:s3:::{REFUSED_BUCKET}/"
GET_OUTPUTS = "holdfast:GetOutputs"
"""Ours: to read of a state what `terraform_remote_state` uses of it."""


def import_all() -> None:
    """Import what says of each service what its requests need."""
    for service in PLACES:
        rule_of(service)


def authorize(reader: Reader, call: Call) -> Params:
    """Check that a request is allowed; return its parameters, for DeleteObjects with what is not.

    Args:
        reader: the records before the request.
        call: the request.

    Raises:
        ServiceError: AccessDenied or AccessDeniedException; InvalidArgument for a copy that does not
            say what it reads.
    """
    asked = _asked(reader, call)
    needs, about = needs_of(asked), _about(asked)
    if asked.operation == "DeleteObjects":
        return _each_deletion(asked, about, needs)
    reduced = False
    for need in needs:
        problem = _denial(asked, about, need)
        if problem is not None:
            reduced = _reads_outputs(asked, about, need)
            if not reduced:
                raise problem
    if asked.service == "dynamodb":
        return {**asked.params, MAY_WRITE: _may_write(asked, about)}
    if asked.service == "holdfast":
        return {**asked.params, SEES: _sight(asked, about)}
    return {**asked.params, OUTPUTS_ONLY: True} if reduced else asked.params


def require_sight(reader: Reader, call: Call, code: str) -> None:
    """Check that a caller may be told that an object, or a version of one, is not there.

    Source: "GetObject" of the S3 API reference: without s3:ListBucket the answer is 403.

    Args:
        reader: the records.
        call: the request.
        code: NoSuchKey or NoSuchVersion.

    Raises:
        ServiceError: AccessDenied.
    """
    from holdfast.server.access.s3_actions import places_of, seeing

    asked = _asked(reader, call)
    about = _about(asked)
    for bucket, key in places_of(asked):
        _require(asked, about, seeing(asked, bucket, key, version=code == "NoSuchVersion"))


def sees_state(reader: Reader, call: Call, bucket: str, key: str) -> bool:
    """Say whether a caller may read a state or its lock file, or the lock table's item under a key.

    Args:
        reader: the records.
        call: the request.
        bucket: of the state.
        key: of the state, or what goes by it: its lock file, its digest.
    """
    from holdfast.server.access.s3_actions import guard_of, object_arn

    asked = _asked(reader, call)
    state = key.removesuffix(LOCK_FILE_SUFFIX).removesuffix(DIGEST_SUFFIX)
    guard = guard_of(asked, bucket)
    arns = (object_arn(bucket, one) for one in (key, state, state + LOCK_FILE_SUFFIX))
    try:
        about = _about(asked)
    except ServiceError:
        return False
    return any(
        _denial(asked, about, Need("s3:GetObject", arn, guard=guard)) is None for arn in arns
    )


def _asked(reader: Reader, call: Call) -> Asked:
    return Asked(*structs.astuple(call), reader=reader)


class _About(NamedTuple):
    """What is the same for all that a request needs."""

    holder: Holder
    values: Later


def _about(asked: Asked) -> _About:
    return _About(_holder(asked), Later(lambda: _values(asked)))


def _each_deletion(asked: Asked, about: _About, needs: list[Need]) -> Params:
    """Return the parameters of DeleteObjects with what is not allowed of them.

    If that is everything, or there is nothing, only who may list the bucket is told so entry by entry:
    that there is such a bucket is something as well.
    """
    from holdfast.server.access.s3_actions import condition_of, seeing

    denials = []
    for need, entry in zip(needs, asked.params["Delete"].get("Objects", ()), strict=False):
        denied, condition = _denial(asked, about, need), condition_of(need, entry)
        if denied is None and condition is not None:
            denied = _denial(asked, about, condition)
        denials.append(denied)
    problems = [problem for problem in denials if problem is not None]
    if len(problems) == len(denials):
        unseen = _denial(asked, about, seeing(asked, asked.params["Bucket"], "", version=False))
        if unseen is not None:
            raise problems[0] if problems else unseen
    return {**asked.params, DENIED: denials} if problems else asked.params


def _holder(asked: Asked) -> Holder:
    identity = asked.identity
    try:
        found = holder_of(asked.reader, identity, asked.site.account)
    except PolicyRefused as problem:
        said = f"A policy of {identity.arn} cannot be evaluated: {problem}"
        raise refused(asked.service, said) from None
    if found is None:
        raise refused(asked.service, f"{identity.arn} is gone")
    return found


def _require(asked: Asked, about: _About, need: Need) -> None:
    problem = _denial(asked, about, need)
    if problem is not None:
        raise problem


def _reads_outputs(asked: Asked, about: _About, need: Need) -> bool:
    """Say whether somebody who may not read an object may read the outputs of the state in it."""
    if asked.operation not in ("GetObject", "HeadObject") or need.action != "s3:GetObject":
        return False
    if _denial(asked, about, structs.replace(need, action=GET_OUTPUTS)) is not None:
        return False
    # Who denies the whole denies its parts.
    whole = (need, _origin(asked, need))
    return not any(_decision(about, one).explicit for one in whole if one is not None)


def _sight(asked: Asked, about: _About) -> Sees:
    """Return what says of each state in a list that is allowed whether it is denied by itself."""

    def sees(bucket: str, key: str) -> bool:
        arn = f"arn:aws:s3:::{bucket}/{key}"
        return not _decision(about, Need(f"holdfast:{asked.operation}", arn)).explicit

    return cache(sees)


def _may_write(asked: Asked, about: _About) -> MayWrite:
    """Return what says of a state whether the caller may write it, by its own policies or the bucket's.

    A policy of the bucket that denies some writes, such as those without encryption, denies not all.
    """
    from holdfast.server.access.s3_actions import guard_of, object_arn

    def may(reader: Reader, bucket: str, key: str) -> bool:
        guards = (None, guard_of(structs.replace(asked, reader=reader), bucket))
        needs = (Need("s3:PutObject", object_arn(bucket, key), guard=guard) for guard in guards)
        return any(_denial(asked, about, need) is None for need in needs)

    return may


def _denial(asked: Asked, about: _About, need: Need) -> ServiceError | None:
    """Return why something is not allowed, or None if it is."""
    if not about.holder.principal.root and _changes_administrator(need):
        return refused(asked.service, _ONLY_ITSELF.format(arn=asked.identity.arn, need=need))
    try:
        decision = _decision(about, need)
        if decision.allowed and (origin := _origin(asked, need)) is not None:
            meant = _decision(about, origin)
            need, decision = (origin, meant) if meant.explicit else (need, decision)
    except PolicyRefused as problem:
        said = f"The policy of {need.resource} cannot be evaluated: {problem}"
        return refused(asked.service, said)
    if decision.allowed:
        return None
    return denial(asked.service, asked.identity.arn, need, _as_told(about, need, decision))


def _as_told(about: _About, need: Need, decision: Decision) -> Decision:
    """Return what somebody is told of a denial by the policy of a bucket, key or role.

    That there is one says that the resource is there, which is told to those only who could use it
    were it not for that denial. To all others the answer is that of a resource that is not there.
    """
    if decision.source != "resource" or about.holder.principal.root:
        return decision
    question, policies = _question(about, need), _policies(about, need)
    if decision.explicit and policies.resource is not None:
        policy = policies.resource.policy
        allowing = tuple(one for one in policy.statements if one.effect == "Allow")
        open_handed = structs.replace(policy, statements=allowing)
        resource = structs.replace(policies.resource, policy=open_handed)
        if decide(structs.replace(policies, resource=resource), question).allowed:
            return decision
    alone = structs.replace(policies, resource=None, resource_decides=False)
    without = decide(alone, question)
    return decision if without.allowed else without


def _origin(asked: Asked, need: Need) -> Need | None:
    """Return the same of the state that a body was meant for which a rule refused; None of others.

    The body is kept in a bucket of its own, and holds what the state holds: who is denied the one by
    itself, maybe by the policy of its bucket, gets at nothing by the other.
    """
    if not need.resource.startswith(_REFUSED):
        return None
    from holdfast.server.access.s3_actions import guard_of, object_arn

    bucket, _, rest = need.resource.removeprefix(_REFUSED).partition("/")
    key = rest.rpartition("/")[0]
    return structs.replace(need, resource=object_arn(bucket, key), guard=guard_of(asked, bucket))


def _changes_administrator(need: Need) -> bool:
    if not need.action.startswith(_CHANGING_USERS):
        return False
    return ":user/" in need.resource and need.resource.rpartition("/")[2] == ADMINISTRATOR


def _decision(about: _About, need: Need) -> Decision:
    return decide(_policies(about, need), _question(about, need))


def _policies(about: _About, need: Need) -> Policies:
    holder, guard, resource = about.holder, need.guard, None
    action = need.action.lower()
    if guard is not None and guard.text and not (holder.principal.root and action in NEVER_DENIED):
        resource = Attached(guard.kind, parse(guard.text, guard.kind))
    return Policies(
        identity=holder.policies,
        resource=resource,
        resource_decides=guard is not None and guard.decides,
        session=holder.session,
    )


def _question(about: _About, need: Need) -> Question:
    later = (need.later,) if need.later is not None else ()
    known = Known(need.values, about.holder.values, about.values, *later)
    return Question(need.action, need.resource, about.holder.principal, known)


def _values(asked: Asked) -> Values:
    """Return the condition keys that every request has."""
    request, now = asked.request, asked.now
    found = {
        "aws:currenttime": (iso_seconds(now),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:requestedregion": (asked.site.region,),
        "aws:resourceaccount": (asked.site.account,),
        "aws:securetransport": ("true" if request.secure else "false",),
    }
    headers = {"aws:useragent": "user-agent", "aws:referer": "referer"}
    for key, name in headers.items():
        if name in request.headers:
            found[key] = (request.headers.get(name),)
    if request.client:
        found["aws:sourceip"] = (request.client,)
    return found
