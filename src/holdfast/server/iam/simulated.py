"""What the policy simulator compares: whose policies, who asks, and what is known of the request."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Role, User
from holdfast.server.access.holder import Holder, of_user
from holdfast.server.access.policies.document import Kind, PolicyRefused, parse
from holdfast.server.access.policies.evaluate import Attached
from holdfast.server.access.policies.patterns import Values
from holdfast.server.access.policies.principals import Principal
from holdfast.server.iam.lookup import no_such
from holdfast.server.operation import Snapshot

_OWNER = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):(user|role)/(?:[!-~]+/)?([\w+=,.@-]+)", re.ASCII)
_MOST_VALUES = 1000
SourceType = Literal["user", "role", "resource"]


class Document(msgspec.Struct, frozen=True):
    """A policy with its text and what the simulator calls it."""

    attached: Attached
    text: str
    kind: SourceType


class Asker(msgspec.Struct, frozen=True):
    """A user or a role, as policies see it."""

    principal: Principal
    documents: tuple[Document, ...]
    values: Values  # what every request of it has


def asker(tx: Snapshot, arn: str) -> Asker:
    """Return the user or role that an ARN names.

    Raises:
        ServiceError: InvalidInput or NoSuchEntity.
    """
    found = _OWNER.fullmatch(arn)
    if found is None or found[1] != tx.site.account:
        raise invalid(f"{arn} is not the ARN of a user or a role of this account.")
    kind, name = found[2], found[3]
    owner: User | Role | None = tx.get(User, name) if kind == "user" else tx.get(Role, name)
    account = tx.site.account
    # Who may ask was decided by the ARN, so it has to be the one that the owner has.
    if owner is None or arn != f"arn:aws:iam::{account}:{kind}{owner.path}{owner.name}":
        raise no_such(kind, name)
    documents = tuple(_inline(owner))
    holder = of_user(owner, account) if isinstance(owner, User) else _of_role(owner, account)
    values = {**holder.values, **_known_of_request(tx)}
    return Asker(holder.principal, documents, values)


def document(text: str, name: str, kind: SourceType, grammar: Kind) -> Document:
    """Return a policy, ready to be compared.

    Raises:
        ServiceError: InvalidInput, for one that cannot be.
    """
    try:
        return Document(Attached(name, parse(text, grammar)), text, kind)
    except PolicyRefused as refused:
        raise invalid(f"{name}: {refused}") from refused


def entries(given: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return the values of condition keys that a request carries, by key in lower case.

    Raises:
        ServiceError: InvalidInput.
    """
    values = {
        entry.get("ContextKeyName", "").lower(): tuple(entry.get("ContextKeyValues", ()))
        for entry in given
    }
    if sum(map(len, values.values())) > _MOST_VALUES:
        raise invalid(f"At most {_MOST_VALUES} context values are allowed.")
    return values


def invalid(said: str) -> ServiceError:
    """Return the error for what the simulator does not understand."""
    return ServiceError("InvalidInput", said, status=400)


def _inline(owner: User | Role) -> Iterable[Document]:
    kind: SourceType = "user" if isinstance(owner, User) else "role"
    for name, text in sorted(owner.policies.items()):
        yield document(text, f"{kind}_{owner.name}_{name}", kind, "identity")


def _of_role(role: Role, account: str) -> Holder:
    """Return a role without a session, of which nothing is known but the role."""
    arn = f"arn:aws:iam::{account}:role{role.path}{role.name}"
    values = {
        "aws:principaltype": ("AssumedRole",),
        "aws:principalarn": (arn,),
        "aws:principalaccount": (account,),
        **{f"aws:principaltag/{name.lower()}": (value,) for name, value in role.tags.items()},
    }
    return Holder(Principal(account, frozenset({arn, role.role_id})), (), None, values)


def _known_of_request(tx: Snapshot) -> dict[str, tuple[str, ...]]:
    return {
        "aws:resourceaccount": (tx.site.account,),
        "aws:requestedregion": (tx.site.region,),
        "aws:currenttime": (tx.now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(tx.now.timestamp())),),
    }
