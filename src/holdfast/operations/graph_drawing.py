"""A graph of states as DOT and as SVG. States that neither read nor are read are left out."""

from collections.abc import Iterable
from html import escape

from holdfast.operations.graph import Edge, Graph, Node
from holdfast.operations.graph_layout import Layout, place
from holdfast.terraform.address import DEFAULT_WORKSPACE

_LETTER = 7.3  # pixels of a letter of the font, at its size
_SMALL_LETTER = 6.8
_LONGEST = 40  # letters of a name
_BOX = 46  # height of a box
_ROW = 70  # from one row to the next
_GAP = 110  # between two columns
_EDGE = 24  # around everything
_FOOT = 34  # for the legend

_STYLE = """
svg{background:#fff;font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.box{fill:#f6f8fa;stroke:#8c959f}.name{fill:#1f2328;font-weight:600}.about{fill:#59636e;font-size:11px}
.outside .box{fill:none;stroke-dasharray:4 3}.missing .box{stroke:#cf222e}.missing .about{fill:#cf222e}
.edge{fill:none;stroke:#8c959f;stroke-width:1.4}.tip{fill:#8c959f}
.stale .edge{stroke:#bc4c00;stroke-width:2}.stale .tip{fill:#bc4c00}.mark{fill:#bc4c00;font-size:11px}
.halo{stroke:#fff;stroke-width:4;paint-order:stroke}
@media(prefers-color-scheme:dark){svg{background:#0d1117}.box{fill:#161b22;stroke:#6e7681}
.name{fill:#e6edf3}.about{fill:#9198a1}.edge{stroke:#6e7681}.tip{fill:#6e7681}
.stale .edge{stroke:#f0883e}.stale .tip{fill:#f0883e}.mark{fill:#f0883e}.halo{stroke:#0d1117}
.missing .box{stroke:#f85149}.missing .about{fill:#f85149}}
""".strip()


def connected(graph: Graph) -> list[Node]:
    """Return the nodes that read or are read."""
    used = {name for edge in graph.edges for name in (edge.reader, edge.source)}
    return [node for node in graph.nodes if node.id in used]


def dot(graph: Graph) -> str:
    """Return the graph in Graphviz's language; edges go from what is read to what reads it."""
    lines = [
        "digraph states {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="monospace"];',
    ]
    for node in connected(graph):
        style = ', style="rounded,dashed"' if node.state is None else ""
        colour = ', color="red"' if node.exists is False else ""
        label = "\\n".join(_quoted(text) for text in (_name(node, None), about(node)) if text)
        lines.append(f'  "{_quoted(node.id)}" [label="{label}"{style}{colour}];')
    for edge in graph.edges:
        stale = f', color="#bc4c00", label="{_quoted(_stale(edge))}"' if edge.stale else ""
        lines.append(
            f'  "{_quoted(edge.source)}" -> "{_quoted(edge.reader)}" '
            f'[tooltip="{_quoted(edge.by)}"{stale}];'
        )
    return "\n".join([*lines, "}", ""])


def svg(graph: Graph) -> str:
    """Return the graph as an SVG picture, for light and for dark pages."""
    nodes = {node.id: node for node in connected(graph)}
    layout = place(list(nodes), [(edge.source, edge.reader) for edge in graph.edges])
    frame = _Frame(nodes, layout, len(" ".join(_legend_texts(graph))))
    title = f"States of {graph.bucket}: which reads which"
    width, height = f"{frame.width:.0f}", f"{frame.height:.0f}"
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        *(_drawn_edge(frame, pair, edges) for pair, edges in sorted(_by_pair(graph.edges).items())),
        *(_drawn_node(frame, node) for node in nodes.values()),
        _legend(frame, graph),
        "</svg>",
        "",
    ]
    return "\n".join(parts)


class _Frame:
    """Turns columns and rows into pixels."""

    def __init__(self, nodes: dict[str, Node], layout: Layout, legend: int) -> None:
        self.layout = layout
        count = max(layout.columns.values(), default=-1) + 1
        letters = [10] * count
        for name, node in nodes.items():
            column = layout.columns[name]
            letters[column] = max(letters[column], len(_name(node)), len(about(node)))
        self.widths = [length * _LETTER + 28 for length in letters]
        self.lefts = [_EDGE + sum(self.widths[:column]) + column * _GAP for column in range(count)]
        right = self.lefts[-1] + self.widths[-1] if count else 0.0
        self.width = max(right, _EDGE + legend * _SMALL_LETTER) + _EDGE
        self.height = layout.height * _ROW + _BOX + 2 * _EDGE + _FOOT

    def left(self, name: str) -> float:
        return self.lefts[self.layout.columns[name]]

    def box_width(self, name: str) -> float:
        return self.widths[self.layout.columns[name]]

    def middle(self, row: float) -> float:
        return _EDGE + row * _ROW + _BOX / 2


