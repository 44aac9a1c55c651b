"""Graphs as pictures: everything has its place, and nobody else's text gets out of hand."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from holdfast.operations.graph import Edge, Graph, Node
from holdfast.operations.graph_drawing import dot, svg
from holdfast.operations.graph_layout import place
from holdfast.terraform.address import StateAddress

NAMES = [f"n{number}" for number in range(12)]
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30)


@given(EDGES)
def test_places_of_a_column_are_apart(edges: Sequence[tuple[str, str]]) -> None:
    """Whatever the graph is, also with cycles, no two boxes cover each other."""
    layout = place(NAMES, edges)

    for column in set(layout.columns.values()):
        rows = sorted(layout.rows[name] for name in NAMES if layout.columns[name] == column)
        assert all(after - before >= 0.999 for before, after in pairwise(rows))
    assert all(0 <= row <= layout.height for row in layout.rows.values())


@given(EDGES)
def test_edges_lead_to_another_column_and_pass_all_between(
    edges: Sequence[tuple[str, str]],
) -> None:
    """An edge has a bend in each column that it passes."""
    layout = place(NAMES, edges)

    for start, end in {pair for pair in edges if pair[0] != pair[1]}:
        first, last = layout.columns[start], layout.columns[end]
        between = [column for column, _ in layout.bends[start, end]]
        step = 1 if last > first else -1
        assert between == list(range(first + step, last, step))


def test_without_cycles_everything_leads_to_the_right() -> None:
    """What is read stands left of what reads it."""
    layout = place(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")])

    assert layout.columns == {"a": 0, "b": 1, "c": 2, "d": 1}


def graph_of(*keys: str) -> Graph:
    """Return a chain of states, each of which reads the one before."""
    nodes = tuple(Node(key, StateAddress("bucket", key), 3, True, 1) for key in keys)
    edges = tuple(
        Edge(after, before, "data.terraform_remote_state.x", ("o",), changed=("o",))
        for before, after in pairwise(keys)
    )
    return Graph("bucket", nodes, edges)


def test_a_picture_is_sound_whatever_the_keys_are() -> None:
    """Markup in a key is text; a missing state and one elsewhere are drawn too."""
    hostile = graph_of('<script>"&', "b" * 90, "c/terraform.tfstate")
    nodes = (*hostile.nodes, Node("s3://other/x", None), Node("gone", None, exists=False))
    edges = (
        *hostile.edges,
        Edge("c/terraform.tfstate", "s3://other/x", "d", (), comparable=False),
        Edge("c/terraform.tfstate", "gone", "d", (), comparable=False),
    )

    drawn = ET.fromstring(svg(Graph("bucket", nodes, edges)))  # noqa: S314 - made here

    names = [each.text for each in drawn.iter() if each.get("class") == "name"]
    assert names[:3] == ['<script>"&', f"…{'b' * 39}", "c"]
    assert len([each for each in drawn.iter() if each.get("class") == "stale"]) == 2
    assert len([each for each in drawn.iter() if each.get("class") == "missing"]) == 1


def test_a_graph_of_nothing_is_a_picture_too() -> None:
    """No states, or none that read."""
    ET.fromstring(svg(Graph("bucket", (), ())))  # noqa: S314 - made here
    assert "->" not in dot(graph_of("alone"))


def test_a_state_that_reads_itself_and_two_that_read_each_other_are_drawn() -> None:
    """Odd, and possible."""
    chain = graph_of("a", "b")
    edges = (*chain.edges, Edge("a", "b", "d", ()), Edge("a", "a", "d", ()))

    drawn = ET.fromstring(svg(Graph("bucket", chain.nodes, edges)))  # noqa: S314 - made here

    assert len([each for each in drawn.iter() if each.get("class") == "edge"]) == 2


def test_dot_quotes_names() -> None:
    """A quote in a key does not end the name."""
    assert '"a\\"b" -> "c"' in dot(graph_of('a"b', "c"))
