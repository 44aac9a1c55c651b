"""A long body on a connection: received into pieces of memory, past the parser.

The parser would hand it on in many short copies. A piece is as long as a chunk of a stored body, and is
hashed and encrypted where it arrived.
"""

import asyncio
from collections.abc import Callable

from holdfast.server.cycle import Cycle

PIECE_BYTES = 1 << 20
_PATIENCE = (
    0.05  # seconds until a piece is handed over as far as it came, so that slow ones are seen
)


class LongBody(asyncio.BufferedProtocol):
    """Receives in place of a connection's own protocol until the body is complete."""

    def __init__(
        self, owner: asyncio.Protocol, cycle: Cycle, left: int, on_end: Callable[[], None]
    ) -> None:
        """Go on with a body whose beginning may have been parsed.

        Args:
            owner: the connection's own protocol, which is told of everything else.
            cycle: the request.
            left: bytes of the body that are to come.
            on_end: called with the last of them.
        """
        self._owner = owner
        self._cycle = cycle
        self._left = left
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._patience: asyncio.TimerHandle | None = None
        self._piece = memoryview(b"")
        self._filled = 0  # bytes of the piece
        self._handed = 0  # of these
        self._begin_piece(cycle.take())
        self._await_more()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go. There is always room."""
        del sizehint
        if self._filled == len(self._piece):
            self._begin_piece(b"")
        return self._piece[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes that came there."""
        self._left -= nbytes
        self._filled += nbytes
        if self._filled == len(self._piece):
            self._hand_over()
        else:
            self._await_more()
        if not self._left:
            self._on_end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._stop_waiting()
        self._owner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._owner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._owner.resume_writing()

    def _begin_piece(self, begun: bytes | memoryview) -> None:
        """Make room for the rest of a piece whose first bytes have come already."""
        room = min(self._left, PIECE_BYTES - len(begun) % PIECE_BYTES)
        self._piece = memoryview(bytearray(len(begun) + room))
        self._piece[: len(begun)] = begun
        self._filled, self._handed = len(begun), 0

    def _await_more(self) -> None:
        if self._patience is None and self._filled > self._handed:
            self._patience = self._loop.call_later(_PATIENCE, self._hand_over)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hand_over(self) -> None:
        self._stop_waiting()
        self._cycle.arrived(self._piece[self._handed : self._filled])
        self._handed = self._filled
