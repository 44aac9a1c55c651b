"""`holdfast completion`: the script that completes commands, options and arguments in a shell."""

import click

from holdfast.cli.exit_codes import epilog


@click.command(
    "completion",
    epilog=epilog(
        'eval "$(holdfast completion bash)"',
        "holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast",
        "holdfast completion fish > ~/.config/fish/completions/holdfast.fish",
        'holdfast completion zsh > "${fpath[1]}/_holdfast"',
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(*, shell: str) -> None:
    """Print the completion script of a shell.

    The script asks holdfast itself, so it stays right when holdfast is updated. 'eval' is for one
    session of bash or zsh (there after 'compinit'); a file in the shell's own directory stays.
    """
    from click.shell_completion import get_completion_class

    from holdfast.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(cli, {}, "holdfast", "_HOLDFAST_COMPLETE").source(), nl=False)
