"""HTTP requests and responses as plain values."""

from collections.abc import Iterable, Iterator, KeysView, Sequence
from urllib.parse import unquote_to_bytes

from msgspec import Struct
from msgspec.structs import force_setattr

CONTROL = bytes([*range(9), *range(10, 32), 127])  # may be in no header: RFC 9110, 5.5
BODILESS = (204, 304)  # statuses whose answers have no length either: RFC 9110, 8.6


class Headers:
    """The headers of a request, by lower-case name; repeated ones are joined with a comma."""

    __slots__ = ("_values", "repeated")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        """Take (name, value) pairs; names in any case, values as latin-1 text."""
        values = self._values = dict[str, str]()
        self.repeated: list[str] = []  # names that came more than once
        for raw_name, raw_value in pairs:
            name, value = raw_name.lower(), raw_value.strip(" \t")
            if name in values:
                value = f"{values[name]},{value}"
                self.repeated.append(name)
            values[name] = value

    @classmethod
    def of_bytes(cls, pairs: Sequence[tuple[bytes, bytes]]) -> "Headers":
        """Take (name, value) pairs as they are on the wire."""
        # All at once: piece by piece is a tenth of what a short request costs.
        names = b"\n".join([name for name, _ in pairs]).decode("latin-1").lower().split("\n")
        text = b"\n".join([value for _, value in pairs]).decode("latin-1")
        values = text.split("\n")
        if len(names) == len(pairs) == len(values) == len(set(names)) and not _padded(text):
            headers = cls()
            headers._values = dict(zip(names, values, strict=True))
            return headers
        # Some are repeated, or to be stripped, or there are none, or they are none.
        return cls([(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs])

    def names(self) -> KeysView[str]:
        """Return the lower-case names."""
        return self._values.keys()

    def get(self, name: str, default: str = "") -> str:
        """Return the value for a lower-case name."""
        return self._values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def items(self) -> Iterable[tuple[str, str]]:
        """Return (lower-case name, value) pairs."""
        return self._values.items()


def _padded(lines: str) -> bool:
    """Say whether a line may have a blank at its beginning or end."""
    framed = f"\n{lines}\n"
    return "\n " in framed or " \n" in framed or "\t" in framed


def parse_query(query: str) -> tuple[tuple[str, str], ...]:
    """Split a raw query string into decoded pairs, in order; `a` and `a=` are both ("a", "").

    A plus sign stays a plus sign, as in S3. Bytes that are not UTF-8 become U+FFFD.
    """
    if not query:
        return ()
    pairs = []
    for piece in query.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((_decode(name), _decode(value)))
    return tuple(pairs)


def _decode(text: str) -> str:
    if "%" not in text:
        return text
    return unquote_to_bytes(text).decode("utf-8", "replace")


class Peer:
    """Who is at the other end of a connection, as long as it lasts: one process, or a proxy."""

    __slots__ = ("gone",)

    def __init__(self) -> None:
        """Begin with a connection that is there."""
        self.gone = False


PRESENT = Peer()  # of requests whose connection does not tell when the client is gone


class Request(Struct, frozen=True):
    """Everything of a request but its body."""

    method: str
    raw_path: str  # percent-encoded, exactly as sent
    raw_query: str  # without the question mark, exactly as sent
    headers: Headers
    secure: bool = False  # came over TLS
    client: str = ""  # address of the peer
    peer: Peer = PRESENT
    query: tuple[tuple[str, str], ...] = ()  # what `raw_query` says, whatever is given here

    def __post_init__(self) -> None:
        force_setattr(self, "query", parse_query(self.raw_query))

    @property
    def host(self) -> str:
        """The host header as sent, with its port."""
        return self.headers.get("host")

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        for key, value in self.query:
            if key == name:
                return value
        return None


class Response(Struct, frozen=True):
    """A response. A body that is not bytes is streamed, and then `length` says how long it is."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Iterable[bytes] = b""
    length: int | None = None
