"""Key policies: GetKeyPolicy, PutKeyPolicy, ListKeyPolicies.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.kms.lookup import find_key
from holdfast.server.kms.managed import require_customer_managed
from holdfast.server.kms.paging import requested_page
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

_NAME = "default"  # the only name a key policy may have
_LONGEST = 32768
_NEEDED = "kms:putkeypolicy"


@operation("GetKeyPolicy")
def get_key_policy(tx: Snapshot, params: Params) -> Result:
    """Return the policy as it was given, or the default one."""
    key = find_key(tx, params["KeyId"], aliases=False)
    _check_name(params)
    return {"Policy": key.policy or default_policy(tx), "PolicyName": _NAME}


@operation("ListKeyPolicies")
def list_key_policies(tx: Snapshot, params: Params) -> Result:
    """List the names of a key's policies: always the one."""
    find_key(tx, params["KeyId"], aliases=False)
    page = requested_page(params, usual=100, most=1000)
    names, rest = page.cut([_NAME] if page.after < _NAME else [], str)
    return {"PolicyNames": names, **rest}


@operation("PutKeyPolicy", writes=True)
def put_key_policy(tx: Transaction, params: Params) -> Result:
    """Replace the policy."""
    key = find_key(tx, params["KeyId"], aliases=False)
    require_customer_managed(tx, key, "PutKeyPolicy")
    _check_name(params)
    policy = checked_policy(
        tx, params["Policy"], bypass=params.get("BypassPolicyLockoutSafetyCheck", False)
    )
    tx.put(msgspec.structs.replace(key, policy=policy))
    return None


def default_policy(tx: Snapshot) -> str:
    """Return the policy of a key that was made without one: the account decides, through IAM."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{tx.site.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}
    return json.dumps(policy, indent=2, separators=(",", " : "))


def checked_policy(tx: Snapshot, text: str, *, bypass: bool) -> str:
    """Return a policy document if a key can have it.

    Args:
        tx: the transaction under way.
        text: the document.
        bypass: accept one that lets the caller never change it again.

    Raises:
        ServiceError: MalformedPolicyDocumentException or LimitExceededException.
    """
    if len(text) > _LONGEST:
        raise ServiceError("LimitExceededException", f"Policy is longer than {_LONGEST} bytes.")
    statements = _statements(text)
    if not bypass and not _caller_keeps_control(tx, statements):
        raise _malformed(
            "The new key policy will not allow you to update the key policy in the future."
        )
    return text


def _check_name(params: Params) -> None:
    if params.get("PolicyName", _NAME) != _NAME:
        raise ServiceError("NotFoundException", "No such policy exists")


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocumentException", message)


def _statements(text: str) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document; whatever cannot be evaluated is refused."""
    from holdfast.server.access.policies.document import PolicyRefused, parse

    try:
        parse(text, "key")
    except PolicyRefused as problem:
        raise _malformed(str(problem)) from None
    listed = json.loads(text)["Statement"]
    return listed if isinstance(listed, list) else [listed]


def _caller_keeps_control(tx: Snapshot, statements: list[Mapping[str, Any]]) -> bool:
    """Tell whether the caller may put another policy later. Conditions are taken as fulfilled."""
    principals = _principals_of_caller(tx)
    effects = {
        statement["Effect"]
        for statement in statements
        if _allows_putting(statement) and _names_one_of(statement, principals)
    }
    return effects == {"Allow"}


def _allows_putting(statement: Mapping[str, Any]) -> bool:
    return any(fnmatchcase(_NEEDED, action.lower()) for action in _texts(statement.get("Action")))


def _names_one_of(statement: Mapping[str, Any], principals: set[str]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return not principals.isdisjoint(_texts(named))


def _principals_of_caller(tx: Snapshot) -> set[str]:
    """Return what a policy may call the caller: everyone, the account, the user or the role."""
    account, arn = tx.site.account, tx.caller.arn
    names = {"*", account, f"arn:aws:iam::{account}:root", arn}
    _, assumed, role = arn.partition(":assumed-role/")
    if assumed:
        names.add(f"arn:aws:iam::{account}:role/{role.partition('/')[0]}")
    return names


def _texts(value: object) -> list[str]:
    """Return the texts in a policy element that is one text or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return [text for text in listed if isinstance(text, str)]
