"""Command-line options made from the table of settings."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import click

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.options import complete_files
from holdfast.cli.output import CommandFailed
from holdfast.cli.server.setting_table import SETTINGS
from holdfast.cli.server.settings import BadSetting, ServerSettings, resolve

_CONFIG_HELP = "A TOML file with settings. [env: HOLDFAST_CONFIG]"

Function = Callable[..., Any]


def setting_options(names: Iterable[str] | None = None) -> Callable[[Function], Function]:
    """Give a command the flags of these settings (all if None), and `--config`."""
    wanted = set(names) if names is not None else {setting.name for setting in SETTINGS}

    def decorate(function: Function) -> Function:
        function = click.option(
            "--config", metavar="FILE", help=_CONFIG_HELP, shell_complete=complete_files
        )(function)
        for setting in reversed(SETTINGS):
            if setting.name in wanted and not setting.secret:
                function = _option(setting.name)(function)
        return function

    return decorate


def _option(name: str) -> Callable[[Function], Function]:
    setting = next(setting for setting in SETTINGS if setting.name == name)
    default = f"; default: {setting.default}" if setting.default else ""
    text = f"{setting.help.replace('`', '')} [env: {setting.variable}{default}]"
    if setting.is_switch:
        return click.option(setting.flag, setting.name, flag_value="true", default=None, help=text)
    return click.option(setting.flag, setting.name, metavar=setting.form, help=text)


def settings_from(flags: dict[str, str | None]) -> ServerSettings:
    """Resolve the settings of this process.

    Raises:
        CommandFailed: a value has no meaning.
    """
    try:
        return resolve(flags, os.environ)
    except BadSetting as bad:
        raise CommandFailed(
            str(bad), "Run 'holdfast serve --help' for what each setting means.", ExitCode.USAGE
        ) from None
