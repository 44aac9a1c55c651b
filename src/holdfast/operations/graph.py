"""Which state reads which: the `terraform_remote_state` data sources that states keep.

A state keeps what its data sources read at the last refresh. An output is stale if the state it comes
from has another value now, or has it no more.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.operations.catalog import survey
from holdfast.operations.each_state import each_state
from holdfast.terraform.address import DEFAULT_WORKSPACE, WORKSPACE_KEY_PREFIX, StateAddress
from holdfast.terraform.dynamic import is_dynamic

if TYPE_CHECKING:
    from holdfast.client.connect import Connection
    from holdfast.operations.catalog import Entry
    from holdfast.operations.fetching import OnProgress
    from holdfast.terraform.records import Instance, StateFile

_REMOTE_STATE = "terraform_remote_state"
_HIDING = re.compile(r"[?#].*|(?<=//)[^/@]*@", re.DOTALL)  # of an address: query, user and password


@dataclass(frozen=True, slots=True)
class Node:
    """A state, or something that is not in this bucket and is only read."""

    id: str  # the object's key, or another kind of address
    state: StateAddress | None  # None if it is not a state of this bucket
    serial: int | None = None  # None if it is not known
    exists: bool | None = None  # None if it is not known
    resources: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """One data source: a state reads another."""

    reader: str  # id of a node
    source: str  # id of a node
    by: str  # address of the data source
    outputs: tuple[str, ...]  # names of what it has read
    changed: tuple[str, ...] = ()  # have another value by now
    removed: tuple[str, ...] = ()  # are no outputs any more
    added: tuple[str, ...] = ()  # are new; nothing is wrong with that
    comparable: bool = True  # whether the source could be looked into

    @property
    def stale(self) -> tuple[str, ...]:
        """The outputs that the reader has read and that are not so any more."""
        return tuple(sorted({*self.changed, *self.removed}))


@dataclass(frozen=True, slots=True)
class Graph:
    """The states of a bucket and what they read, in the order of their ids."""

    bucket: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    unread: tuple[tuple[str, str], ...] = ()  # states that could not be looked into, and why

    @property
    def stale(self) -> tuple[Edge, ...]:
        """The edges with stale outputs."""
        return tuple(edge for edge in self.edges if edge.stale)


@dataclass(frozen=True, slots=True)
class _Reading:
    by: str
    source: StateAddress | str  # a state of an S3 backend, or the address of another kind
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    outputs: Mapping[str, Any]
    readings: tuple[_Reading, ...]


def graph(
    connection: "Connection", prefix: str = "", *, progress: "OnProgress | None" = None
) -> Graph:
    """Look at what the states of the connection's bucket read.

    Args:
        connection: to the bucket.
        prefix: only states whose key begins with it, what they read, and what reads them.
        progress: told how many states are through.

    Raises:
        HoldfastError: the bucket or a state cannot be read.
    """
    entries = survey(
        connection, progress=progress
    ).entries  # of any prefix: who reads them may be anywhere
    seen: dict[str, _Seen] = {}
    unread: dict[str, str] = {}
    for made in each_state(connection, entries, _look, progress=progress):
        key = made.entry.address.object_key
        if made.result is None:
            unread[key] = made.why_not
        else:
            seen[key] = made.result
    edges = list(_edges(connection.settings.bucket, seen))
    nodes = {
        entry.address.object_key: _node(entry) for entry in entries if entry.stored is not None
    }
    for edge in edges:
        nodes.setdefault(edge.source, _outside(connection, edge.source, seen))
    if prefix:
        chosen = {name for name, node in nodes.items() if _below(node, prefix)}
        edges = [edge for edge in edges if edge.reader in chosen or edge.source in chosen]
        chosen |= {name for edge in edges for name in (edge.reader, edge.source)}
        nodes = {name: node for name, node in nodes.items() if name in chosen}
    return Graph(
        connection.settings.bucket,
        tuple(nodes[name] for name in sorted(nodes)),
        tuple(sorted(edges, key=lambda edge: (edge.source, edge.reader, edge.by))),
        tuple(sorted(unread.items())),
    )


def only_stale(graph: Graph) -> Graph:
    """Return the part of a graph that has stale outputs."""
    used = {name for edge in graph.stale for name in (edge.reader, edge.source)}
    nodes = tuple(node for node in graph.nodes if node.id in used)
    return Graph(graph.bucket, nodes, graph.stale, graph.unread)


def _below(node: Node, prefix: str) -> bool:
    return node.id.startswith(prefix) or bool(node.state and node.state.key.startswith(prefix))


def _node(entry: "Entry") -> Node:
    facts = entry.facts
    known = facts is not None and not facts.unreadable
    return Node(
        id=entry.address.object_key,
        state=entry.address,
        serial=facts.serial if facts and known else None,
        exists=True,
        resources=facts.resources if facts and known else None,
    )


def _outside(connection: "Connection", name: str, seen: Mapping[str, _Seen]) -> Node:
    """Return the node of something that is read and is not among the states of the bucket."""
    if "://" in name:
        return Node(name, None)
    settings = connection.settings
    return Node(name, StateAddress(settings.bucket, name), exists=name in seen)


def _look(_entry: "Entry", state: "StateFile") -> _Seen:
    outputs = {name: output.value for name, output in state.outputs.items()}
    readings = (_reading(each) for each in state.instances if each.resource.type == _REMOTE_STATE)
    return _Seen(outputs, tuple(each for each in readings if each is not None))


def _reading(instance: "Instance") -> _Reading | None:
    if instance.resource.mode != "data":
        return None
    attributes = instance.attributes
    config = _plain(attributes.get("config"))
    backend = attributes.get("backend")
    outputs = _plain(attributes.get("outputs"))
    if not isinstance(config, Mapping) or not isinstance(backend, str):
        return None
    workspace = attributes.get("workspace") or DEFAULT_WORKSPACE
    return _Reading(
        instance.address,
        _source(backend, config, str(workspace)),
        outputs if isinstance(outputs, Mapping) else {},
    )


def _plain(value: Any) -> Any:
    """Return a value without its type. What is inside may look like one with its type, and is none."""
    return value["value"] if is_dynamic(value) else value


def _source(backend: str, config: Mapping[str, Any], workspace: str) -> StateAddress | str:
    bucket, key = config.get("bucket"), config.get("key")
    if backend == "s3" and isinstance(bucket, str) and isinstance(key, str):
        prefix = config.get("workspace_key_prefix")
        return StateAddress(
            bucket, key, workspace, prefix if isinstance(prefix, str) else WORKSPACE_KEY_PREFIX
        )
    named = next(
        (
            config[name]
            for name in ("address", "path", "key", "prefix", "bucket", "organization")
            if isinstance(config.get(name), str)
        ),
        "",
    )
    where = _HIDING.sub("", named).removeprefix("https://").removeprefix("http://")
    suffix = "" if workspace == DEFAULT_WORKSPACE else f" ({workspace})"
    return f"{backend}://{where}{suffix}"


def _edges(bucket: str, seen: Mapping[str, _Seen]) -> Iterator[Edge]:
    for reader, state in seen.items():
        for reading in state.readings:
            source = reading.source
            if isinstance(source, StateAddress):
                name = source.object_key if source.bucket == bucket else source.url
            else:
                name = source
            yield _edge(reader, name, reading, seen.get(name))


def _edge(reader: str, source: str, reading: _Reading, now: _Seen | None) -> Edge:
    had = reading.outputs
    names = tuple(sorted(had))
    if now is None:
        return Edge(reader, source, reading.by, names, comparable=False)
    has = now.outputs
    return Edge(
        reader,
        source,
        reading.by,
        names,
        changed=tuple(name for name in names if name in has and has[name] != had[name]),
        removed=tuple(name for name in names if name not in has),
        added=tuple(sorted(name for name in has if name not in had)),
    )
