"""What differs between two states."""

import json
from typing import Any

import pytest

from holdfast.terraform.changes import (
    ABSENT,
    SENSITIVE,
    AttributeChange,
    CheckChange,
    InstanceChange,
    MetadataChange,
    StateDiff,
    path_text,
)
from holdfast.terraform.diff import diff, diff_unless_encrypted
from holdfast.terraform.statefile import UnreadableState, parse
from state_documents import get_attr, instance, resource, state, written


def between(old: dict[str, Any], new: dict[str, Any]) -> StateDiff:
    """Compare two documents."""
    return diff(parse(written(old)), parse(written(new)))


def of_one(old: dict[str, Any], new: dict[str, Any], **fields: Any) -> StateDiff:
    """Compare two sets of attributes of the same object."""
    return between(
        state(resource("a_b.c", instance(old, **fields))),
        state(resource("a_b.c", instance(new, **fields))),
    )


def changes_of(found: StateDiff) -> list[tuple[str, Any, Any]]:
    """Return the attribute changes of the only object."""
    (change,) = found.instances
    return [(each.name, each.before, each.after) for each in change.attributes]


def test_objects_are_added_removed_and_changed() -> None:
    """Each is named by its address, the counts come first."""
    found = between(
        state(
            resource("a_b.gone", instance({"id": "1"})),
            resource("a_b.same", instance({"id": "2"})),
            resource("a_b.changed", instance({"id": "3", "size": 1})),
        ),
        state(
            resource("a_b.same", instance({"id": "2"})),
            resource("a_b.changed", instance({"id": "3", "size": 2})),
            resource("c_d.come", instance({"id": "4"})),
        ),
    )

    assert [(each.kind, each.address) for each in found.instances] == [
        ("changed", "a_b.changed"),
        ("removed", "a_b.gone"),
        ("added", "c_d.come"),
    ]
    assert str(found.counts) == "resources: 1 added, 1 removed, 1 changed; outputs: the same"
    assert found.instances[0].attributes == (AttributeChange(("size",), 1, 2),)
    assert found.instances[1].attributes == (AttributeChange(("id",), "1", ABSENT),)
    assert found.instances[2].attributes == (AttributeChange(("id",), ABSENT, "4"),)


