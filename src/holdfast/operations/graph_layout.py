"""Placing a graph in columns: what is read stands left of what reads it, with few crossings.

The method is Sugiyama's: break cycles, give each node a column, cut long edges into steps of one
column, order the columns by the places of their neighbours, then move the nodes towards those.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 12

# A node, or the step number of a long edge from a node to another.
_Place = str | tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in columns and in units of rows."""

    columns: Mapping[str, int]  # of each node, from 0
    rows: Mapping[str, float]  # of each node, from 0.0; at least 1 apart in a column
    bends: Mapping[tuple[str, str], tuple[tuple[int, float], ...]]  # of each edge: (column, row)
    height: float  # the largest row


def place(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layout:
    """Place nodes. Edges are (from, to); their nodes are all in `nodes`."""
    pairs = sorted({pair for pair in edges if pair[0] != pair[1]})
    forward = _without_cycles(nodes, pairs)
    columns = _columns(nodes, forward)
    layers, links = _stepped(columns, forward)
    _order(layers, links)
    rows = _rows(layers, links)
    lowest = min(rows.values(), default=0.0)
    rows = {name: row - lowest for name, row in rows.items()}
    bends = {
        (start, end): tuple(
            (columns[start] + step, rows[start, end, step])
            for step in range(1, columns[end] - columns[start])
        )
        for start, end in forward
    }
    backward = {(end, start): bends[start, end][::-1] for start, end in forward}
    return Layout(
        columns,
        {name: rows[name] for name in nodes},
        {pair: bends[pair] if pair in bends else backward[pair] for pair in pairs},
        max(rows.values(), default=0.0),
    )


def _without_cycles(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Turn round the edges that close a cycle, found by going depth first."""
    follows: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        follows[start].append(end)
    state: dict[str, int] = {}  # 1: on the way, 2: done
    closing: set[tuple[str, str]] = set()
    for root in nodes:
        if root in state:
            continue
        state[root] = 1
        way = [(root, iter(follows[root]))]
        while way:
            name, rest = way[-1]
            following = next(rest, None)
            if following is None:
                state[name] = 2
                way.pop()
            elif following not in state:
                state[following] = 1
                way.append((following, iter(follows[following])))
            elif state[following] == 1:
                closing.add((name, following))
    turned = {(end, start) if (start, end) in closing else (start, end) for start, end in edges}
    return sorted(turned)


def _columns(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the length of the longest way to each node."""
    before: dict[str, list[str]] = defaultdict(list)
    waits = dict.fromkeys(nodes, 0)
    follows: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        before[end].append(start)
        follows[start].append(end)
        waits[end] += 1
    columns: dict[str, int] = {}
    ready = [name for name in nodes if not waits[name]]
    while ready:
        name = ready.pop()
        columns[name] = 1 + max((columns[each] for each in before[name]), default=-1)
        for each in follows[name]:
            waits[each] -= 1
            if not waits[each]:
                ready.append(each)
    # What is read only from far away moves near to its reader, so that edges are short.
    for name in sorted(nodes, key=lambda each: -columns[each]):
        if not before[name] and follows[name]:
            columns[name] = min(columns[each] for each in follows[name]) - 1
    return columns


def _stepped(
    columns: Mapping[str, int], edges: Sequence[tuple[str, str]]
) -> tuple[list[list[_Place]], list[tuple[_Place, _Place]]]:
    """Return the columns with the steps of long edges in them, and links of one column each."""
    layers: list[list[_Place]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for name in sorted(columns):
        layers[columns[name]].append(name)
    links: list[tuple[_Place, _Place]] = []
    for start, end in edges:
        last: _Place = start
        for step in range(1, columns[end] - columns[start]):
            here: _Place = (start, end, step)
            layers[columns[start] + step].append(here)
            links.append((last, here))
            last = here
        links.append((last, end))
    return layers, links


def _neighbours(
    links: Sequence[tuple[_Place, _Place]],
) -> tuple[dict[_Place, list[_Place]], dict[_Place, list[_Place]]]:
    before: dict[_Place, list[_Place]] = defaultdict(list)
    after: dict[_Place, list[_Place]] = defaultdict(list)
    for start, end in links:
        before[end].append(start)
        after[start].append(end)
    return before, after


def _order(layers: list[list[_Place]], links: Sequence[tuple[_Place, _Place]]) -> None:
    """Order each column by the middle of the neighbours, there and back."""
    before, after = _neighbours(links)
    for sweep in range(_SWEEPS):
        side = before if sweep % 2 == 0 else after
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            index = {each: at for every in layers for at, each in enumerate(every)}
            middles = {
                each: sum(index[near] for near in side[each]) / len(side[each])
                if side[each]
                else float(index[each])
                for each in layer
            }
            layer.sort(key=lambda each, at=middles: at[each])  # type: ignore[misc]


def _rows(
    layers: Sequence[Sequence[_Place]], links: Sequence[tuple[_Place, _Place]]
) -> dict[_Place, float]:
    """Move everything towards its neighbours, keeping the order and a distance of 1."""
    before, after = _neighbours(links)
    rows = {each: float(at) for layer in layers for at, each in enumerate(layer)}
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = []
            for each in layer:
                near = [rows[other] for other in (*before[each], *after[each])]
                wanted.append(sum(near) / len(near) if near else rows[each])
            rows.update(zip(layer, _apart(wanted), strict=True))
    return rows


def _apart(wanted: Sequence[float]) -> list[float]:
    """Return the rows nearest to the wanted ones that are in order and 1 apart (least squares)."""
    blocks: list[
        tuple[float, int]
    ] = []  # (sum of wanted row less the offset in the block, members)
    for at, row in enumerate(wanted):
        blocks.append((row - at, 1))
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1] = (blocks[-1][0] + total, blocks[-1][1] + count)
    rows: list[float] = []
    for total, count in blocks:
        rows += [total / count + len(rows) + step for step in range(count)]
    return rows
