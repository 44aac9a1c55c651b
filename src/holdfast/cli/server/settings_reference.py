"""Prints `docs/reference/settings.md`, made from the table of settings."""

from holdfast.cli.server.setting_table import SETTINGS, Setting

_HEAD = """\
# Settings

<!-- Made by `make docs` from src/holdfast/cli/server/setting_table.py; do not edit. -->

Each setting can be given as a flag of `holdfast serve`, as an environment variable, or as a key of a
TOML file that `--config FILE` or `HOLDFAST_CONFIG` names. A flag wins over the variable, the variable
over the file, the file over the default. A key that is not listed here is refused.

```toml
# holdfast.toml
listen = "127.0.0.1:8270"
log_format = "json"
max_requests = 256
```

Sizes are bytes, or a number with KiB, MiB or GiB. Switches are true or false; as a flag they take no
value.

| Setting and TOML key | Flag | Environment variable | Default |
|---|---|---|---|
"""


def _row(setting: Setting) -> str:
    flag = "none"
    if setting.flag:
        flag = f"`{setting.flag}`" if setting.is_switch else f"`{setting.flag} {setting.form}`"
    default = f"`{setting.default}`" if setting.default else ""
    return f"| [`{setting.name}`](#{setting.name}) | {flag} | `{setting.variable}` | {default} |\n"


def _section(setting: Setting) -> str:
    return f"\n### {setting.name}\n\n{setting.help}\n"


def page() -> str:
    """Return the page."""
    rows = "".join(_row(setting) for setting in SETTINGS)
    sections = "".join(_section(setting) for setting in SETTINGS)
    return f"{_HEAD}{rows}\n## What each does\n{sections}"


if __name__ == "__main__":
    print(page(), end="")
