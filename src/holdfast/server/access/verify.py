"""Verifying who may do what: every secret opens, every key has its user, every policy is understood."""

from collections.abc import Iterator

from holdfast.engine.access_records import AccessKey, Role, Session, User
from holdfast.engine.port import CorruptData, Engine
from holdfast.engine.records import Bucket, Key
from holdfast.engine.vault import Vault
from holdfast.engine.verify import getting, walk
from holdfast.server.access.policies.document import Kind, PolicyRefused, parse
from holdfast.server.problem import Problem, command

_SESSION = "Whoever uses it assumes the role again and gets another one."
_REFUSED = "All that it asks for is refused until the policy is written anew: "
_SHUT = "Every request for it is refused, but for the administrator's to put another policy, or: "
_LOCKED = "Only the administrator can use it until 'aws kms put-key-policy' writes it anew."
_TRUST = "Nobody can assume it until 'aws iam update-assume-role-policy' writes it anew."


def verify_access(engine: Engine, vault: Vault) -> Iterator[Problem]:
    """Yield what is wrong with access keys, sessions, users and roles, and with all policies.

    Args:
        engine: open for reading.
        vault: of this data.
    """
    for key in walk(engine, AccessKey):
        what = _secret(vault, key)
        if what:
            yield Problem(f"access key {key.access_key_id}", what)
        if engine.view(getting(User, key.user)) is None:
            yield Problem(
                f"access key {key.access_key_id}", f"the user {key.user} that has it is gone"
            )
    for session in walk(engine, Session):
        what = _secret(vault, session)
        if what:
            yield Problem(f"session key {session.access_key_id}", what, _SESSION)
    yield from _users(engine)
    yield from _roles(engine)
    yield from _resources(engine)


def _users(engine: Engine) -> Iterator[Problem]:
    for user in walk(engine, User):
        for name, text in user.policies.items():
            todo = f"{_REFUSED}holdfast policy put {user.name} {name} FILE"
            yield from _policy(f"user {user.name}", f"its policy {name}", text, "identity", todo)


def _roles(engine: Engine) -> Iterator[Problem]:
    for role in walk(engine, Role):
        for name, text in role.policies.items():
            todo = f"{_REFUSED}holdfast policy put {role.name} {name} FILE --role"
            yield from _policy(f"role {role.name}", f"its policy {name}", text, "identity", todo)
        yield from _policy(f"role {role.name}", "its trust policy", role.trust, "trust", _TRUST)


def _resources(engine: Engine) -> Iterator[Problem]:
    for bucket in walk(engine, Bucket):
        text = bucket.settings.get("Policy")
        if text:
            todo = _SHUT + command("aws", "s3api", "delete-bucket-policy", "--bucket", bucket.name)
            yield from _policy(f"bucket {bucket.name}", "its policy", text, "bucket", todo)
    for key in walk(engine, Key):
        if key.policy:
            yield from _policy(f"KMS key {key.key_id}", "its policy", key.policy, "key", _LOCKED)


def _secret(vault: Vault, record: AccessKey | Session) -> str:
    try:
        vault.unseal(record.secret, record.kind, record.access_key_id)
    except CorruptData as error:
        return f"its secret: {error}"
    return ""


def _policy(where: str, what: str, text: str, kind: Kind, todo: str) -> Iterator[Problem]:
    try:
        parse(text, kind)
    except PolicyRefused as refused:
        yield Problem(where, f"{what} cannot be evaluated: {refused}", todo)