def test_nested_values_are_named_by_their_path() -> None:
    """Names that are not plain stand in brackets."""
    found = of_one(
        {"tags": {"Name": "x", "a/b": "1"}, "block": [{"n": {"m": 1}}], "gone": 1},
        {"tags": {"Name": "y", "a/b": "2"}, "block": [{"n": {"m": 2}}], "come": [1]},
    )

    assert changes_of(found) == [
        ("block[0].n.m", 1, 2),
        ("come", ABSENT, [1]),
        ("gone", 1, ABSENT),
        ("tags.Name", "x", "y"),
        ('tags["a/b"]', "1", "2"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"x": None}, {}),
        ({"x": 1}, {"x": 1.0}),
        ({"x": {"b": 1, "a": 2}}, {"x": {"a": 2, "b": 1}}),
        ({"x": [{"a": 1}, {"b": 2}]}, {"x": [{"b": 2}, {"a": 1}]}),
        ({"x": [{"y": [{"a": 1}, {"a": 2}]}]}, {"x": [{"y": [{"a": 2}, {"a": 1}], "z": None}]}),
    ],
)
def test_what_means_the_same_is_no_change(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Null and absent, renderings of numbers, orders of names and of sets of objects."""
    assert of_one(old, new).is_empty


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, True), (0, False), ("1", 1), ([], {}), ([1, 2], [2, 1]), ("", 0), ([1], [True])],
)
def test_what_means_something_else_is_a_change(old: Any, new: Any) -> None:
    """Types count, and the order of plain values."""
    assert changes_of(of_one({"x": old}, {"x": new})) == [("x", old, new)]


def test_null_and_nothing_are_told_apart_from_values() -> None:
    """A value that came to be null is shown as null."""
    assert changes_of(of_one({"x": 1}, {"x": None})) == [("x", 1, None)]


def test_of_lists_of_objects_only_other_elements_are_shown() -> None:
    """An element that came first moves none of the rest."""
    a, b, c = ({"port": number, "to": "x"} for number in (1, 2, 3))

    assert changes_of(of_one({"x": [a, b]}, {"x": [c, a, b]})) == [("x[0]", ABSENT, c)]
    assert changes_of(of_one({"x": [a, b, c]}, {"x": [a, c]})) == [("x[1]", b, ABSENT)]
    assert changes_of(of_one({"x": [a, b]}, {"x": [b, {**a, "to": "y"}]})) == [
        ("x[1].to", "x", "y")
    ]


def test_another_object_at_the_same_address_is_a_replacement() -> None:
    """The id tells it."""
    (change,) = of_one({"id": "1"}, {"id": "2"}).instances

    assert change.kind == "changed"
    assert change.replaced


def test_a_moved_object_is_recognised_by_its_id() -> None:
    """It may have changed on the way."""
    found = between(
        state(resource("a_b.old", instance({"id": "i-1", "size": 1}))),
        state(resource("module.m.a_b.new", instance({"id": "i-1", "size": 2}, index_key="k"))),
    )

    assert found.instances == (
        InstanceChange(
            "moved",
            'module.m.a_b.new["k"]',
            "a_b",
            "managed",
            moved_from="a_b.old",
            attributes=(AttributeChange(("size",), 1, 2),),
        ),
    )
    assert found.counts.moved == 1


def test_a_moved_object_without_an_id_is_recognised_by_its_attributes() -> None:
    """All of them are the same."""
    found = between(
        state(resource("a_b.old", instance({"name": "x"}))),
        state(resource("a_b.new", instance({"name": "x"}))),
    )

    assert [(each.kind, each.moved_from) for each in found.instances] == [("moved", "a_b.old")]


def test_an_id_that_names_nothing_moves_nothing() -> None:
    """All passwords have the id `none`."""
    found = between(
        state(resource("random_password.a", instance({"id": "none", "length": 1}))),
        state(resource("random_password.b", instance({"id": "none", "length": 2}))),
    )

    assert [each.kind for each in found.instances] == ["removed", "added"]


@pytest.mark.parametrize("changed", [{"type": "x_y"}, {"provider": "provider.other"}])
def test_an_object_of_another_kind_is_not_the_same(changed: dict[str, Any]) -> None:
    """Ids are only unique within a type of a provider."""
    found = between(
        state(resource("a_b.old", instance({"id": "1"}))),
        state({**resource("a_b.new", instance({"id": "1"})), **changed}),
    )

    assert {each.kind for each in found.instances} == {"added", "removed"}


def test_objects_that_moved_up_are_not_taken_for_changed_ones() -> None:
    """The first of a list was taken out, and `state mv` moved the others."""
    one, two, three = ({"id": f"i-{number}"} for number in (1, 2, 3))
    found = between(
        state(
            resource(
                "a_b.c", *(instance(each, index_key=n) for n, each in enumerate((one, two, three)))
            )
        ),
        state(
            resource("a_b.c", *(instance(each, index_key=n) for n, each in enumerate((two, three))))
        ),
    )

    assert [(each.kind, each.moved_from, each.address) for each in found.instances] == [
        ("removed", "", "a_b.c[0]"),
        ("moved", "a_b.c[1]", "a_b.c[0]"),
        ("moved", "a_b.c[2]", "a_b.c[1]"),
    ]


def test_objects_that_changed_places_are_moved() -> None:
    """Both addresses are there before and after."""
    found = between(
        state(resource("a_b.x", instance({"id": "1"})), resource("a_b.y", instance({"id": "2"}))),
        state(resource("a_b.x", instance({"id": "2"})), resource("a_b.y", instance({"id": "1"}))),
    )

    assert [(each.kind, each.moved_from) for each in found.instances] == [
        ("moved", "a_b.y"),
        ("moved", "a_b.x"),
    ]


def test_metadata_is_reported_apart() -> None:
    """Such an object is not counted as changed."""
    same = {"id": "1"}
    old = instance(same, dependencies=["a", "b"], private="AAAA", schema_version=1)
    new = instance(same, dependencies=["b", "c"], private="BBBB", status="tainted")
    found = between(
        state(resource("a_b.c", old)),
        state(resource("a_b.c", new, provider='provider["x/y/z"]')),
    )

    assert found.instances == ()
    assert found.counts.metadata == 1
    (about,) = found.metadata
    assert about.address == "a_b.c"
    assert {each.name: (each.before, each.after) for each in about.changes} == {
        "provider": ('provider["registry.terraform.io/hashicorp/aws"]', 'provider["x/y/z"]'),
        "schema_version": (1, 0),
        "tainted": (False, True),
        "dependencies": (("a", "b"), ("b", "c")),
        "private": (SENSITIVE, SENSITIVE),
    }


def test_deposed_objects_are_metadata_of_their_address() -> None:
    """They come and go while an object is replaced."""
    old = state(resource("a_b.c", instance({"id": "1"})))
    new = state(resource("a_b.c", instance({"id": "1"}), instance({"id": "0"}, deposed="0000000a")))

    assert between(old, new).metadata[0].changes == (MetadataChange("deposed", (), ("0000000a",)),)


def test_orders_that_terraform_does_not_keep_are_no_change() -> None:
    """Sensitive paths and checks come in another order with every run."""
    paths = [get_attr("a"), get_attr("b")]
    checks = [{"config_addr": f"check.{name}", "status": "pass"} for name in "ab"]
    old, new = (
        state(
            resource("a_b.c", instance({"id": "1"}, sensitive_attributes=paths[::step])),
            check_results=checks[::step],
        )
        for step in (1, -1)
    )

    assert between(old, new) == StateDiff(counts=between(old, old).counts)


def test_checks_that_changed_are_told() -> None:
    """With their status before and after."""
    old = state(check_results=[{"config_addr": "check.a", "status": "pass"}])
    new = state(check_results=[{"config_addr": "check.a", "status": "fail"}])

    assert between(old, new).checks == (CheckChange("check.a", "pass", "fail"),)


def test_the_header_alone_is_no_difference_in_content() -> None:
    """A new serial says nothing of what the state holds."""
    found = between(state(), state(serial=8, lineage="x"))

    assert found.is_empty
    assert [each.name for each in found.header] == ["serial", "lineage"]


def test_outputs_are_added_removed_and_changed() -> None:
    """Nested values by their path, type and mark apart."""
    found = between(
        state(
            outputs={
                "gone": {"value": 1, "type": "number"},
                "nested": {"value": {"a": 1, "b": 2}, "type": "dynamic"},
                "typed": {"value": [], "type": "dynamic"},
            }
        ),
        state(
            outputs={
                "come": {"value": "x", "type": "string"},
                "nested": {"value": {"a": 1, "b": 3}, "type": "dynamic"},
                "typed": {"value": [], "type": ["list", "string"]},
            }
        ),
    )

    assert [(each.kind, each.name, each.changes) for each in found.outputs] == [
        ("added", "come", (AttributeChange((), ABSENT, "x"),)),
        ("removed", "gone", (AttributeChange((), 1, ABSENT),)),
        ("changed", "nested", (AttributeChange(("b",), 2, 3),)),
        ("changed", "typed", ()),
    ]
    assert found.outputs[3].metadata == (MetadataChange("type", "dynamic", ["list", "string"]),)
    assert str(found.counts) == "resources: the same; outputs: 1 added, 1 removed, 2 changed"


def test_sensitive_values_are_told_to_differ_and_not_shown() -> None:
    """One mark in either state is enough."""
    old = {"id": "1", "password": "one", "same": "s", "nest": [{"key": "k1", "n": 1}]}
    new = {"id": "1", "password": "two", "same": "s", "nest": [{"key": "k2", "n": 2}]}
    marks = [get_attr("password"), get_attr("same"), get_attr("nest", 0, "key")]
    found = between(
        state(resource("a_b.c", instance(old))),
        state(resource("a_b.c", instance(new, sensitive_attributes=marks))),
    )

    assert changes_of(found) == [
        ("nest[0].key", SENSITIVE, SENSITIVE),
        ("nest[0].n", 1, 2),
        ("password", SENSITIVE, SENSITIVE),
    ]


def test_sensitive_parts_of_whole_values_are_hidden() -> None:
    """In objects that are on one side only, and in elements of lists."""
    marks = [get_attr("conf", "key"), get_attr("list", 1)]
    entry = instance(
        {"conf": {"key": "hidden-1", "n": 1}, "list": ["a", "hidden-2"]}, sensitive_attributes=marks
    )

    assert changes_of(between(state(), state(resource("a_b.c", entry)))) == [
        ("conf", ABSENT, {"key": SENSITIVE, "n": 1}),
        ("list", ABSENT, ["a", SENSITIVE]),
    ]


def test_copies_of_sensitive_texts_are_hidden_too() -> None:
    """Terraform does not mark what a provider copies, as `terraform_data` its input."""
    secret = "correct-horse-battery"
    marked = {"input": secret, "output": secret}
    found = between(
        state(),
        state(
            resource("a_b.c", instance(marked, sensitive_attributes=[get_attr("input")])),
            resource("d_e.f", instance({"x": [{"y": secret}]})),
            outputs={"copy": {"value": secret, "type": "string"}},
        ),
    )

    assert secret not in repr(found)
    assert repr(found).count("(sensitive value)") == 4


def test_sensitive_outputs_are_not_shown() -> None:
    """Not even when they lose their mark."""
    old = state(outputs={"p": {"value": "one", "type": "string", "sensitive": True}})
    new = state(outputs={"p": {"value": "two", "type": "string"}})
    (change,) = between(old, new).outputs

    assert change.changes == (AttributeChange((), SENSITIVE, SENSITIVE),)
    assert change.metadata == (MetadataChange("sensitive", True, False),)


def test_renderings_are_no_difference() -> None:
    """OpenTofu writes compact states, Terraform indented ones."""
    document = state(resource("a_b.c", instance({"id": "1", "x": [{"y": 1.5}], "t": "<é>"})))
    compact = json.dumps(document, separators=(",", ":")).encode()

    assert diff(parse(compact), parse(written(document))).is_empty


def test_encrypted_states_are_left_alone() -> None:
    """There is nothing to see in them."""
    encrypted = parse(b'{"encryption_version":"v0","serial":1,"lineage":"x"}')

    with pytest.raises(UnreadableState, match="encrypted"):
        diff(encrypted, parse(b""))
    assert diff_unless_encrypted(encrypted, parse(b"")) is None
    assert diff_unless_encrypted(parse(b""), encrypted) is None


def test_states_of_version_3_are_compared() -> None:
    """Their attributes are flat texts."""
    old, new = (
        parse(
            written(
                {
                    "version": 3,
                    "serial": 1,
                    "modules": [
                        {
                            "path": ["root"],
                            "resources": {
                                "a_b.c": {"primary": {"attributes": {"id": "1", "tags.Name": name}}}
                            },
                        }
                    ],
                }
            )
        )
        for name in ("x", "y")
    )

    assert changes_of(diff(old, new)) == [('["tags.Name"]', "x", "y")]


def test_paths_as_text() -> None:
    """The whole has no name."""
    assert path_text(()) == ""
    assert path_text(("a", 0, "b-c", "d e", 'f"')) == 'a[0].b-c["d e"]["f\\""]'


def test_what_is_named_like_a_secret_is_not_shown() -> None:
    """Terraform does not mark what only a provider's schema declares as sensitive."""
    found = of_one(
        {"id": "1", "password": "one", "login": [{"user": "me", "token": "t1"}], "result": "r1"},
        {"id": "1", "password": "two", "login": [{"user": "me", "token": "t2"}], "result": "r2"},
    )

    assert changes_of(found) == [
        ("login[0].token", SENSITIVE, SENSITIVE),
        ("password", SENSITIVE, SENSITIVE),
        ("result", "r1", "r2"),
    ]


def test_an_unset_secret_is_told_from_a_set_one() -> None:
    """Only what is there is hidden."""
    found = of_one({"password": "", "token": None}, {"password": "x", "token": "y"})

    assert changes_of(found) == [("password", SENSITIVE, SENSITIVE), ("token", None, SENSITIVE)]
