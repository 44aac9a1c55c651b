"""The types of settings: each reads one from text, or says in a sentence what it should have been."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

import msgspec


class Address(msgspec.Struct, frozen=True):
    """Where to listen. Port 0 lets the system choose one."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as given: `HOST:PORT`, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback


def path(text: str) -> Path:
    """Read a path; `~` is the home directory."""
    if not text or "\0" in text:
        raise ValueError("must be a path")
    return Path(text).expanduser()


def optional_path(text: str) -> Path | None:
    """Read a path, or nothing."""
    return path(text) if text else None


def address(text: str) -> Address:
    """Read `HOST:PORT` with an IP address as the host, because path-style access needs one."""
    matched = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]*)):([0-9]{1,5})", text)
    host = (matched[1] or matched[2]) if matched else ""
    if matched is None or int(matched[3]) > 65535:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8270 or [::1]:8270")
    if host == "localhost":
        host = "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(
            f"must have an IP address as its host, not '{host}', such as 127.0.0.1:8270"
        ) from None
    return Address(host, int(matched[3]))


def boolean(text: str) -> bool:
    """Read a yes or no."""
    known = {"true": True, "1": True, "yes": True, "on": True}
    known |= {"false": False, "0": False, "no": False, "off": False}
    if text.lower() not in known:
        raise ValueError("must be true or false")
    return known[text.lower()]


def number(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def size(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of numbers of bytes in a range, such as `16MiB`."""
    units = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

    def read(text: str) -> int:
        matched = re.fullmatch(r"([0-9]{1,12}) ?(B|KiB|MiB|GiB|)", text)
        value = int(matched[1]) * units[matched[2]] if matched else -1
        if not least <= value <= most:
            raise ValueError(
                f"must be a number of bytes from {least} to {most}, such as 512KiB or 16MiB"
            )
        return value

    return read


def seconds(least: float, most: float) -> Callable[[str], float]:
    """Return a reader of durations in a range, such as `30` or `2.5`."""

    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) or not least <= float(text) <= most:
            raise ValueError(f"must be a number of seconds from {least:g} to {most:g}")
        return float(text)

    return read


def choice(*names: str) -> Callable[[str], str]:
    """Return a reader that accepts only these words."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"must be one of: {', '.join(names)}")
        return text

    return read


def matching(pattern: str, example: str) -> Callable[[str], str]:
    """Return a reader of text of one form."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {example}")
        return text

    return read


def key_source(text: str) -> tuple[str, str]:
    """Read where the root key is: `file`, `file:PATH`, `env:NAME` or `command:COMMAND LINE`."""
    kind, colon, rest = text.partition(":")
    if text == "file" or (kind == "file" and rest):
        return "file", rest
    if kind == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", rest):
        return "env", rest
    if kind == "command" and colon and rest.strip():
        return "command", rest.strip()
    raise ValueError("must be file, file:PATH, env:NAME or command:COMMAND LINE")
