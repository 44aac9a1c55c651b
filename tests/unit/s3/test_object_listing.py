"""Listings against one that reads everything."""

from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.records import Object
from holdfast.server.s3.listing import Cut, page
from s3_handlers import BUCKET, S3, START, Calls

LETTERS = st.text("a/b\ud7ffé\U0010ffff", max_size=5)
KEYS = st.dictionaries(LETTERS.filter(bool), st.booleans(), max_size=40)


def put_keys(calls: Calls, keys: dict[str, bool]) -> None:
    """Put an object under each key; False makes it a delete marker."""
    for key, live in keys.items():
        calls.writer.put(
            Object(
                bucket=BUCKET,
                key=key,
                order=-1,
                version_id="null",
                delete_marker=not live,
                last_modified=START,
            )
        )


def expected(keys: dict[str, bool], prefix: str, delimiter: str) -> list[tuple[str, bool]]:
    """Return all entries in order: (key or common prefix, whether it is a common prefix)."""
    seen: dict[tuple[str, bool], None] = {}
    for key in sorted((key for key, live in keys.items() if live), key=str.encode):
        if not key.startswith(prefix):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        seen[(key, False) if at < 0 else (key[: at + len(delimiter)], True)] = None
    return list(seen)


@settings(max_examples=100, deadline=None)
@given(
    keys=KEYS,
    prefix=st.sampled_from(["", "a", "a/", "é", "\U0010ffff"]),
    delimiter=st.sampled_from(["", "/", "a", "b/", "\U0010ffff"]),
    size=st.integers(1, 5),
)
def test_pages_of_any_size_give_every_entry_once_in_order(
    store: S3, keys: dict[str, bool], prefix: str, delimiter: str, size: int
) -> None:
    """With any prefix and delimiter."""

    def work(calls: Calls) -> list[tuple[str, bool]]:
        put_keys(calls, keys)
        cut, seen = Cut(prefix, delimiter, size), []
        after: tuple[str, ...] = ()
        scan: Any = partial(calls.writer.scan, Object, BUCKET)
        while True:
            found = page(scan, cut, after, lambda one: not one.delete_marker)
            assert len(found) == size or not found.truncated
            entries = [(one.key, False) for one in found.entries]
            entries += [(one, True) for one in found.prefixes]
            seen += sorted(entries, key=lambda entry: entry[0].encode())
            if not found.truncated:
                return seen
            after = (found.last_key,)

    assert store.transact(work) == expected(keys, prefix, delimiter)


def test_common_prefixes_are_skipped_not_read(store: S3) -> None:
    """A prefix with thousands of keys costs a few records."""

    def work(calls: Calls) -> int:
        put_keys(
            calls, {f"{folder}/{number:05}": True for folder in "ab" for number in range(3000)}
        )
        read = 0

        def scan(**bounds: Any) -> Any:
            nonlocal read
            for row in calls.writer.scan(Object, BUCKET, **bounds):
                read += 1
                yield row

        found: Any = page(scan, Cut("", "/", 1000))
        assert found.prefixes == ["a/", "b/"]
        return read

    assert store.transact(work) < 100
