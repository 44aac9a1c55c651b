"""What is found by a key: records, and excerpts of them."""

from typing import ClassVar

import msgspec


class Readable(msgspec.Struct, frozen=True, kw_only=True):
    """A value with an identity. `kind` names its table, `key_fields` its identity, in order.

    Such values are shared: what they hold is replaced, never changed.
    """

    kind: ClassVar[str]
    key_fields: ClassVar[tuple[str, ...]]
    settled: ClassVar[bool] = False  # read for nearly every request, and hardly ever written
    reread: ClassVar[bool] = False  # read more than once in most of the updates that read it
    followed: ClassVar[bool] = False  # written in one update after the other: kept between them
    grows: ClassVar[bool] = False  # each comes behind all that there are, and is made from the last
