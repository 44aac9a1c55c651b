"""What has to be allowed for each operation of IAM and STS, and of our own service.

Source: "Actions, resources, and condition keys" of AWS IAM and of AWS STS in the service authorization
reference.
"""

from typing import Any

from holdfast.engine.access_records import Role, Session, User
from holdfast.server.access.asked import Asked, Guard, Need, tag_values

# About everything of a kind, or about nobody: IAM has no ARN to check for them.
_LISTS = frozenset({"ListRoles", "ListUsers", "ListVirtualMFADevices"})
# Without a name they are about the caller itself.
_OWN = frozenset(
    {
        "CreateAccessKey",
        "DeleteAccessKey",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "UpdateAccessKey",
    }
)
# Who makes somebody with tags has to be allowed to tag them: tags may give rights.
_MADE_WITH_TAGS = {"CreateRole": "iam:TagRole", "CreateUser": "iam:TagUser"}
# AWS asks nobody's permission for who one is; a token tells itself whom it is of.
UNASKED = frozenset({"AssumeRoleWithWebIdentity", "GetCallerIdentity", "GetSessionToken"})


def iam_needs(asked: Asked) -> list[Need]:
    """Return what has to be allowed for a request to IAM: its name, on the user or role."""
    values, about = tag_values(asked.params), [_of_iam(asked)]
    if asked.operation == "UpdateUser":
        about.append(_moved(asked, about[0]))
    needs = [Need(f"iam:{asked.operation}", arn, values) for arn in about]
    if asked.operation in _MADE_WITH_TAGS and asked.params.get("Tags"):
        needs.append(Need(_MADE_WITH_TAGS[asked.operation], about[0], values))
    return needs


def _moved(asked: Asked, arn: str) -> str:
    """Return what the ARN of a user becomes: who gives it another name has to be allowed that too."""
    start, _, full = arn.partition(":user/")
    folder, slash, name = f"/{full}".rpartition("/")
    path = asked.params.get("NewPath", folder + slash)
    return f"{start}:user{path}{asked.params.get('NewUserName', name)}"


def _of_iam(asked: Asked) -> str:
    params, operation = asked.params, asked.operation
    if operation in _LISTS:
        return "*"
    if "PolicySourceArn" in params:
        return str(params["PolicySourceArn"])
    if "RoleName" in params:
        return _iam_arn(asked, "role", params["RoleName"], params)
    if "UserName" in params:
        return _iam_arn(asked, "user", params["UserName"], params)
    if operation in _OWN and asked.identity.user:
        return _iam_arn(asked, "user", asked.identity.user, params)
    return "*"


def _iam_arn(asked: Asked, kind: str, name: str, params: Any) -> str:
    record = asked.reader.get(Role if kind == "role" else User, name)
    path = getattr(record, "path", None) or params.get("Path", "/")
    return f"arn:aws:iam::{asked.site.account}:{kind}{path}{name}"


def sts_needs(asked: Asked) -> list[Need]:
    """Return what has to be allowed for a request to STS.

    To assume a role its trust policy has to agree as well; one that is not there trusts nobody.
    """
    params = asked.params
    if asked.operation in UNASKED:
        return []
    arn = params["RoleArn"]
    role = asked.reader.get(Role, arn.rpartition("/")[2])
    known = role is not None and arn == _role_arn(asked, role)
    guard = Guard(role.trust if role is not None and known else "", "trust", decides=True)
    session = asked.reader.get(Session, asked.identity.access_key_id)
    params = {**params, **_taken_over(session, params)} if session is not None else params
    values = tag_values(params)
    for member in ("ExternalId", "RoleSessionName", "SourceIdentity"):
        if member in params:
            values[f"sts:{member.lower()}"] = (params[member],)
    if params.get("TransitiveTagKeys"):
        values["sts:transitivetagkeys"] = tuple(params["TransitiveTagKeys"])
    actions = ["AssumeRole"]
    if params.get("Tags"):
        actions.append("TagSession")
    if "SourceIdentity" in params:
        actions.append("SetSourceIdentity")
    return [Need(f"sts:{action}", arn, values, guard) for action in actions]


def _taken_over(session: Session, params: Any) -> dict[str, Any]:
    """Return what a session hands on to the role that it assumes: transitive tags, source identity."""
    kept = {name.lower() for name in session.transitive}
    tags = [
        {"Key": name, "Value": value}
        for name, value in session.tags.items()
        if name.lower() in kept
    ]
    found: dict[str, Any] = {"Tags": [*tags, *params.get("Tags", ())]} if tags else {}
    if session.source_identity and "SourceIdentity" not in params:
        found["SourceIdentity"] = session.source_identity
    return found


def _role_arn(asked: Asked, role: Role) -> str:
    return f"arn:aws:iam::{asked.site.account}:role{role.path}{role.name}"


def own_needs(asked: Asked) -> list[Need]:
    """Return what has to be allowed for our own service: its name, on the state or the bucket."""
    params = asked.params
    action, bucket = f"holdfast:{asked.operation}", params.get("Bucket")
    if bucket is None:
        return [Need(action, "*")]
    keys = [params["Key"]] if "Key" in params else []
    if "Prefix" in params:
        # A prefix is of all that begins with it, which who may something of one state may not. The
        # star stands for itself here: only a star in a policy fits it.
        keys += [params["Prefix"], f"{params['Prefix']}*"]
    whole = f"arn:aws:s3:::{bucket}"
    return [Need(action, arn) for arn in [f"{whole}/{key}" for key in keys] or [whole]]