def _drawn_node(frame: _Frame, node: Node) -> str:
    x, y = frame.left(node.id), frame.middle(frame.layout.rows[node.id]) - _BOX / 2
    kind = "missing" if node.exists is False else "outside" if node.state is None else "state"
    return (
        f'<g class="{kind}"><title>{escape(node.id)}</title>'
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{frame.box_width(node.id):.1f}" '
        f'height="{_BOX}" rx="7"/>'
        f'<text class="name" x="{x + 14:.1f}" y="{y + 20:.1f}">{escape(_name(node))}</text>'
        f'<text class="about" x="{x + 14:.1f}" y="{y + 36:.1f}">{escape(about(node))}</text></g>'
    )


def _drawn_edge(frame: _Frame, pair: tuple[str, str], edges: list[Edge]) -> str:
    source, reader = pair
    if source == reader:
        return ""
    backward = frame.layout.columns[source] > frame.layout.columns[reader]
    start = frame.left(source) + (0 if backward else frame.box_width(source))
    end = frame.left(reader) + (frame.box_width(reader) + 7 if backward else -7)
    points = [(start, frame.middle(frame.layout.rows[source]))]
    for column, row in frame.layout.bends[pair]:
        sides = [frame.lefts[column], frame.lefts[column] + frame.widths[column]]
        points += [(x, frame.middle(row)) for x in (sides[::-1] if backward else sides)]
    points.append((end, frame.middle(frame.layout.rows[reader])))
    stale = sorted({name for edge in edges for name in edge.stale})
    tip_x, tip_y = points[-1]
    back = 8 if backward else -8
    tip = f"M{tip_x - back:.1f} {tip_y:.1f}l{back} -4.5v9z"
    mark = ""
    if stale:
        x, y = (points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2
        text = f"{len(stale)} stale"
        mark = f'<text class="mark halo" text-anchor="middle" x="{x:.1f}" y="{y - 6:.1f}">{text}</text>'
    by = ", ".join(edge.by for edge in edges)
    about_it = by + (f"; stale: {', '.join(stale)}" if stale else "")
    return (
        f'<g class="{"stale" if stale else "current"}"><title>{escape(about_it)}</title>'
        f'<path class="edge" d="{_curve(points)}"/><path class="tip" d="{tip}"/>{mark}</g>'
    )


def _curve(points: list[tuple[float, float]]) -> str:
    x, y = points[0]
    path = f"M{x:.1f} {y:.1f}"
    for at, (next_x, next_y) in enumerate(points[1:]):
        if at % 2:  # along a box of another row
            path += f"L{next_x:.1f} {next_y:.1f}"
        else:
            half = (x + next_x) / 2
            path += f"C{half:.1f} {y:.1f} {half:.1f} {next_y:.1f} {next_x:.1f} {next_y:.1f}"
        x, y = next_x, next_y
    return path


def _legend(frame: _Frame, graph: Graph) -> str:
    text, warned = _legend_texts(graph)
    mark = f' <tspan class="mark">{warned}</tspan>' if warned else ""
    return f'<text class="about" x="{_EDGE}" y="{frame.height - 18:.1f}">{text}{mark}</text>'


def _legend_texts(graph: Graph) -> tuple[str, str]:
    alone = len(graph.nodes) - len(connected(graph))
    text = "An arrow leads from a state to one that reads its outputs."
    text += f" {alone} more neither read nor are read." if alone else ""
    return text, f"{len(graph.stale)} with stale outputs." if graph.stale else ""


def _by_pair(edges: Iterable[Edge]) -> dict[tuple[str, str], list[Edge]]:
    pairs: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        pairs.setdefault((edge.source, edge.reader), []).append(edge)
    return pairs


def _name(node: Node, longest: int | None = _LONGEST) -> str:
    """Return the key without what all keys end in; its end if it is long."""
    text = node.state.key if node.state else node.id
    for ending in ("/terraform.tfstate", ".tfstate"):
        if text.endswith(ending) and len(text) > len(ending):
            text = text.removesuffix(ending)
            break
    return text if longest is None or len(text) <= longest else f"…{text[1 - longest :]}"


def about(node: Node) -> str:
    """Return what is to be said of a node in a few words."""
    parts = []
    if node.state and node.state.workspace != DEFAULT_WORKSPACE:
        parts.append(node.state.workspace)
    if node.exists is False:
        parts.append("does not exist")
    if node.state is None:
        parts.append("not in this bucket")
    if node.serial is not None:
        parts.append(f"serial {node.serial}")
    if node.resources is not None:
        parts.append(f"{node.resources} resource{'' if node.resources == 1 else 's'}")
    return " · ".join(parts)


def _stale(edge: Edge) -> str:
    return f"stale: {', '.join(edge.stale)}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
