"""What all records are: frozen values, each kind with its key fields.

A record is found and ordered by its key fields, which are text, integers or bytes. Fields with a
default may be added at any time; removing or retyping one needs a migration.
"""

from holdfast.engine.readable import Readable


class Record(Readable, frozen=True, kw_only=True):
    """Everything that is kept about one thing: what is written, and read back."""
