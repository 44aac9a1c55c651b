"""`holdfast config`: what was found about the backend, and backends made for a whole layout."""

import click

from holdfast.cli.exit_codes import epilog
from holdfast.cli.groups import DefaultGroup
from holdfast.cli.state.config_generate import generate
from holdfast.cli.state.config_show import show


@click.group(
    "config", cls=DefaultGroup, epilog=epilog("holdfast config", "holdfast config generate --check")
)
def config() -> None:
    """Show the backend of this directory and where each argument comes from, or generate backends.

    Without a command it is 'holdfast config show'.
    """


config.add_command(show)
config.add_command(generate)
