"""Reading the top of a large state from its first bytes, without decoding the rest.

Terraform and OpenTofu write the fields of a state always in one order: version, terraform_version,
serial, lineage, outputs, resources (source: `internal/states/statefile/version4.go`). A state that
was written otherwise is not skimmed, and `statefile.header` reads it wholly.
"""

import re

import msgspec

from holdfast.terraform.statefile import Header

_TOP = re.compile(
    rb'\s*\{\s*"version":\s*4,\s*"terraform_version":\s*("(?:[^"\\]|\\.)*"),'
    rb'\s*"serial":\s*(\d{1,20}),\s*"lineage":\s*("(?:[^"\\]|\\.)*"),\s*"outputs":\s*\{'
)
# In this order the three stand in a resource only: the keys of a map are sorted. Inside of a JSON
# string their quotes would be escaped.
_MANAGED = re.compile(
    rb'"mode":\s*"managed",\s*"type":\s*"[^"\\]*",\s*"name":\s*"[^"\\]*",'
    rb'\s*(?:"each":\s*"[a-z]*",\s*)?"provider":\s*"(?:[^"\\]|\\.)*",\s*"instances":\s*\[\s*\{'
)
_TEXT = msgspec.json.Decoder(str)


def skim(start: bytes) -> Header | None:
    """Return the header of a state that manages something, by its first bytes alone.

    Args:
        start: the first bytes, as many as there are at hand.

    Returns:
        The header, in which `resources` is 1 whatever their number and `outputs` is 0; None if these
        bytes do not tell, or hold nothing that is managed.
    """
    top = _TOP.match(start)
    if top is None or _MANAGED.search(start, top.end()) is None:
        return None
    serial = int(top[2])
    if serial >= 2**64:
        return None
    try:
        version, lineage = _TEXT.decode(top[1]), _TEXT.decode(top[3])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Header("v4", version, serial, lineage, resources=1)
