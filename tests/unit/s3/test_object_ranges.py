"""Byte ranges."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.s3.ranges import parse_range
from s3_handlers import attempted

SIZES = st.integers(0, 50)
BOUNDS = st.integers(0, 60) | st.none()


@given(SIZES, BOUNDS, BOUNDS)
def test_range_is_what_slicing_gives(size: int, first: int | None, last: int | None) -> None:
    """First and last are inclusive; a missing first counts from the end."""
    data = bytes(range(size))
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    part = attempted(lambda: parse_range(header, size))
    if isinstance(part, ServiceError):
        assert (part.code, part.status) == ("InvalidRange", 416)
        empty = data[first:] if first is not None else data[size - min(last or 0, size) :]
        assert empty == b""
        return
    if part is None:
        assert (first is None and last is None) or (first or 0) > (last or 0)
        return
    if first is not None and last is not None:
        expected = data[first : last + 1]
    else:
        expected = data[first:] if first is not None else data[-(last or 0) :]
    assert data[part.start : part.stop] == expected
    assert part.length == len(expected) > 0
    assert part.content_range == f"bytes {part.start}-{part.stop - 1}/{size}"


@given(st.text(max_size=20), SIZES)
def test_what_cannot_be_read_means_everything(header: str, size: int) -> None:
    """Or, if by chance it can be, the range lies within the body."""
    part = attempted(lambda: parse_range(header, size))
    if isinstance(part, ServiceError):
        assert part.code == "InvalidRange"
        return
    assert part is None or 0 <= part.start < part.stop <= size
