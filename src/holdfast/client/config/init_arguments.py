"""Arguments that `terraform init` takes beside the block: -backend-config, by flag or variable."""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from holdfast.client.config import hcl
from holdfast.client.config.block import arguments_of, json_arguments, json_of, parsed, read_text
from holdfast.client.config.origin import Origin, Source, Sourced
from holdfast.client.config.schema import kind_of
from holdfast.client.errors import NotConfigured

_VARIABLE = "TF_CLI_ARGS_init"
_FLAG = "backend-config"


def from_variable(environ: Mapping[str, str]) -> list[str]:
    """Return the values of -backend-config in TF_CLI_ARGS_init.

    Raises:
        NotConfigured: its quotes do not match.
    """
    try:
        words = shlex.split(environ.get(_VARIABLE, ""))
    except ValueError as error:
        raise NotConfigured(f"{_VARIABLE} is not a command line: {error}") from error
    found, rest = [], iter(words)
    for word in rest:
        name, equals, value = word.lstrip("-").partition("=")
        if word.startswith("-") and name == _FLAG:
            found.append(value if equals else next(rest, ""))
    return found


def merged(
    values: Iterable[str], directory: Path, flag: str = "--backend-config"
) -> dict[str, Sourced]:
    """Return the arguments that values of -backend-config say; later ones win.

    Args:
        values: files, relative to the directory, or `NAME=VALUE`; an empty one forgets those before.
        directory: where Terraform runs.
        flag: what the user set, for messages.

    Raises:
        NotConfigured: a file cannot be read, or a value is not understood.
    """
    found: dict[str, Sourced] = {}
    for value in values:
        if not value:
            found = {}
        elif "=" in value:
            name, _, text = value.partition("=")
            origin = Origin(Source.OPTION, flag)
            found[name.strip()] = Sourced(_literal(name.strip(), text), origin)
        else:
            found |= from_file(directory / value)
    return found


def from_file(path: Path) -> dict[str, Sourced]:
    """Return the arguments in a `.tfbackend` file, HCL or JSON.

    Raises:
        NotConfigured: it cannot be read.
    """
    text = read_text(path)
    if path.name.endswith(".json"):
        return json_arguments(json_of(path, text), path, text, Source.FILE)
    return arguments_of(parsed(path, text), path, Source.FILE)


def backend_files(directory: Path) -> list[Path]:
    """Return the files that look like backend configurations, by the names Terraform recommends."""
    return sorted(path for path in directory.glob("*.tfbackend") if path.is_file())


def _literal(name: str, text: str) -> hcl.Value:
    """Read a value of a command line: text is taken as it is, other kinds are HCL."""
    if kind_of(name) in ("string", "bool", "number", None):
        return text
    try:
        return hcl.evaluate(text)
    except hcl.Unparsable as error:
        raise NotConfigured(f"{name}={text} is not a value that Terraform understands") from error
