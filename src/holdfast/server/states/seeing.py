"""What of an answer a caller may be told of."""

from collections.abc import Mapping
from typing import TypeVar

from holdfast.server.operation import SEES, Params

T = TypeVar("T")


def sees(params: Params, bucket: str, key: str) -> bool:
    """Say whether the caller may be told of a state: no policy denies that one by itself.

    Args:
        params: of the request, which is allowed.
        bucket: of the state.
        key: of the state.
    """
    found = params.get(SEES)
    return found is None or bool(found(bucket, key))


def bearing(params: Params, given: Mapping[str, T]) -> dict[str, T]:
    """Return what a bucket says by prefix, as far as it bears on what a request is about.

    Of a key that is what is said for prefixes of it; of a prefix also what is said for those within
    it; of a bucket everything. Who may look after some states is not told how others are called.

    Args:
        params: of the request, which is allowed; with `Bucket`.
        given: what the bucket says, by prefix.
    """
    bucket, key, prefix = params["Bucket"], params.get("Key"), params.get("Prefix", "")

    def bears(one: str) -> bool:
        return key.startswith(one) if key is not None else _overlap(one, prefix)

    return {one: said for one, said in given.items() if bears(one) and sees(params, bucket, one)}


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
