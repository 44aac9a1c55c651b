"""The holder of an access key as policies see it: its names, its policies, what is known of it."""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from holdfast.aws.timestamps import iso_seconds
from holdfast.engine.access_records import Role, Session, User
from holdfast.engine.port import Reader
from holdfast.server.access.credentials import Identity
from holdfast.server.access.policies.document import parse
from holdfast.server.access.policies.evaluate import Attached
from holdfast.server.access.policies.patterns import Values
from holdfast.server.access.policies.principals import Principal
from holdfast.server.access.users import ADMINISTRATOR

Pairs = tuple[tuple[str, str], ...]


class Holder(msgspec.Struct, frozen=True):
    """Who asks, and what binds it wherever it asks."""

    principal: Principal
    policies: tuple[Attached, ...]  # identity policies
    session: Attached | None = None
    values: Values = {}  # condition keys about the principal, in lower case


def holder_of(reader: Reader, identity: Identity, account: str) -> Holder | None:
    """Return the holder of an authenticated access key; None if user or role is gone by now.

    Raises:
        PolicyRefused: one of its policies cannot be evaluated.
    """
    temporary = identity.access_key_id.startswith("ASIA")
    session = reader.get(Session, identity.access_key_id) if temporary else None
    if identity.role:
        role = reader.get(Role, identity.role)
        if role is None or session is None or role.role_id != session.role_id:
            return None  # a role that was made anew by the same name is another one
        return of_role(role, session, account)
    user = reader.get(User, identity.user)
    return None if user is None else of_user(user, account, session)


def of_user(user: User, account: str, session: Session | None = None) -> Holder:
    """Return a user as policies see it, maybe in a session of its own.

    Raises:
        PolicyRefused: one of its policies cannot be evaluated.
    """
    policies, tags = tuple(user.policies.items()), tuple(user.tags.items())
    holder = _user(user.name, user.path, user.user_id, policies, tags, account)
    if session is None:
        return holder
    values = {**holder.values, **_of_session(session)}
    return Holder(holder.principal, holder.policies, _session_policy(session), values)


# What is kept is found by all that it is made of: whatever changes in a record gives another.
@lru_cache(maxsize=1024)
def _user(name: str, path: str, user_id: str, policies: Pairs, tags: Pairs, account: str) -> Holder:
    arn = f"arn:aws:iam::{account}:user{path}{name}"
    values = {
        "aws:username": (name,),
        "aws:userid": (user_id,),
        "aws:principaltype": ("User",),
        **_shared(arn, account, dict(tags)),
    }
    principal = Principal(account, frozenset({arn, user_id}), root=name == ADMINISTRATOR)
    return Holder(principal, _attached(dict(policies)), None, values)


def of_role(role: Role, session: Session, account: str) -> Holder:
    """Return a session of a role as policies see it.

    Raises:
        PolicyRefused: a policy of the role or of the session cannot be evaluated.
    """
    arn = f"arn:aws:iam::{account}:role{role.path}{role.name}"
    assumed = f"arn:aws:sts::{account}:assumed-role/{role.name}/{session.session_name}"
    user_id = f"{role.role_id}:{session.session_name}"
    values = {
        "aws:userid": (user_id,),
        "aws:principaltype": ("AssumedRole",),
        **_shared(arn, account, {**role.tags, **session.tags}),
        **_of_session(session),
    }
    principal = Principal(account, frozenset({arn, assumed, role.role_id, user_id}))
    return Holder(principal, _attached(role.policies), _session_policy(session), values)


def _attached(policies: Mapping[str, str]) -> tuple[Attached, ...]:
    return tuple(Attached(name, parse(text, "identity")) for name, text in policies.items())


def _session_policy(session: Session | None) -> Attached | None:
    if session is None or not session.policy:
        return None
    return Attached("session", parse(session.policy, "session"))


def _shared(arn: str, account: str, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]]
    values = {"aws:principalarn": (arn,), "aws:principalaccount": (account,)}
    values |= {f"aws:principaltag/{name.lower()}": (value,) for name, value in tags.items()}
    return values


def _of_session(session: Session) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {"aws:tokenissuetime": (iso_seconds(session.created),)}
    if session.source_identity:
        values["aws:sourceidentity"] = (session.source_identity,)
    return values
