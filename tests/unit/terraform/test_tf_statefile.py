"""Reading states of every kind."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.terraform.exact_json import rendered
from holdfast.terraform.statefile import (
    Header,
    Instance,
    StateFile,
    UnreadableState,
    header,
    header_if_readable,
    parse,
    parse_if_readable,
    with_serial,
)
from state_documents import get_attr, instance, resource, state, states, written

ENVELOPE = {
    "serial": 5,
    "lineage": "abc",
    "meta": {"key_provider.pbkdf2.main": "e30="},
    "encrypted_data": "AAAA",
    "encryption_version": "v0",
}


def only(document: dict[str, Any]) -> Instance:
    """Return the only instance of a state."""
    (found,) = parse(written(document)).instances
    return found


def test_a_state_is_read_whole() -> None:
    """Header, outputs, resources and instances."""
    found = parse(
        written(
            state(
                resource(
                    "module.net.aws_vpc.main", instance({"id": "vpc-1", "cidr": "10.0.0.0/8"})
                ),
                resource("data.aws_region.here"),
                outputs={
                    "vpc": {"value": ["vpc-1"], "type": ["list", "string"], "sensitive": True}
                },
            )
        )
    )

    assert (found.format, found.serial, found.terraform_version) == ("v4", 7, "1.11.4")
    assert found.outputs["vpc"].value == ["vpc-1"]
    assert found.outputs["vpc"].type == ["list", "string"]
    assert found.outputs["vpc"].sensitive
    assert [each.address for each in found.resources] == [
        "module.net.aws_vpc.main",
        "data.aws_region.here",
    ]
    assert [each.address for each in found.instances] == ["module.net.aws_vpc.main"]
    assert found.instances[0].attributes == {"id": "vpc-1", "cidr": "10.0.0.0/8"}
    assert found.resources[0].provider_name == "hashicorp/aws"


@pytest.mark.parametrize(
    ("key", "suffix"),
    [
        (0, "[0]"),
        ("eu", '["eu"]'),
        ('a"b\\', r'["a\"b\\"]'),
        ("${x}%{y}\n", r'["$${x}%%{y}\n"]'),
        ("é\u200b\U000e0001", r'["é\u200b\U000e0001"]'),
        ("", '[""]'),
    ],
)
def test_instance_keys_stand_in_addresses_as_terraform_writes_them(
    key: int | str, suffix: str
) -> None:
    """Numbers as they are, names quoted and escaped like HCL."""
    assert only(state(resource("a.b", instance(index_key=key)))).address == f"a.b{suffix}"


def test_deposed_and_tainted_objects_are_told() -> None:
    """Two objects may have the same address."""
    found = parse(
        written(state(resource("a.b", instance(deposed="0000abcd"), instance(status="tainted"))))
    )

    assert [each.label for each in found.instances] == ["a.b (deposed 0000abcd)", "a.b"]
    assert [each.tainted for each in found.instances] == [False, True]


def test_sensitive_paths_are_read() -> None:
    """Names and numbers; a path that ends in something else means all below."""
    odd = [
        {"type": "get_attr", "value": "set"},
        {"type": "index", "value": {"value": {"a": 1}, "type": ["object", {"a": "number"}]}},
        {"type": "get_attr", "value": "a"},
    ]
    found = only(
        state(resource("a.b", instance(sensitive_attributes=[get_attr("x", 1, "y"), odd])))
    )

    assert found.sensitive == (("x", 1, "y"), ("set",))


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "1.10", "-0.0", "1E+400"])
def test_numbers_are_kept_as_written(number: str) -> None:
    """No digit is lost between reading and showing."""
    body = written(state(resource("a.b", instance({"n": "NUMBER"}))))
    (found,) = parse(body.replace(b'"NUMBER"', number.encode())).instances

    assert isinstance(found.attributes["n"], int | Decimal)
    assert rendered(found.attributes["n"]) == number


@pytest.mark.parametrize("number", ["9" * 5000, "1e" + "9" * 30])
def test_numbers_beyond_all_bounds_are_refused(number: str) -> None:
    """They would cost time and memory without end."""
    body = written(state(resource("a.b", instance({"n": "NUMBER"}))))
    (found,) = parse(body.replace(b'"NUMBER"', number.encode())).instances

    with pytest.raises(UnreadableState, match="number"):
        _ = found.attributes


def test_opentofu_providers_of_instances_are_read() -> None:
    """Since OpenTofu 1.9 the provider may stand at the instance."""
    entry = resource("a.b", instance(provider='provider["registry.opentofu.org/x/y"].z["k"]'))
    del entry["provider"]

    assert only(state(entry)).resource.provider_name == "x/y"


def test_an_object_of_no_bytes_is_an_empty_state() -> None:
    """Terraform takes it for no state."""
    assert parse(b"") == StateFile("empty")
    assert header(b"") == Header("empty")
    assert parse(b"").is_empty


def test_a_state_without_resources_is_empty() -> None:
    """Terraform writes such a state for a new workspace."""
    found = parse(written(state()))

    assert found.format == "v4"
    assert found.is_empty


def test_an_encrypted_state_is_recognised() -> None:
    """Its header stands outside of the encryption."""
    body = json.dumps(ENVELOPE).encode()

    assert header(body) == Header("encrypted", serial=5, lineage="abc")
    assert parse(body) == StateFile("encrypted", serial=5, lineage="abc")
    assert not parse(body).is_empty
    with pytest.raises(UnreadableState, match="encrypted"):
        with_serial(body, 6)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x00", "not JSON"),
        (b" ", "not JSON"),
        (b"[]", "not shaped like a state"),
        (b"{}", 'no "version"'),
        (b'{"version": "4"}', "not a number"),
        (b'{"version": true}', "not a number"),
        (b'{"version": 2}', "before Terraform 0.9"),
        (b'{"version": 5}', "version 5"),
        (b'{"version": 4, "serial": -1}', "never negative"),
        (b'{"version": 4, "serial": 1.5}', "not shaped"),
        (b'{"version": 4, "resources": {}}', "not shaped"),
        (b'{"version": 4, "x": "\xff"}', "UTF-8 at byte 21"),
        (
            b'{"version": 4, "outputs": {"x": {"value": ' + b"[" * 300 + b"]" * 300 + b"}}}",
            "deeper than 200",
        ),
        (
            b'{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b", "instances":'
            b'[{"attributes": {"x": ' + b"[" * 300 + b"]" * 300 + b"}}]}]}",
            "deeper than 200",
        ),
        (b'{"version": 4, "x": ' + b"[" * 90_000, "nested too deeply"),
        (b'{"version": 4}\x00\x00', "not JSON"),
        (b"tfstate", "not JSON"),
        (b'{"version": 3, "modules": [{"path": ["x"]}]}', 'begin at "root"'),
        (b'{"version": 3, "modules": [{"path": ["root"], "resources": {"a": {}}}]}', "address"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    """One error, with a reason that a person understands."""
    with pytest.raises(UnreadableState, match=reason):
        parse(body)


def test_what_may_be_no_state_is_asked_without_an_error() -> None:
    """A state is read all the same; of anything else there is nothing to say."""
    body = json.dumps(ENVELOPE).encode()

    assert (header_if_readable(body), parse_if_readable(body)) == (header(body), parse(body))
    assert (header_if_readable(b"notes"), parse_if_readable(b"notes")) == (None, None)


def test_brackets_in_strings_are_no_depth() -> None:
    """Escaped quotes and backslashes do not confuse the count."""
    text = "[" * 300 + '"' + "{" * 300 + "\\" + '\\"'
    found = only(state(resource("a.b", instance({"text": text, "other\\": "["}))))

    assert found.attributes["text"] == text


V3 = {
    "version": 3,
    "terraform_version": "0.11.14",
    "serial": 12,
    "lineage": "old",
    "modules": [
        {
            "path": ["root"],
            "outputs": {"ip": {"sensitive": True, "type": "list", "value": ["10.0.0.1"]}},
            "resources": {
                "aws_instance.web.0": {
                    "type": "aws_instance",
                    "primary": {
                        "id": "i-1",
                        "attributes": {"id": "i-1", "tags.%": "1", "tags.Name": "x"},
                        "meta": {"schema_version": "1"},
                        "tainted": True,
                    },
                    "deposed": [{"attributes": {"id": "i-0"}}],
                    "provider": "provider.aws",
                },
                "aws_instance.web.1": {"primary": {"attributes": {"id": "i-2"}}, "provider": "x"},
                "data.aws_ami.linux": {"primary": {"attributes": {"id": "ami-1"}}, "provider": ""},
            },
        },
        {
            "path": ["root", "net", "inner"],
            "outputs": {"not_root": {"value": "x"}},
            "resources": {"aws_vpc.main": {"primary": {"attributes": None}, "provider": "aws.eu"}},
        },
    ],
}


def test_a_version_3_state_is_read_as_terraform_upgrades_it() -> None:
    """Modules become addresses, deposed objects get numbers, attributes stay flat."""
    found = parse(written(V3))

    assert (found.format, found.serial, found.lineage) == ("v3", 12, "old")
    assert [each.label for each in found.instances] == [
        "aws_instance.web[0] (deposed 00000001)",
        "aws_instance.web[0]",
        "aws_instance.web[1]",
        "data.aws_ami.linux",
        "module.net.module.inner.aws_vpc.main",
    ]
    current = found.instances[1]
    assert current.tainted
    assert current.flat
    assert current.schema_version == 1
    assert current.attributes["tags.%"] == "1"
    assert [each.provider for each in found.resources] == [
        "provider.aws",
        "provider.aws",
        "module.net.module.inner.provider.aws.eu",
    ]
    assert list(found.outputs) == ["ip"]
    assert found.outputs["ip"].sensitive
    assert found.outputs["ip"].type == ["tuple", ["string"]]


def test_the_header_of_a_version_3_state_counts_the_same() -> None:
    """Data sources and outputs of other modules are not counted."""
    assert header(written(V3)) == Header("v3", "0.11.14", 12, "old", resources=4, outputs=1)


@settings(max_examples=40)
@given(states())
def test_the_header_agrees_with_the_whole(document: dict[str, Any]) -> None:
    """A partial reading says the same as a complete one."""
    body = written(document)
    found = parse(body)

    assert header(body) == Header(
        "v4",
        found.terraform_version,
        document["serial"],
        found.lineage,
        resources=len(list(found.managed)),
        outputs=len(document["outputs"]),
    )


@settings(max_examples=40)
@given(states())
def test_attributes_and_outputs_are_those_of_the_document(document: dict[str, Any]) -> None:
    """Nothing is lost or invented."""
    found = parse(written(document))
    expected = [
        each["attributes"] for entry in document["resources"] for each in entry["instances"]
    ]

    assert [json.loads(rendered(each.attributes)) for each in found.instances] == expected
    assert {name: json.loads(rendered(each.value)) for name, each in found.outputs.items()} == {
        name: each["value"] for name, each in document["outputs"].items()
    }


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No other error comes out."""
    with suppress(UnreadableState):
        parse(body)


