"""How the value of every setting is found.

A flag wins over an environment variable, that over the TOML file, that over the default.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from holdfast.cli.server.rule_values import as_pairs
from holdfast.cli.server.setting_table import SETTINGS, Setting
from holdfast.cli.server.values import Address
from holdfast.server.access.web_identity.issuer import Issuer

_PREFIX = "HOLDFAST_"  # of the environment variables


class BadSetting(Exception):
    """A setting has no meaning; the message names it, where it came from and what it should be."""


class ServerSettings(msgspec.Struct, frozen=True):
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
    web_identity_issuers: tuple[Issuer, ...]
    max_object_bytes: int
    max_document_bytes: int
    max_header_bytes: int
    max_connections: int
    max_requests: int
    threads: int
    header_timeout: float  # seconds, as all timeouts
    stall_timeout: float
    idle_timeout: float
    drain_timeout: float
    finish_after_expiry: float
    webhook_urls: tuple[str, ...]
    webhook_secret: str
    webhook_events: frozenset[str]
    webhook_lock_held_after: float
    rules: Mapping[str, Mapping[str, str]]  # modes by BUCKET/PREFIX that are not as ever
    log_level: str
    log_format: str
    given: frozenset[str] = frozenset()  # names of the settings whose value is not the default's

    @property
    def secure(self) -> bool:
        """Whether the server speaks TLS."""
        return self.tls_certificate is not None

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"ServerSettings(data={str(self.data)!r}, listen={str(self.listen)!r}, ...)"


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
    given = set()
    for setting in SETTINGS:
        text, source = _text(setting, flags, environment, from_file)
        if source:
            given.add(setting.name)
        try:
            found[setting.name] = setting.read(text)
        except ValueError as bad:
            shown = "" if setting.secret else f" is '{text}', but"
            raise BadSetting(f"{source}{shown} {bad}") from None
    settings = ServerSettings(**found, given=frozenset(given))
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
    return from_file.get(setting.name, (setting.default, ""))


def _read_file(path: Path) -> dict[str, tuple[str, str]]:
    import tomllib

    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as bad:
        raise BadSetting(f"cannot read the settings file {path}: {bad.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise BadSetting(f"{path} is not TOML: {bad}") from None
    flat = {key: as_pairs(value) if key == "rules" else value for key, value in content.items()}
    return {key: (_as_text(path, key, value), f"{path}: {key}") for key, value in flat.items()}


def _as_text(path: Path, key: str, value: object) -> str:
    if key not in known_names():
        if isinstance(value, dict):
            raise BadSetting(f"{path}: settings stand at the top, not in a table [{key}]")
        raise BadSetting(f"{path}: unknown setting '{key}'{_meant(key, known_names())}")
    if not isinstance(value, str | int | float):
        raise BadSetting(f"{path}: {key} must be text, a number, true or false")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _meant(name: str, known: list[str], prefix: str = "") -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {prefix}{close[0]}?" if close else ""


def misspelt(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that looks like a setting's, but is none.

    Variables that resemble none are left alone: the root key may be in one of any name.
    """
    known = [name.upper() for name in known_names()] + ["CONFIG"]
    given = [name.removeprefix(_PREFIX) for name in environment if name.startswith(_PREFIX)]
    return [
        f"the environment variable {_PREFIX}{name} is no setting{meant}"
        for name in given
        if name not in known and (meant := _meant(name, known, _PREFIX))
    ]


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
    if bool(settings.webhook_urls) != bool(settings.webhook_secret):
        raise BadSetting(
            "HOLDFAST_WEBHOOK_URLS and HOLDFAST_WEBHOOK_SECRET belong together: give both or neither"
        )
