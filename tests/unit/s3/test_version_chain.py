"""The chain of versions against a simple model: lists of versions, newest first."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Chunk, Garbage, Object, ObjectVersion
from s3_handlers import BUCKET, S3, Calls, attempted

KEYS = ("a", "b")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(KEYS)),
        st.tuples(st.just("delete"), st.sampled_from(KEYS)),
        st.tuples(st.just("delete version"), st.sampled_from(KEYS), st.integers(0, 4)),
        st.tuples(st.just("versioning"), st.sampled_from(["Enabled", "Suspended"])),
        st.tuples(st.just("move"), st.sampled_from([-10, 0.000001, 5])),
    ),
    max_size=25,
)


@dataclass
class Model:
    """Versions by key, newest first: (version id, content or None for a delete marker)."""

    status: str = ""
    keys: dict[str, list[tuple[str, bytes | None]]] = field(
        default_factory=lambda: {key: [] for key in KEYS}
    )

    def push(self, key: str, version_id: str, content: bytes | None) -> None:
        """Make a version the newest; a null one replaces the null one before."""
        rest = [one for one in self.keys[key] if version_id != "null" or one[0] != "null"]
        self.keys[key] = [(version_id, content), *rest]


def take(calls: Calls, model: Model, number: int, step: tuple[Any, ...]) -> None:
    """Take one step with the handlers and with the model."""
    if step[0] == "move":
        calls.move(step[1])
    elif step[0] == "versioning":
        model.status = step[1]
        calls.versioning(step[1])
    elif step[0] == "put":
        content = f"{number}".encode()
        answer = calls.call("PutObject", Key=step[1], Body=content)
        model.push(step[1], answer.get("VersionId", "null"), content)
    elif step[0] == "delete":
        answer = calls.call("DeleteObject", Key=step[1])
        if model.status:
            assert answer["DeleteMarker"] is True
            model.push(step[1], answer["VersionId"], None)
        else:
            model.keys[step[1]] = []
    elif step[2] < len(model.keys[step[1]]):
        version_id, _ = model.keys[step[1]].pop(step[2])
        calls.call("DeleteObject", Key=step[1], VersionId=version_id)


def check(calls: Calls, model: Model) -> None:
    """Compare everything that can be read with the model."""
    listed = calls.call("ListObjectVersions")
    expected = [(key, one[0]) for key in KEYS for one in model.keys[key] if one[1] is not None]
    assert [(one["Key"], one["VersionId"]) for one in listed["Versions"]] == expected
    markers = [(key, one[0]) for key in KEYS for one in model.keys[key] if one[1] is None]
    assert [(one["Key"], one["VersionId"]) for one in listed["DeleteMarkers"]] == markers
    latest = {(key, model.keys[key][0][0]) for key in KEYS if model.keys[key]}
    flagged = [one for one in listed["Versions"] + listed["DeleteMarkers"] if one["IsLatest"]]
    assert {(one["Key"], one["VersionId"]) for one in flagged} == latest
    for key in KEYS:
        check_key(calls, key, model.keys[key])


def check_key(calls: Calls, key: str, versions: list[tuple[str, bytes | None]]) -> None:
    """Compare one key: its newest version, each version by id, and the pointer record."""
    assert read(calls, key) == (versions[0][1] if versions else None)
    for version_id, content in versions:
        assert read(calls, key, version_id) == content
    pointer = calls.writer.get(Object, BUCKET, key)
    chain = list(calls.writer.scan(ObjectVersion, BUCKET, key))
    if not versions:
        assert pointer is None
        assert chain == []
        return
    assert pointer is not None
    assert pointer.order == chain[0].order
    nulls = [one.order for one in chain if one.version_id == "null"]
    assert pointer.null_order == (nulls[0] if nulls else None)
    assert len(nulls) <= 1


def read(calls: Calls, key: str, version_id: str | None = None) -> bytes | None:
    """Return the content, or None for a delete marker or nothing."""
    params = {} if version_id is None else {"VersionId": version_id}
    found = attempted(lambda: calls.call("GetObject", Key=key, **params))
    if isinstance(found, ServiceError):
        assert found.code == ("NoSuchKey" if version_id is None else "MethodNotAllowed")
        return None
    body: bytes = found["Body"]
    return body


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_sequence_gives_what_the_model_gives(store: S3, steps: list[tuple[Any, ...]]) -> None:
    """Also when the clock stands still or goes back."""

    def work(calls: Calls) -> None:
        model = Model()
        for number, step in enumerate(steps):
            take(calls, model, number, step)
        check(calls, model)
        live = {
            stored.id for one in calls.writer.scan(ObjectVersion, BUCKET) for stored in one.stored
        }
        kept = {chunk.body_id for chunk in calls.writer.scan(Chunk)}
        assert kept == live
        assert list(calls.writer.scan(Garbage)) == []

    store.transact(work)
