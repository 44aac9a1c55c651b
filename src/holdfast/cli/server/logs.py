"""Logs on standard error: a line of text for people, or a JSON object for machines.

Whatever is given as `extra=` becomes fields. Nobody logs secrets, tokens or bodies.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TextIO

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FIRST = len(
    vars(logging.makeLogRecord({}))
)  # fields of every record, which come before all others


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in islice(vars(record).items(), _FIRST, None)
        if name not in _STANDARD and not name.startswith("_")
    }


def _time(record: logging.LogRecord) -> str:
    seconds = int(record.created)
    return f"{_second(seconds)}.{int((record.created - seconds) * 1000):03d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _one_line(value: object) -> str:
    # A client chooses some values (a path, a user agent): they must not begin a line of their own.
    text = str(value)
    if text.isprintable() and " " not in text and text:
        return text
    return json.dumps(text)


class HumanFormatter(logging.Formatter):
    """`2026-11-22T02:11:12.345Z INFO  message  name=value name=value`; empty values are left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the traceback if there is one."""
        message = record.getMessage()
        if not message.isprintable():
            message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
        fields = " ".join(
            f"{name}={_one_line(value)}" for name, value in _fields(record).items() if value != ""
        )
        line = f"{_time(record)} {record.levelname:<7} {message}"
        if fields:
            line += f"  {fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as text."""
        document: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False, default=str)


def set_up(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process to one place, in one form.

    Args:
        level: debug, info, warning or error.
        form: human or json.
        stream: where to; standard error if None.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else HumanFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Every request is a line: nobody asks which line of code, thread or process wrote it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  as the logging HOWTO of Python says
    logging.getLogger("asyncio").setLevel(max(logging.WARNING, root.level))
