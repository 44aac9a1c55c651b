"""`holdfast graph`: which state reads which."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe, styled
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import note, print_json, warn
from holdfast.cli.progress import Progress
from holdfast.cli.state.target import Target, backend_of, target_options

if TYPE_CHECKING:
    from holdfast.operations.graph import Edge, Graph, Node


@click.command(
    "graph",
    epilog=epilog(
        "holdfast graph",
        "holdfast graph --prefix prod/ --svg > states.svg",
        "holdfast graph --stale",
        "holdfast graph --dot | dot -Tpng -o states.png",
    ),
)
@target_options
@click.option("--prefix", default="", help="Only these states, what they read and who reads them.")
@click.option("--stale", is_flag=True, help="Only readings with stale outputs.")
@click.option("--dot", "form", flag_value="dot", help="Print it in Graphviz's language.")
@click.option("--svg", "form", flag_value="svg", help="Print it as an SVG picture.")
@click.option("--json", "form", flag_value="json", help="Print the result as one JSON document.")
def graph(*, target: Target, prefix: str, stale: bool, form: str | None) -> int:
    """Show which state reads which through terraform_remote_state, and what is stale.

    An output is stale if the state that it comes from has changed it, or has it no more, since the
    reader was applied: apply the reader again.

    Exits with 15 if --stale found something.
    """
    from holdfast.operations import graph as operation
    from holdfast.operations import graph_drawing

    connection = backend_of(target, whole_bucket=True).connection
    with Progress("reading states") as progress:
        found = operation.graph(connection, prefix, progress=progress)
    if stale:
        found = operation.only_stale(found)
    if form == "json":
        print_json(_document(found))
    elif form == "dot":
        print(graph_drawing.dot(found), end="")
    elif form == "svg":
        print(graph_drawing.svg(found), end="")
    else:
        _print(found, stale=stale)
    for name, why in found.unread:
        warn(f"s3://{found.bucket}/{name} was not looked into: {why}")
    return ExitCode.FINDINGS if stale and found.edges else ExitCode.OK


def _print(graph: "Graph", *, stale: bool) -> None:
    from holdfast.operations.graph_drawing import about, connected

    nodes = {node.id: node for node in graph.nodes}
    for at, (source, edges) in enumerate(groupby(graph.edges, key=lambda edge: edge.source)):
        if at:
            print()
        words = about(nodes[source])
        aside = styled(f"  ({words})", _node_style(nodes[source])) if words else ""
        print(f"{styled(safe(source), Style.STRONG)}{aside}")
        readers = list(edges)
        for number, edge in enumerate(readers, start=1):
            corner = "└─" if number == len(readers) else "├─"
            text, style = _reading(edge)
            print(f"{corner} read by {safe(edge.reader)}  {styled(text, style)}")
    if not graph.edges:
        what = "stale outputs were read" if stale else "state reads another"
        note(f"No {what}.")
        return
    reading = len({edge.reader for edge in graph.edges})
    alone = len(nodes) - len(connected(graph))
    rest = f"; {alone:,} more neither read nor are read" if alone and not stale else ""
    stale_count = f", {len(graph.stale)} with stale outputs" if graph.stale else ""
    reads = "reads" if reading == 1 else "read"
    note(
        f"{counted(reading, 'state')} {reads} others in {counted(len(graph.edges), 'data source')}"
        f"{stale_count}{rest}"
    )


def _node_style(node: "Node") -> Style:
    return Style.BAD if node.exists is False else Style.DIM


def _reading(edge: "Edge") -> tuple[str, Style]:
    by = safe(edge.by)
    if edge.stale:
        gone = [f"{name} (removed)" for name in edge.removed]
        return f"stale: {safe(', '.join([*edge.changed, *gone]))}  {by}", Style.WARNING
    if not edge.comparable:
        return f"cannot be compared  {by}", Style.DIM
    return f"current  {by}", Style.GOOD


def _document(graph: "Graph") -> dict[str, Any]:
    return {
        "bucket": graph.bucket,
        "states": [
            {
                "id": node.id,
                "url": node.state.url if node.state else None,
                "key": node.state.key if node.state else None,
                "workspace": node.state.workspace if node.state else None,
                "exists": node.exists,
                "serial": node.serial,
                "resources": node.resources,
            }
            for node in graph.nodes
        ],
        "reads": [
            {
                "reader": edge.reader,
                "source": edge.source,
                "by": edge.by,
                "outputs": edge.outputs,
                "compared": edge.comparable,
                "stale": edge.stale,
                "changed": edge.changed,
                "removed": edge.removed,
                "added": edge.added,
            }
            for edge in graph.edges
        ],
        "not_read": [{"id": name, "why": why} for name, why in graph.unread],
    }
