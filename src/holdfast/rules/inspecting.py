"""What the rules want to know of a body, read once while it arrives and before any transaction."""

from threading import Lock
from typing import Literal

import msgspec

from holdfast.terraform.address import LOCK_FILE_SUFFIX
from holdfast.terraform.lockinfo import NotALockDocument, parse
from holdfast.terraform.skimming import skim
from holdfast.terraform.statefile import Header, header_if_readable

LARGEST_LOCK = 1 << 16  # bytes of a lock document
LARGEST_STATE = 1 << 26  # bytes of a state that has to be held to be read
# Bytes that all inspectors hold of long bodies; of what comes beyond nothing is known.
LARGEST_TOGETHER = 1 << 28
_COUNTED_FROM = 1 << 20  # bytes; shorter bodies are not counted
_FIRST_LOOK = 1 << 16  # bytes; a state of less is decoded wholly in no time
_SPACE = b" \t\r\n"


class Facts(msgspec.Struct, frozen=True):
    """What a body is."""

    kind: Literal["state", "lock", "other"]
    serial: int = 0
    lineage: str = ""
    # Instances that it manages, of a large state 1 if there are any; None: not known, as in an
    # encrypted state.
    resources: int | None = None
    encrypted: bool = False
    document: bytes = b""  # of a lock: the whole, byte for byte
    too_large: bool = False  # it may be a state, but was not read


OTHER = Facts("other")


class _Held:
    """How much all inspectors hold of long bodies."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes = 0

    def take(self, size: int) -> bool:
        """Count so many bytes more; say whether there is room for them."""
        with self._lock:
            if self._bytes + size > LARGEST_TOGETHER:
                return False
            self._bytes += size
            return True

    def give(self, size: int) -> None:
        """Count so many bytes less."""
        with self._lock:
            self._bytes -= size


_held = _Held()


class StateInspector:
    """Reads a body that may be a state. An `Inspector`.

    What does not begin like JSON is let go at once. Of a large state as Terraform writes it only the
    beginning is looked at; any other is held and decoded at the end.
    """

    __slots__ = ("_counted", "_end", "_facts", "_look_at", "_pieces", "_size")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._pieces: list[bytes | memoryview] = []
        self._size = 0  # bytes so far
        self._counted = 0  # of them
        self._look_at = _FIRST_LOOK
        self._end = b""  # the last bytes so far, once the body is known to be a state
        self._facts: Facts | None = None

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next bytes; nobody may change them later."""
        if self._facts is not None:
            if self._facts.kind == "state":
                self._end = (self._end + bytes(piece[-64:]))[-64:]
            return
        if self._begins_otherwise(piece):
            self._settle(OTHER)
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _COUNTED_FROM and not self._count():
            self._settle(Facts("other", too_large=True))
            return
        if self._size > min(self._look_at, LARGEST_STATE):
            self._look_at = self._size * 4
            self._look()

    def finish(self) -> Facts:
        """Return what the whole is."""
        if self._facts is None:
            body = b"".join(self._pieces)
            found = _facts_of(header_if_readable(body))
            if found == OTHER:
                found = _of_later_format(body)
            self._let_go()
            return found
        if self._end and not self._end.rstrip(_SPACE).endswith(b"}"):
            return OTHER  # a part of a state
        return self._facts

    def _begins_otherwise(self, piece: bytes | memoryview) -> bool:
        """Say whether these are the first bytes that are not space, and no JSON object's."""
        if self._size > len(_SPACE):
            return False
        start = (b"".join(self._pieces) + bytes(piece[:64])).lstrip(_SPACE)
        return bool(start) and not start.startswith(b"{")

    def _look(self) -> None:
        start = b"".join(self._pieces)
        found = skim(start)
        if found is not None:
            self._settle(_facts_of(found))
            self._end = start[-64:]
        elif self._size > LARGEST_STATE:
            self._settle(Facts("other", too_large=True))

    def _count(self) -> bool:
        """Count what is held; say whether there is room for it."""
        more = self._size - self._counted
        if not _held.take(more):
            return False
        self._counted += more
        return True

    def _settle(self, facts: Facts) -> None:
        self._facts = facts
        self._let_go()

    def _let_go(self) -> None:
        self._pieces = []
        if self._counted:
            _held.give(self._counted)
            self._counted = 0

    def __del__(self) -> None:
        """Count what was held of a body whose end never came."""
        self._let_go()


class LockInspector:
    """Reads the body of a lock file. An `Inspector`."""

    __slots__ = ("_body",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self._body = bytearray()

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next bytes, as far as a lock document may go."""
        room = LARGEST_LOCK + 1 - len(self._body)
        if room > 0:
            self._body += piece[:room]

    def finish(self) -> Facts:
        """Return the document, if it is one."""
        document = bytes(self._body)
        if len(document) > LARGEST_LOCK:
            return OTHER
        try:
            parse(document)
        except NotALockDocument:
            return OTHER
        return Facts("lock", document=document)


def inspector_of(key: str) -> StateInspector | LockInspector:
    """Return what reads a body that is written under a key."""
    return LockInspector() if key.endswith(LOCK_FILE_SUFFIX) else StateInspector()


def facts_of(key: str, body: bytes) -> Facts:
    """Return what a body at hand is."""
    inspector = inspector_of(key)
    inspector.feed(body)
    return inspector.finish()


class _Later(msgspec.Struct):
    """The top of a state whose format is later than those that are known."""

    version: int
    serial: int
    lineage: str
    terraform_version: str


_LATER = msgspec.json.Decoder(_Later)


def _of_later_format(body: bytes) -> Facts:
    """Return what can be said of a state that a later Terraform writes, which is not to be refused."""
    if b'"lineage"' not in body[:4096]:
        return OTHER
    try:
        top = _LATER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return OTHER
    if top.version <= 4 or top.serial < 0 or not top.lineage:
        return OTHER
    return Facts("state", top.serial, top.lineage)


def _facts_of(top: Header | None) -> Facts:
    if top is None:
        return OTHER
    encrypted = top.format == "encrypted"
    # Source maps and others also have a "version" 3 or 4; only states have one of these two besides.
    if not (encrypted or top.lineage or top.terraform_version):
        return OTHER
    resources = None if encrypted else top.resources
    return Facts("state", top.serial, top.lineage, resources, encrypted)
