"""The lock document: who holds the lock of a state, in exactly the bytes Terraform writes.

OpenTofu releases a lock on the condition that the stored text equals what it marshals again from the
parsed document, so a document of ours has to be what Go's encoding/json would write. Source:
`internal/states/statemgr/locker.go`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_ZERO = "0001-01-01T00:00:00Z"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_HALF_PAIRS = re.compile("[\ud800-\udfff]")  # which Go reads as U+FFFD
# Go escapes these also where JSON does not ask for it.
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


class NotALockDocument(ValueError):
    """A text that should be a lock document is none."""


@dataclass(frozen=True, slots=True)
class LockInfo:
    """A lock as its holder describes it."""

    id: str
    operation: str = ""  # OperationTypeApply, state-push, ...
    info: str = ""
    who: str = ""  # user@host
    version: str = ""  # of the tool that took it
    created: str = _ZERO  # RFC 3339, as written
    path: str = ""  # LockID of the state

    @property
    def since(self) -> datetime | None:
        """When it was taken, or None if the document does not say."""
        found = _TIME.fullmatch(self.created)
        if found is None or self.created == _ZERO:
            return None
        micros = (found[2] or "")[:6].ljust(6, "0")
        try:
            written = datetime.fromisoformat(
                f"{found[1]}.{micros}{found[3].replace('Z', '+00:00')}"
            )
            return written.astimezone(UTC)
        except (ValueError, OverflowError):  # a 13th month; before the year 1
            return None

    def document(self) -> str:
        """Return the document as Go writes it: compact, in Terraform's order of fields."""
        fields = {
            "ID": self.id,
            "Operation": self.operation,
            "Info": self.info,
            "Who": self.who,
            "Version": self.version,
            "Created": self.created,
            "Path": self.path,
        }
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        for character, escape in _ESCAPES.items():
            text = text.replace(character, escape)
        return _HALF_PAIRS.sub("\ufffd", text)


@lru_cache(maxsize=16)
def parse(text: str | bytes) -> LockInfo:
    """Read a lock document. Each is looked at several times within a request.

    Raises:
        NotALockDocument: it is not a JSON object with an `ID`.
    """
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError) as bad:
        raise NotALockDocument("the lock document is not JSON") from bad
    if not isinstance(fields, Mapping) or not isinstance(fields.get("ID"), str) or not fields["ID"]:
        raise NotALockDocument("the lock document has no ID")
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    return LockInfo(
        id=texts["ID"],
        operation=texts.get("Operation", ""),
        info=texts.get("Info", ""),
        who=texts.get("Who", ""),
        version=texts.get("Version", ""),
        created=texts.get("Created", _ZERO),
        path=texts.get("Path", ""),
    )


def rfc3339(time: datetime) -> str:
    """Return a time as Go writes it in JSON: UTC, no trailing zeros of the fraction."""
    utc = time.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}".rstrip("0").rstrip(".")
    return utc.replace(microsecond=0, tzinfo=None).isoformat() + fraction + "Z"
