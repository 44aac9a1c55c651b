"""Command lines that a command hands out: with the options that lead to the same state."""

import shlex
from pathlib import Path

from holdfast.cli.state.target import Target


def command(target: Target, name: str, *arguments: str) -> str:
    """Return a command line that means the same backend, ready for a shell.

    Args:
        target: what the options of this command said.
        name: the other command.
        arguments: what comes after its name.
    """
    return shlex.join(["holdfast", name, *arguments, *_options(target)])


def _options(target: Target) -> list[str]:
    said = {
        "--url": target.url,
        "--bucket": target.bucket,
        "--key": target.key,
        "--region": target.region,
        "--lock-table": target.lock_table,
        "--endpoint": target.endpoint,
        "--profile": target.profile,
        "--workspace": target.workspace,
    }
    words = [] if target.directory == Path() else ["--chdir", str(target.directory)]
    for option, value in said.items():
        if value is not None:
            words += [option, value]
    if target.use_lockfile is not None:
        words.append("--use-lockfile" if target.use_lockfile else "--no-use-lockfile")
    for value in target.backend_config:
        words += ["--backend-config", value]
    return words
