"""Kinds of command groups: commands imported when they are used, and groups with a default."""

import importlib
from collections.abc import Mapping
from typing import NamedTuple

import click


class Listed(NamedTuple):
    """A command that is imported when it is used."""

    module: str  # it has an attribute named as the command, with `_` for `-`
    text: str  # the line of help


class LazyCommands(click.Group):
    """A group whose commands are imported when they are used, listed in sections."""

    sections: Mapping[str, Mapping[str, Listed]] = {}

    @property
    def listed(self) -> dict[str, Listed]:
        """All commands, in the order of the sections."""
        return {
            name: entry for section in self.sections.values() for name, entry in section.items()
        }

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names, in the order of the sections."""
        return list(self.listed)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Return a command, imported now; None if there is none of this name."""
        entry = self.listed.get(name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module} has no command {name}")
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        width = max((len(name) for name in self.listed), default=0)
        for title, commands in self.sections.items():
            if commands:
                with formatter.section(title):
                    formatter.write_dl(
                        [(name.ljust(width), entry.text) for name, entry in commands.items()]
                    )


class DefaultGroup(click.Group):
    """A group that runs one of its commands when none is named: `holdfast locks [OPTIONS]`."""

    default = "show"

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, with the default command put in front of options."""
        if not args or (args[0].startswith("-") and args[0] not in context.help_option_names):
            args = [self.default, *args]
        return super().parse_args(context, args)
