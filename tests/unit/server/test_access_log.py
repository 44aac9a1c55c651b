"""Lines for requests: written soon, together, and in order."""

import asyncio
import io
from collections.abc import Mapping
from typing import Any

from holdfast.server.access_log import AccessLog


class _Stream(io.StringIO):
    """Counts how often it is written to."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


class _Gone(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def _line(_created: float, message: str, fields: Mapping[str, Any]) -> str:
    return f"{message} {dict(fields)}"


def test_lines_of_one_round_are_one_write() -> None:
    """And are there in the next round."""
    stream = _Stream()

    async def run() -> str:
        log = AccessLog(_line, stream)
        for number in range(3):
            log.add("request", {"n": number})
        await asyncio.sleep(0)
        return stream.getvalue()

    assert asyncio.run(run()) == "request {'n': 0}\nrequest {'n': 1}\nrequest {'n': 2}\n"
    assert stream.writes == 1


def test_later_lines_follow() -> None:
    """Every round writes its own."""
    stream = _Stream()

    async def run() -> None:
        log = AccessLog(_line, stream)
        for number in range(3):
            log.add("request", {"n": number})
            await asyncio.sleep(0)

    asyncio.run(run())
    assert [line[-2] for line in stream.getvalue().splitlines()] == ["0", "1", "2"]
    assert stream.writes == 3


def test_what_is_left_at_the_end_is_written() -> None:
    """The loop may not go round again."""
    stream = _Stream()

    async def run() -> None:
        log = AccessLog(_line, stream)
        log.add("request", {})
        log.flush()
        assert stream.writes == 1

    asyncio.run(run())
    assert stream.writes == 1


def test_a_reader_that_is_gone_stops_nobody() -> None:
    """Requests are answered all the same."""

    async def run() -> None:
        log = AccessLog(_line, _Gone())
        for _ in range(2):
            log.add("request", {})
            await asyncio.sleep(0)

    asyncio.run(run())
