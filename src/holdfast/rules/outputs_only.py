"""A state reduced to its outputs: for those who may read these and nothing else of it.

`terraform_remote_state` reads a whole state and uses its outputs only; whoever may read a state sees
every attribute of every resource, secrets among them.
"""

import msgspec

from holdfast.terraform.statefile import header_if_readable

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
# What Terraform needs of a version 4 state to read its outputs.
_KEPT = ("version", "terraform_version", "serial", "lineage", "outputs")


def outputs_only(body: bytes) -> bytes | None:
    """Return a state without its resources and checks; None if it cannot be reduced.

    Only states of version 4 can: of an encrypted one nothing can be told, and older ones are written
    anew by the next apply.
    """
    top = header_if_readable(body)
    if top is None or top.format != "v4":
        return None
    fields = _FIELDS.decode(body)
    kept = {name: fields[name] for name in _KEPT if name in fields}
    rest = {"resources": msgspec.Raw(b"[]"), "check_results": msgspec.Raw(b"null")}
    return _ENCODER.encode({**kept, **rest}) + b"\n"
