"""Whatever is written, deleted and packed in whatever order: every version reads, nothing is left."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.engine.records import Orphan, Packed, ToPack
from holdfast.server.s3.packer import pack_some
from in_process import Aws
from packed_states import BUCKET, got, make_bucket, pack_all, packed, problems, put, records, state

KEY = "a"
SIZES = (300, 5000, 5000, 9000)  # the first is too short to be packed
actions = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, len(SIZES) - 1)),
        st.tuples(st.just("mark"), st.just(0)),
        st.tuples(st.just("drop"), st.integers(0, 9)),
        st.tuples(st.just("pack"), st.integers(1, 3)),
    ),
    min_size=4,
    max_size=16,
)


class Model:
    """A key and what its versions hold, the oldest first; a delete marker holds nothing."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.versions: dict[str, bytes | None] = {}
        self.written = 0

    def act(self, action: str, which: int) -> None:
        """Do one thing, to the server and to the model."""
        if action == "put":
            self.written += 1
            body = state(self.written, SIZES[which])
            self.versions[put(self.aws, KEY, body)] = body
        elif action == "mark":
            self.versions[self.aws.s3.delete_object(Bucket=BUCKET, Key=KEY)["VersionId"]] = None
        elif action == "drop" and which < len(self.versions):
            version = list(self.versions)[which]
            self.aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=version)
            del self.versions[version]
        elif action == "pack":
            pack_some(self.aws.engine, self.aws.site, self.aws.clock(), which)

    def check(self) -> None:
        """Compare every version, and let the server check itself."""
        for version, body in self.versions.items():
            assert body is None or got(self.aws, KEY, version) == body
        assert problems(self.aws) == []


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=15,
    deadline=None,
)
@given(doing=actions)
def test_every_version_reads_and_nothing_is_left(aws: Aws, doing: Any) -> None:
    """After each action, after packing, and after deleting the rest."""
    if not records_of_bucket(aws):
        make_bucket(aws)
    model = Model(aws)
    for action, which in doing:
        model.act(action, which)
        model.check()
    pack_all(aws)
    model.check()
    assert records(aws, Orphan) == []
    newest = list(model.versions.items())[-1:]
    assert all(body is None or packed(aws, KEY, version) is None for version, body in newest)
    for _ in range(len(model.versions)):
        model.act("drop", 0)
    pack_all(aws)
    assert all(records(aws, kind) == [] for kind in (Orphan, Packed, ToPack)), json.dumps(doing)


def records_of_bucket(aws: Aws) -> list[Any]:
    """Return the buckets."""
    return list(aws.s3.list_buckets()["Buckets"])
