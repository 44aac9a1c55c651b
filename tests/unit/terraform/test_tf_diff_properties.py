"""What holds for the difference between any two states."""

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.terraform.changes import ABSENT, AttributeChange, StateDiff
from holdfast.terraform.diff import diff
from holdfast.terraform.exact_json import rendered
from holdfast.terraform.statefile import parse
from state_documents import (
    NAMES,
    SCALARS,
    TEXTS,
    get_attr,
    instance,
    resource,
    state,
    states,
    written,
)

SECRETS = st.integers(0, 9).map(lambda number: f"S3CR3T-{number}")
# Objects whose parts are never null: for them changes say everything.
TREES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(NAMES, TREES, max_size=4)


def between(old: dict[str, Any], new: dict[str, Any]) -> StateDiff:
    """Compare two documents."""
    return diff(parse(written(old)), parse(written(new)))


def addresses(found: StateDiff, kind: str) -> set[str]:
    """Return the addresses of one kind of change."""
    return {each.address for each in found.instances if each.kind == kind}


def apply(attributes: dict[str, Any], changes: Iterable[AttributeChange]) -> dict[str, Any]:
    """Make the changes."""
    result: dict[str, Any] = json.loads(json.dumps(attributes))
    for change in changes:
        inner = result
        for step in change.path[:-1]:
            inner = inner[str(step)]
        if change.after == ABSENT:
            del inner[str(change.path[-1])]
        else:
            inner[str(change.path[-1])] = json.loads(rendered(change.after))
    return result


@given(states())
def test_a_state_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    """In the same and in another rendering."""
    body = written(document)
    compact = json.dumps(document, separators=(",", ":")).encode()

    assert diff(parse(body), parse(body)) == diff(parse(b""), parse(b""))
    assert diff(parse(body), parse(compact)).is_empty


@settings(max_examples=40)
@given(states(), states())
def test_the_way_back_is_the_reverse(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What is added one way is removed the other way; moves and changes turn around."""
    there, back = between(old, new), between(new, old)

    assert addresses(there, "added") == addresses(back, "removed")
    assert addresses(there, "removed") == addresses(back, "added")
    assert addresses(there, "changed") == addresses(back, "changed")
    assert {(each.moved_from, each.address) for each in there.of_kind("moved")} == {
        (each.address, each.moved_from) for each in back.of_kind("moved")
    }
    assert [each.name for each in there.outputs] == [each.name for each in back.outputs]


@settings(max_examples=40)
@given(states(), states())
def test_the_order_is_fixed(old: dict[str, Any], new: dict[str, Any]) -> None:
    """However the resources stand in the states."""
    turned = {**new, "resources": new["resources"][::-1]}

    assert between(old, turned) == between(old, new)


@settings(max_examples=40)
@given(states(), states())
def test_the_counts_are_those_of_the_changes(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The summary does not say anything else than the list."""
    found = between(old, new)

    assert found.counts.added - found.counts.removed == (
        len(parse(written(new)).instances) - len(parse(written(old)).instances)
    )
    assert found.counts.changed + found.counts.moved == len(
        addresses(found, "changed") | addresses(found, "moved")
    )


@given(ATTRIBUTES, ATTRIBUTES)
def test_changes_lead_from_the_older_to_the_newer(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Nothing is missing from them."""
    found = between(
        state(resource("a_b.c", instance(old))), state(resource("a_b.c", instance(new)))
    )
    changes = [each for change in found.instances for each in change.attributes]

    assert apply(old, changes) == new


@st.composite
def secretive(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a state in which every secret is marked at one place, and copied to others."""
    entries = []
    for number in range(draw(st.integers(0, 3))):
        names = draw(st.lists(NAMES, min_size=1, max_size=3))
        secret = draw(SECRETS)
        value: Any = secret
        path: list[str | int] = []
        for name in names:
            if draw(st.booleans()):
                value, path = {name: value, "other": draw(SCALARS)}, [name, *path]
            else:
                value, path = [{name: value}], [0, name, *path]
        attributes = {
            "secret": value,
            "plain": draw(SCALARS),
            "copy": draw(st.none() | st.just(secret)),
        }
        marks = [get_attr("secret", *path[: draw(st.integers(0, len(path)))])]
        entry = instance(
            attributes,
            index_key=draw(st.integers(0, 3)) * 10 + number,
            sensitive_attributes=marks,
            private=secret,
        )
        entries.append(entry)
    value = draw(SECRETS | st.lists(SECRETS) | st.dictionaries(NAMES, SECRETS))
    outputs = {"secret": {"value": value, "type": "dynamic", "sensitive": True}}
    return state(resource("a_b.c", *entries), outputs=draw(st.sampled_from([{}, outputs])))


@given(secretive(), secretive())
def test_no_sensitive_value_is_shown(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Neither by repr nor by str, marked in one state or in both."""
    found = between(old, new)

    assert "S3CR3T" not in repr(found)
    assert "S3CR3T" not in str(found)
    assert "S3CR3T" not in repr(parse(written(new)))


@given(secretive(), st.data())
def test_a_mark_in_one_state_hides_the_value_in_both(
    document: dict[str, Any], data: st.DataObject
) -> None:
    """Marks come and go with versions of a configuration."""
    bare = json.loads(json.dumps(document).replace("S3CR3T", "An0ther"))
    for entry in bare["resources"]:
        for each in entry["instances"]:
            each["sensitive_attributes"] = []
            del each["attributes"]["copy"]
    for output in bare["outputs"].values():
        output["sensitive"] = False
    pair = data.draw(st.permutations([document, bare]))

    assert "S3CR3T" not in repr(between(*pair))
    assert "An0ther" not in repr(between(*pair))
