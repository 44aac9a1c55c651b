"""Byte ranges as S3 reads them: one range; anything it cannot read means the whole object."""

import re

import msgspec

from holdfast.aws.errors import ServiceError

_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class Slice(msgspec.Struct, frozen=True):
    """The bytes `start` to `stop` (exclusive) of a body of `size` bytes."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        """Bytes."""
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def parse_range(header: str | None, size: int) -> Slice | None:
    """Return the part of a body that a Range header asks for, or None for all of it.

    S3 serves one range per request and ignores a header that it cannot read (GetObject).

    Args:
        header: the Range header, if there is one.
        size: bytes in the body.

    Raises:
        ServiceError: InvalidRange, when no byte of the body is in the range.
    """
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        start, stop = size - min(int(last), size), size
    else:
        if last and int(last) < int(first):
            return None
        start = int(first)
        stop = min(int(last) + 1, size) if last else size
    if start >= stop:
        raise ServiceError("InvalidRange", ActualObjectSize=size, RangeRequested=header)
    return Slice(start, stop, size)
