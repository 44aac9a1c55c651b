"""Which state reads which, and what is stale, from states as Terraform writes them."""

from typing import Any

import pytest

from client_site import Site
from holdfast.operations.graph import Graph, graph, only_stale
from state_commands import written
from state_documents import instance, resource, state


def dynamic(value: Any) -> dict[str, Any]:
    """Return a value of dynamic type as a state keeps it."""
    return {"value": value, "type": ["object", {}] if isinstance(value, dict) else "string"}


def reads(
    bucket: str, key: str, outputs: dict[str, Any], name: str = "it", **more: Any
) -> dict[str, Any]:
    """Return a data source that has read outputs of a state."""
    config = {"bucket": bucket, "key": key, "region": "us-east-1", **more.pop("config", {})}
    attributes = {
        "backend": "s3",
        "config": dynamic(config),
        "defaults": None,
        "outputs": dynamic(outputs),
        "workspace": None,
        **more,
    }
    return resource(f"data.terraform_remote_state.{name}", instance(attributes))


def outputs(**values: Any) -> dict[str, Any]:
    """Return outputs as they stand in a state."""
    return {name: {"value": value, "type": "string"} for name, value in values.items()}


def look(site: Site, prefix: str = "") -> Graph:
    """Look at the bucket with clients of its own."""
    return graph(site.backend().connection, prefix)


def test_a_reader_is_current_while_the_outputs_are_what_it_read(site: Site) -> None:
    """New outputs make nothing stale."""
    written(site, "net.tfstate", state(outputs=outputs(vpc="v-1", new="n")))
    written(site, "app.tfstate", state(reads(site.bucket, "net.tfstate", {"vpc": "v-1"})))

    (edge,) = look(site).edges

    assert (edge.reader, edge.source) == ("app.tfstate", "net.tfstate")
    assert edge.by == "data.terraform_remote_state.it"
    assert (edge.stale, edge.added, edge.comparable) == ((), ("new",), True)


def test_an_output_that_has_a_type_and_a_value_is_read_as_it_is(site: Site) -> None:
    """A record of a name server is no value with its type beside it."""
    record = {"type": "A", "value": "192.0.2.1"}
    written(site, "net.tfstate", state(outputs=outputs(record=record)))
    written(site, "app.tfstate", state(reads(site.bucket, "net.tfstate", {"record": record})))

    (edge,) = look(site).edges

    assert edge.stale == ()


def test_changed_and_removed_outputs_are_stale(site: Site) -> None:
    """By name; what they hold is not told."""
    written(site, "net.tfstate", state(outputs=outputs(vpc="v-2", zones=["a"])))
    had = {"vpc": "v-1", "gone": "g", "zones": ["a"]}
    written(site, "app.tfstate", state(reads(site.bucket, "net.tfstate", had)))

    found = look(site)

    (edge,) = found.edges
    assert (edge.changed, edge.removed, edge.stale) == (("vpc",), ("gone",), ("gone", "vpc"))
    assert "v-1" not in repr(found)


def test_numbers_are_compared_by_value(site: Site) -> None:
    """Another way to write the same number is no change."""
    source = state(outputs={"n": {"value": 1.0, "type": "number"}})
    written(site, "net.tfstate", source)
    written(site, "app.tfstate", state(reads(site.bucket, "net.tfstate", {"n": 1})))

    assert look(site).stale == ()


def test_a_workspace_is_read_from_its_own_object(site: Site) -> None:
    """`workspace` and `workspace_key_prefix` name the object."""
    written(site, "net.tfstate", state(outputs=outputs(vpc="v-1")), workspace="dev")
    reader = reads(site.bucket, "net.tfstate", {"vpc": "v-1"}, workspace="dev")
    written(site, "app.tfstate", state(reader))

    (edge,) = look(site).edges

    assert (edge.source, edge.comparable) == ("env:/dev/net.tfstate", True)


def test_a_state_that_does_not_exist_is_named(site: Site) -> None:
    """It may have been moved or deleted."""
    written(site, "app.tfstate", state(reads(site.bucket, "gone.tfstate", {"vpc": "v-1"})))

    found = look(site)

    nodes = {node.id: node.exists for node in found.nodes}
    assert nodes == {"app.tfstate": True, "gone.tfstate": False}
    assert not found.edges[0].comparable


def test_states_elsewhere_are_named_without_credentials(site: Site) -> None:
    """Other buckets and other backends; passwords in addresses are not told."""
    http = resource(
        "data.terraform_remote_state.web",
        instance(
            {
                "backend": "http",
                "config": dynamic({"address": "https://user:pass@host/state?token=t"}),
                "outputs": dynamic({}),
            }
        ),
    )
    written(site, "app.tfstate", state(reads("other", "a/b.tfstate", {"x": "1"}), http))

    found = look(site)

    assert [edge.source for edge in found.edges] == ["http://host/state", "s3://other/a/b.tfstate"]
    assert {node.exists for node in found.nodes if node.state is None} == {None}


def test_a_prefix_keeps_what_is_read_and_who_reads(site: Site) -> None:
    """The neighbours on both sides, and nothing further away."""
    written(site, "a.tfstate", state(outputs=outputs(x="1")))
    written(site, "b.tfstate", state(reads(site.bucket, "a.tfstate", {"x": "1"})))
    written(site, "c.tfstate", state(reads(site.bucket, "b.tfstate", {})))
    written(site, "d.tfstate", state(reads(site.bucket, "c.tfstate", {})))

    found = look(site, "b")

    assert [node.id for node in found.nodes] == ["a.tfstate", "b.tfstate", "c.tfstate"]
    assert len(found.edges) == 2


def test_only_stale_leaves_the_rest_out(site: Site) -> None:
    """Current readings and their states."""
    written(site, "a.tfstate", state(outputs=outputs(x="2")))
    written(site, "b.tfstate", state(reads(site.bucket, "a.tfstate", {"x": "1"})))
    written(site, "c.tfstate", state(reads(site.bucket, "a.tfstate", {"x": "2"})))

    found = only_stale(look(site))

    assert [node.id for node in found.nodes] == ["a.tfstate", "b.tfstate"]
    assert [edge.reader for edge in found.edges] == ["b.tfstate"]


@pytest.mark.parametrize("attributes", [{}, {"backend": "s3"}, {"backend": "s3", "config": "x"}])
def test_a_data_source_that_says_nothing_is_passed_over(
    site: Site, attributes: dict[str, Any]
) -> None:
    """Such as one that was never read."""
    odd = resource("data.terraform_remote_state.odd", instance(attributes))
    written(site, "app.tfstate", state(odd))

    assert look(site).edges == ()


def test_states_that_cannot_be_read_are_named(site: Site) -> None:
    """The rest of the graph is there."""
    site.s3.put_object(Bucket=site.bucket, Key="broken.tfstate", Body=b"{")
    written(site, "app.tfstate", state(reads(site.bucket, "broken.tfstate", {})))

    found = look(site)

    assert [name for name, _ in found.unread] == ["broken.tfstate"]
    assert not found.edges[0].comparable
