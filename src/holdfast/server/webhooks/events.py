"""What receivers are told of: kinds of entries of the journal, and one more."""

LOCK_HELD = "lock-held"
"""No entry of the journal: a lock that has been held for longer than it should."""

USUAL = (
    LOCK_HELD,
    "lock-forced",
    "lock-stale",
    "write-refused",
    "state-written",
    "state-deleted",
    "state-restored",
)
