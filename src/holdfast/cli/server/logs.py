"""Logs on standard error: a line of text for people, or a JSON object for machines.

Whatever is given as `extra=` becomes fields. Nobody logs secrets, tokens or bodies.
Lines of the access log look the same; they are too many to go the same way.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from holdfast.server.access_log import AccessLog

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FIRST = len(
    vars(logging.makeLogRecord({}))
)  # fields of every record, which come before all others


_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in islice(vars(record).items(), _FIRST, None)
        if name not in _STANDARD and not name.startswith("_")
    }


def _time(created: float) -> str:
    seconds = int(created)
    return f"{_second(seconds)}.{int((created - seconds) * 1000):03d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _one_line(value: object) -> str:
    # A client chooses some values (a path, a user agent): they must not begin a line of their own.
    text = str(value)
    if text.isprintable() and " " not in text and text:
        return text
    return json.dumps(text)


def _text(created: float, level: str, message: str, fields: Mapping[str, Any]) -> str:
    if not message.isprintable():
        message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
    line = f"{_time(created)} {level:<7} {message}"
    named = [f"{name}={value}" for name, value in fields.items() if value != ""]
    text = " ".join(named)
    if not text.isprintable() or text.count(" ") >= len(named):
        text = " ".join(f"{n}={_one_line(value)}" for n, value in fields.items() if value != "")
    return f"{line}  {text}" if text else line


def _object(
    created: float, level: str, logger: str, message: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    head = {"time": _time(created), "level": level.lower(), "logger": logger, "message": message}
    return {**head, **fields}


class HumanFormatter(logging.Formatter):
    """`2026-11-22T02:11:12.345Z INFO  message  name=value name=value`; empty values are left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the traceback if there is one."""
        line = _text(record.created, record.levelname, record.getMessage(), _fields(record))
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as text."""
        message, fields = record.getMessage(), _fields(record)
        document = _object(record.created, record.levelname, record.name, message, fields)
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return _encoded(document)


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


def access_log() -> "AccessLog | None":
    """Return the access log, of the form and in the place that `set_up` was told, if any."""
    from holdfast.server.access_log import AccessLog

    root = logging.getLogger()
    handler = root.handlers[0] if root.handlers else None
    if not isinstance(handler, logging.StreamHandler) or not root.isEnabledFor(logging.INFO):
        return None
    machine = isinstance(handler.formatter, JsonFormatter)
    return AccessLog(_access_object if machine else _access_text, handler.stream)


def _access_text(created: float, message: str, fields: Mapping[str, Any]) -> str:
    return _text(created, "INFO", message, fields)


def _access_object(created: float, message: str, fields: Mapping[str, Any]) -> str:
    return _encoded(_object(created, "INFO", "holdfast.access", message, fields))
