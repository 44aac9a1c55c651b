"""What has to be allowed for each operation of KMS.

Source: "AWS KMS permissions" of the KMS developer guide. A key's own policy has to agree; the usual one
leaves it to the account's policies.
"""

from collections.abc import Callable, Mapping

from holdfast.engine.records import Alias, Key
from holdfast.server.access.asked import Asked, Guard, Need, tag_values
from holdfast.server.access.policies.patterns import Values
from holdfast.server.kms.ciphertext import InvalidBlob, parse_blob

_KEY = (
    "CancelKeyDeletion",
    "DescribeKey",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
    "ListKeyPolicies",
    "ListKeyRotations",
    "ListResourceTags",
    "PutKeyPolicy",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
)
_NONE = ("GenerateRandom", "ListAliases", "ListKeys")
_ALIAS = "alias/"


def needs(asked: Asked) -> list[Need]:
    """Return all that has to be allowed for a request to KMS."""
    return _RULES[asked.operation](asked)


def _on_key(asked: Asked) -> list[Need]:
    values = {**_context(asked, "EncryptionContext"), **tag_values(asked.params)}
    return [key_need(asked, asked.operation, asked.params["KeyId"], values)]


def _on_none(asked: Asked) -> list[Need]:
    return [Need(f"kms:{asked.operation}", "*", _context(asked, ""))]


def _create_key(asked: Asked) -> list[Need]:
    values = {**_context(asked, ""), **tag_values(asked.params)}
    actions = ("CreateKey", "TagResource") if asked.params.get("Tags") else ("CreateKey",)
    return [Need(f"kms:{action}", "*", values) for action in actions]


def _decrypt(asked: Asked) -> list[Need]:
    values = _context(asked, "EncryptionContext")
    return [_of_blob(asked, "Decrypt", "KeyId", values)]


def _re_encrypt(asked: Asked) -> list[Need]:
    source = _context(asked, "SourceEncryptionContext")
    target = _context(asked, "DestinationEncryptionContext")
    return [
        _of_blob(asked, "ReEncryptFrom", "SourceKeyId", source),
        key_need(asked, "ReEncryptTo", asked.params["DestinationKeyId"], target),
    ]


def _on_alias(asked: Asked) -> list[Need]:
    """Return a need for the alias, and for each key that it stands for or is to stand for."""
    params, action = asked.params, asked.operation
    local = _local(params["AliasName"])
    values = _context(asked, "")
    found = [Need(f"kms:{action}", asked.arn("kms", local), values)]
    known = asked.reader.get(Alias, local)
    keys = [known.key_id] if known and action != "CreateAlias" else []
    keys += [params["TargetKeyId"]] if "TargetKeyId" in params else []
    return found + [key_need(asked, action, key, values) for key in keys]


def _of_blob(asked: Asked, action: str, member: str, values: Values) -> Need:
    """Return a need for the key that a ciphertext is under, or is said to be under."""
    if member in asked.params:
        return key_need(asked, action, asked.params[member], values)
    try:
        key_id = parse_blob(asked.params.get("CiphertextBlob") or b"").key_id
    except InvalidBlob:
        return Need(f"kms:{action}", "*", values)  # it will be refused
    return key_need(asked, action, key_id, values)


def key_need(asked: Asked, action: str, reference: str, values: Values) -> Need:
    """Return a need for a key that is named by its id, its ARN, or an alias."""
    local = _local(reference)
    alias = asked.reader.get(Alias, local) if local.startswith(_ALIAS) else None
    key_id = alias.key_id if alias else local
    key = asked.reader.get(Key, key_id)
    # An alias without a key is nobody's: the name stands for itself, and is not found later.
    arn = asked.arn("kms", key_id if key_id.startswith(_ALIAS) else f"key/{key_id}")
    guard = Guard(key.policy, "key", decides=True) if key and key.policy else None
    # By what key an alias stands for, somebody without a right would learn that there is one.
    shown = asked.arn("kms", local) if alias else ""
    return Need(f"kms:{action}", arn, values, guard, shown=shown)


def _local(reference: str) -> str:
    """Return the key id or the alias name in a reference, which may be an ARN."""
    name = reference.split(":", 5)[5] if reference.count(":") >= 5 else reference
    return name.removeprefix("key/")


def _context(asked: Asked, member: str) -> dict[str, tuple[str, ...]]:
    """Return what is known of the caller, and the encryption context in a member."""
    pairs: Mapping[str, str] = asked.params.get(member) or {}
    values: dict[str, tuple[str, ...]]
    values = {f"kms:encryptioncontext:{name.lower()}": (text,) for name, text in pairs.items()}
    if pairs:
        values["kms:encryptioncontextkeys"] = tuple(pairs)
    values["kms:calleraccount"] = (asked.site.account,)
    return values


_RULES: Mapping[str, Callable[[Asked], list[Need]]] = {
    "CreateAlias": _on_alias,
    "CreateKey": _create_key,
    "Decrypt": _decrypt,
    "DeleteAlias": _on_alias,
    "ReEncrypt": _re_encrypt,
    "UpdateAlias": _on_alias,
    **dict.fromkeys(_KEY, _on_key),
    **dict.fromkeys(_NONE, _on_none),
}
OPERATIONS = frozenset(_RULES)
