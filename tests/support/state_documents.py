"""States to test with: small ones by hand, any ones by Hypothesis."""

import json
import operator
from string import ascii_lowercase, digits
from typing import Any

from hypothesis import strategies as st

AWS = 'provider["registry.terraform.io/hashicorp/aws"]'
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
NAMES = st.builds(  # as r"[a-z][a-z0-9_]{0,5}", which draws every letter by itself
    operator.add,
    st.sampled_from(ascii_lowercase),
    st.text(ascii_lowercase + digits + "_", max_size=5),
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def state(
    *resources: dict[str, Any], outputs: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """Return a version 4 state as a document."""
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": "6e8dc0ee-7c0e-7f66-0d0b-9a4ad5d7d8c4",
        "outputs": outputs or {},
        "resources": list(resources),
        "check_results": None,
        **fields,
    }


def resource(address: str, *instances: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a resource by its address: `aws_x.y`, `data.aws_x.y`, `module.m.aws_x.y`."""
    *before, kind, name = address.split(".")
    mode = "managed"
    if before and before[-1] == "data":
        mode = "data"
        before.pop()
    module = {"module": ".".join(before)} if before else {}
    entry = {"mode": mode, "type": kind, "name": name, "provider": AWS}
    return {**module, **entry, "instances": list(instances), **fields}


def instance(attributes: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return an instance with attributes, which are also its `id` by default."""
    return {
        "schema_version": 0,
        "attributes": {"id": "id-1"} if attributes is None else attributes,
        "sensitive_attributes": [],
        **fields,
    }


def get_attr(*names: str | int) -> list[dict[str, Any]]:
    """Return a sensitive path as Terraform writes it."""
    return [
        {"type": "get_attr", "value": name}
        if isinstance(name, str)
        else {"type": "index", "value": {"value": name, "type": "number"}}
        for name in names
    ]


def written(document: Any) -> bytes:
    """Return a document as Terraform writes it to a remote backend."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


@st.composite
def instances(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an instance with attributes, of which some are sensitive."""
    attributes = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    secret = draw(st.lists(st.sampled_from(sorted(attributes)), max_size=2)) if attributes else []
    fields: dict[str, Any] = {"sensitive_attributes": [get_attr(name) for name in secret]}
    if draw(st.booleans()):
        fields["index_key"] = draw(st.integers(0, 5) | TEXTS)
    if draw(st.booleans()):
        fields["status"] = "tainted"
    if draw(st.booleans()):
        fields["dependencies"] = draw(st.lists(NAMES, max_size=3))
    return instance(attributes, **fields)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a version 4 state in which every object has an address of its own."""
    resources = []
    for kind, name in draw(st.sets(st.tuples(NAMES, NAMES), max_size=4)):
        before = draw(st.sampled_from(["", "module.m.", 'module.m["q"].', "data."]))
        drawn = draw(st.lists(instances(), max_size=3))
        own = {repr(each.get("index_key")): each for each in drawn}.values()
        resources.append(resource(f"{before}{kind}.{name}", *own))
    outputs = {
        name: {"value": draw(VALUES), "type": "dynamic"} | draw(_SENSITIVE)
        for name in draw(st.sets(NAMES, max_size=3))
    }
    return state(*resources, outputs=outputs, serial=draw(st.integers(0, 2**64 - 1)))


_SENSITIVE: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"sensitive": True}])
