"""Prints `docs/reference/cli.md`, made from the help of every command."""

from collections.abc import Iterator

import click

from holdfast.cli.main import cli

_HEAD = """\
# Commands

<!-- Made by `make docs` from the help of the commands; do not edit. -->

Results go to standard output; progress, logs and errors to standard error. An error is one line that
says what happened and one that says what to do next.
"""
_WIDTH = 88


def _help(command: click.Command, parent: click.Context | None, name: str) -> str:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    return f"```text\n{command.get_help(context)}\n```\n"


def _sections(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    level = "##" if parent is None or parent.parent is None else "###"
    yield f"\n{level} {context.command_path}\n\n{_help(command, parent, name)}"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _sections(found, context, inner)


def page() -> str:
    """Return the page."""
    return _HEAD + "".join(_sections(cli, None, "holdfast"))


if __name__ == "__main__":
    print(page(), end="")
