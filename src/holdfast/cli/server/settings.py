"""Every setting of the server, in one table, and how its value is found.

A flag wins over an environment variable, that over the TOML file, that over the default.
`docs/reference/settings.md` is made from this table.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.cli.server import values
from holdfast.cli.server.values import Address

GIB = 1 << 30


class BadSetting(Exception):
    """A setting has no meaning; the message names it, where it came from and what it should be."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The value of every setting."""

    data: Path
    listen: Address
    admin_access_key_id: str
    admin_secret_access_key: str
    tls_certificate: Path | None
    tls_key: Path | None
    insecure: bool
    root_key: tuple[str, str]  # kind ("file", "env", "command") and what it needs
    region: str
    account: str
    base_domain: str
    max_object_bytes: int
    max_body_bytes: int
    max_header_bytes: int
    max_requests: int
    max_waiting: int
    stall_timeout: float  # seconds
    drain_timeout: float  # seconds
    log_level: str
    log_format: str

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"ServerSettings(data={str(self.data)!r}, listen={str(self.listen)!r}, ...)"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `name` also gives the flag, the variable and the TOML key."""

    name: str
    read: Callable[[str], Any]
    default: str
    form: str  # what a value looks like
    help: str
    secret: bool = False  # then it has no flag: other users of the machine can see flags

    @property
    def flag(self) -> str:
        """The flag, or nothing."""
        return "" if self.secret else "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "HOLDFAST_" + self.name.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.read is values.boolean


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data",
        values.path,
        "./holdfast-data",
        "DIR",
        "The data directory. It is made at first start, readable by its owner only.",
    ),
    Setting(
        "listen",
        values.address,
        "127.0.0.1:8270",
        "HOST:PORT",
        "Where to listen: an IP address (IPv6 in brackets) and a port. "
        "Port 0 lets the system choose one. Beyond loopback it needs TLS, or `insecure`.",
    ),
    Setting(
        "admin_access_key_id",
        values.matching(
            "|[A-Z0-9]{16,128}",
            "16 to 128 capital letters and digits, such as AKIA0123456789ABCDEF",
        ),
        "",
        "ID",
        "The administrator's access key id. Used at first start only; generated if not given.",
    ),
    Setting(
        "admin_secret_access_key",
        values.matching("|[!-~]{16,128}", "16 to 128 printable characters without spaces"),
        "",
        "SECRET",
        "The secret that belongs to `admin_access_key_id`. Used at first start only. "
        "It has no flag, because other users of the machine can read the flags of a process.",
        secret=True,
    ),
    Setting(
        "tls_certificate",
        values.optional_path,
        "",
        "FILE",
        "The TLS certificate with its chain, PEM. With it the server speaks HTTPS only.",
    ),
    Setting(
        "tls_key",
        values.optional_path,
        "",
        "FILE",
        "The private key of `tls_certificate`, PEM, not encrypted.",
    ),
    Setting(
        "insecure",
        values.boolean,
        "false",
        "BOOL",
        "Listen beyond loopback without TLS. State files then cross the network in the clear.",
    ),
    Setting(
        "root_key",
        values.key_source,
        "file",
        "SOURCE",
        "Where the root key is: `file` (`root.key` in the data directory), `file:PATH`, `env:NAME` "
        "(an environment variable) or `command:COMMAND LINE` (its standard output).",
    ),
    Setting(
        "region",
        values.matching("[a-z0-9-]{1,32}", "a region name such as us-east-1"),
        "us-east-1",
        "REGION",
        "The AWS region to present. Kept at first start; a different one is refused later.",
    ),
    Setting(
        "account",
        values.matching("[0-9]{12}", "an account id: exactly 12 digits"),
        "100000000001",
        "DIGITS",
        "The AWS account id to present. Kept at first start; a different one is refused later.",
    ),
    Setting(
        "base_domain",
        values.matching(
            r"|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
            "a domain name in lower case, such as s3.example.com",
        ),
        "",
        "DOMAIN",
        "Also answer virtual-host style requests, whose host is BUCKET.DOMAIN.",
    ),
    Setting(
        "max_object_bytes",
        values.size(1 << 20, 5 * GIB),
        "5GiB",
        "SIZE",
        "The largest object or part that one request may upload.",
    ),
    Setting(
        "max_body_bytes",
        values.size(1 << 20, GIB),
        "16MiB",
        "SIZE",
        "The largest body of any other request.",
    ),
    Setting(
        "max_header_bytes",
        values.size(4096, 1 << 20),
        "64KiB",
        "SIZE",
        "The largest request line and headers, together.",
    ),
    Setting(
        "max_requests",
        values.number(1, 4096),
        "64",
        "NUMBER",
        "How many requests are worked on at the same time.",
    ),
    Setting(
        "max_waiting",
        values.number(0, 65536),
        "512",
        "NUMBER",
        "How many more may wait. Beyond it the answer is 503 SlowDown, which clients retry.",
    ),
    Setting(
        "stall_timeout",
        values.seconds(1, 3600),
        "30",
        "SECONDS",
        "How long a request body may make no progress before the connection is given up.",
    ),
    Setting(
        "drain_timeout",
        values.seconds(0, 3600),
        "10",
        "SECONDS",
        "How long a stop waits for the requests under way.",
    ),
    Setting(
        "log_level",
        values.choice("debug", "info", "warning", "error"),
        "info",
        "LEVEL",
        "The least important message to log: debug, info, warning or error.",
    ),
    Setting(
        "log_format",
        values.choice("human", "json"),
        "human",
        "FORMAT",
        "human: a line of text for each message; json: a JSON object for each.",
    ),
)


def resolve(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> ServerSettings:
    """Find the value of every setting.

    Args:
        flags: by setting name, as given on the command line; `config` names the TOML file.
        environment: the environment variables.

    Raises:
        BadSetting: a value, or the TOML file, has no meaning.
    """
    config = flags.get("config") or environment.get("HOLDFAST_CONFIG")
    from_file = _read_file(Path(config)) if config else {}
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        text, source = _text(setting, flags, environment, from_file)
        try:
            found[setting.name] = setting.read(text)
        except ValueError as bad:
            shown = "" if setting.secret else f" is '{text}', but"
            raise BadSetting(f"{source}{shown} {bad}") from None
    settings = ServerSettings(**found)
    _check_pairs(settings)
    return settings


def _text(
    setting: Setting,
    flags: Mapping[str, str | None],
    environment: Mapping[str, str],
    from_file: Mapping[str, tuple[str, str]],
) -> tuple[str, str]:
    flag = flags.get(setting.name)
    if flag is not None:
        return flag, setting.flag
    if setting.variable in environment:
        return environment[setting.variable], setting.variable
    return from_file.get(setting.name, (setting.default, setting.name))


def _read_file(path: Path) -> dict[str, tuple[str, str]]:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as bad:
        raise BadSetting(f"cannot read the settings file {path}: {bad.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise BadSetting(f"{path} is not TOML: {bad}") from None
    return {key: (_as_text(path, key, value), f"{path}: {key}") for key, value in content.items()}


def _as_text(path: Path, key: str, value: object) -> str:
    if key not in known_names():
        raise BadSetting(
            f"{path}: unknown setting '{key}'; the settings are {', '.join(known_names())}"
        )
    if not isinstance(value, str | int | float):
        raise BadSetting(f"{path}: {key} must be text, a number, true or false")
    return str(value).lower() if isinstance(value, bool) else str(value)


def known_names() -> list[str]:
    """Return the names of all settings, in order of the table."""
    return [setting.name for setting in SETTINGS]


def _check_pairs(settings: ServerSettings) -> None:
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise BadSetting("tls_certificate and tls_key belong together: give both or neither")
    if bool(settings.admin_access_key_id) != bool(settings.admin_secret_access_key):
        raise BadSetting(
            "HOLDFAST_ADMIN_ACCESS_KEY_ID and HOLDFAST_ADMIN_SECRET_ACCESS_KEY belong together: "
            "give both or neither"
        )
