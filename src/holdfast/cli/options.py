"""Options that many commands have, said in one way."""

import click
from click.shell_completion import CompletionItem

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON document."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask for a confirmation; for scripts.")


def complete_files(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell complete names of files, where an argument is not only a path."""
    return [CompletionItem(incomplete, type="file")]
