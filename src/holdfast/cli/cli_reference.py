"""Prints `docs/reference/cli.md`, made from the help of every command."""

import click

from holdfast.cli.main import COMMANDS, cli

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


def page() -> str:
    """Return the page."""
    root = click.Context(cli, info_name="holdfast")
    sections = [f"\n## holdfast\n\n{_help(cli, None, 'holdfast')}"]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        if command is not None:
            sections.append(f"\n## holdfast {name}\n\n{_help(command, root, name)}")
    return _HEAD + "".join(sections)


if __name__ == "__main__":
    print(page(), end="")