@settings(max_examples=40)
@given(states(), st.data())
def test_a_damaged_state_is_read_or_refused(document: dict[str, Any], data: st.DataObject) -> None:
    """Cut, doubled and changed bytes lead to one kind of error only."""
    body = bytearray(written(document))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["cut", "change", "insert"])):
            case "cut":
                del body[at : at + data.draw(st.integers(1, 20))]
            case "change":
                body[at] = data.draw(st.integers(0, 255))
            case _:
                body[at:at] = data.draw(st.sampled_from([b"{", b"}", b'"', b"null", b"[", b"1e9"]))
        if not body:
            break
    with suppress(UnreadableState):
        found = parse(bytes(body))
        _ = [each.attributes for each in found.instances], found.check_results


@given(
    st.recursive(
        st.none() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "version",
                        "resources",
                        "instances",
                        "outputs",
                        "modules",
                        "path",
                        "serial",
                        "attributes",
                        "sensitive_attributes",
                        "type",
                        "value",
                        "mode",
                        "name",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_documents_of_other_shapes_are_read_or_refused(value: Any) -> None:
    """The known names with wrong values below them."""
    for version in (3, 4):
        document = {**value, "version": version} if isinstance(value, dict) else value
        with suppress(UnreadableState):
            parse(written(document))
