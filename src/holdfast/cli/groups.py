"""Kinds of command groups: commands imported when they are used, and groups with a default."""

import gc
import importlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem


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
        command = getattr(_imported(entry.module), name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module} has no command {name}")
        return command

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands by their line in the list: none is imported to complete its name."""
        commands = [
            CompletionItem(name, help=entry.text)
            for name, entry in self.listed.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, context, incomplete)]

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        width = max((len(name) for name in self.listed), default=0)
        for title, commands in self.sections.items():
            if commands:
                with formatter.section(title):
                    formatter.write_dl(
                        [(name.ljust(width), entry.text) for name, entry in commands.items()]
                    )


def _imported(name: str) -> ModuleType:
    """Import a module. What that makes stays, so it is not looked at for garbage, then or later."""
    if name in sys.modules or not gc.isenabled():
        return importlib.import_module(name)
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class DefaultGroup(click.Group):
    """A group that runs one of its commands when none is named: `holdfast locks [OPTIONS]`."""

    default = "show"

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, with the default command put in front of options."""
        meant = bool(args) or not context.resilient_parsing  # a shell asks what could come next
        named = bool(args) and (not args[0].startswith("-") or args[0] in context.help_option_names)
        if meant and not named:
            args = [self.default, *args]
        return super().parse_args(context, args)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands, and what could follow the default one."""
        offered = super().shell_complete(context, incomplete)
        default = self.get_command(context, self.default)
        if default is None:
            return offered
        inner = click.Context(
            default, info_name=self.default, parent=context, resilient_parsing=True
        )
        known = {item.value for item in offered}
        more = default.shell_complete(inner, incomplete)
        return [*offered, *(item for item in more if item.value not in known)]


class ListGroup(DefaultGroup):
    """A group that lists when no command is named."""

    default = "list"
