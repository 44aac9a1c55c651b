"""The number by which `terraform init` remembers a backend block: CRC-32 of its canonical form.

Source: `Backend.Hash` in Terraform's internal/configs/backend.go, and `appendSetHashBytes` in
cty/set_internals.go of https://github.com/zclconf/go-cty.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from holdfast.client.config.hcl import Expression
from holdfast.client.config.schema import Misfit, fitted, kind_of

# Members of the nested objects that are neither texts nor set; the others are found where they are set.
_MEMBERS = {
    "endpoints": ("dynamodb", "iam", "s3", "sso", "sts"),
    "assume_role": (
        *("duration", "external_id", "policy", "policy_arns", "role_arn"),
        *("session_name", "source_identity", "tags", "transitive_tag_keys"),
    ),
    "assume_role_with_web_identity": (
        *("duration", "policy", "policy_arns", "role_arn"),
        *("session_name", "web_identity_token", "web_identity_token_file"),
    ),
}
_INNER_KINDS = {"policy_arns": "strings", "transitive_tag_keys": "strings", "tags": "map"}


def block_hash(config: Mapping[str, Any], names: Mapping[str, Any]) -> int | None:
    """Return the hash of a block; None if it holds what only Terraform knows.

    Args:
        config: the arguments that the block sets, of its own only.
        names: has every argument that the client knows, as the stored configuration does.
    """
    try:
        members = "".join(f"{_form(name, config.get(name))};" for name in sorted(names))
    except Misfit:
        return None
    return zlib.crc32(f'<"s3";<{members}>;>'.encode())


def _form(name: str, value: Any) -> str:
    if value is None:
        return "~"
    if isinstance(value, Expression):
        raise Misfit(name)
    if name in _MEMBERS:
        known = sorted({*_MEMBERS[name], *fitted("object", value)})
        return f"<{''.join(_form(member, value.get(member)) + ';' for member in known)}>"
    kind = _INNER_KINDS.get(name) or _kind(name)
    fit = fitted(kind, value)
    match kind:
        case "bool":
            return "T" if fit else "F"
        case "number":
            return str(fit)
        case "strings":
            return f"[{''.join(_quoted(item) + ';' for item in sorted(set(fit)))}]"
        case "map":
            pairs = (f"{_quoted(key)}:{_quoted(fit[key])};" for key in sorted(fit))
            return f"{{{''.join(pairs)}}}"
    return _quoted(str(fit))


def _kind(name: str) -> str:
    return kind_of(name) or "string"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
