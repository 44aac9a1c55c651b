"""Back pressure on one connection: when to read on, and when more may be written."""

import asyncio


class Flow:
    """Pauses and resumes a transport, and lets writers wait for it."""

    __slots__ = ("_reading", "_transport", "_writable")

    def __init__(self, transport: asyncio.Transport) -> None:
        """Begin with both directions open."""
        self._transport = transport
        self._reading = True
        self._writable = asyncio.Event()
        self._writable.set()

    def pause_reading(self) -> None:
        """Take no more from the client for now."""
        if self._reading:
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more from the client."""
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Let writers wait: the client is behind."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()

    @property
    def behind(self) -> bool:
        """Whether the client has yet to take what was written."""
        return not self._writable.is_set()

    async def drain(self) -> None:
        """Return when more may be written."""
        if not self._writable.is_set():
            await self._writable.wait()
