"""`holdfast outputs`: the outputs of a state."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe, styled
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import CommandFailed, note, print_json, warn
from holdfast.cli.state.pull import version_option
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options

if TYPE_CHECKING:
    from holdfast.operations.masking import Masker
    from holdfast.terraform.records import Output, StateFile

show_sensitive_option = click.option(
    "--show-sensitive", is_flag=True, help="Print sensitive values too."
)


@click.command(
    "outputs",
    epilog=epilog(
        "holdfast outputs",
        "holdfast outputs prod/network/terraform.tfstate --json | jq .vpc_id.value",
        "holdfast outputs --raw vpc_id",
    ),
)
@state_argument
@target_options
@version_option
@click.option("--raw", metavar="NAME", help="Print the value of one output, without anything else.")
@show_sensitive_option
@json_option
def outputs(
    *,
    target: Target,
    state: str | None,
    version: str | None,
    raw: str | None,
    show_sensitive: bool,
    as_json: bool,
) -> int:
    """Show the outputs of a state.

    STATE is the key of the object; without it, the state of this directory. --json is the shape of
    'terraform output -json'; a sensitive value is null there, with "masked": true, unless
    --show-sensitive is given.
    """
    from holdfast.operations.looking import look
    from holdfast.operations.masking import Masker

    if raw is not None and as_json:
        raise click.UsageError("--raw and --json exclude each other")
    looked = look(backend_of(target, state), version)
    found = looked.stored.state
    if looked.wrong:
        warn(looked.wrong.happened)
    if found.format == "encrypted":
        raise CommandFailed(
            f"{looked.stored.address.url} is encrypted, so its outputs cannot be read",
            "OpenTofu reads it where its key is configured: tofu output",
        )
    masker = None if show_sensitive else Masker(found)
    if raw is not None:
        print(_raw(found, raw, masker))
    elif as_json:
        print_json({name: _document(each, masker) for name, each in sorted(found.outputs.items())})
    else:
        _print(found, masker)
        if not found.outputs:
            note(f"{looked.stored.address.url} has no outputs.")
    return ExitCode.OK


def _raw(state: "StateFile", name: str, masker: "Masker | None") -> str:
    output = state.outputs.get(name)
    if output is None:
        there = ", ".join(sorted(state.outputs)) or "none"
        raise CommandFailed(
            f"there is no output {name!r}", f"The outputs are: {there}", ExitCode.NOT_FOUND
        )
    if masker and is_masked(masker.output(output)):
        raise CommandFailed(
            f"the output {name!r} is sensitive", "Add --show-sensitive.", ExitCode.REFUSED
        )
    value = output.value
    if isinstance(value, bool | None):
        return "" if value is None else str(value).lower()
    return str(value) if isinstance(value, str | int | Decimal) else value_text(value)


def _document(output: "Output", masker: "Masker | None") -> dict[str, Any]:
    value = masker.output(output) if masker else output.value
    document = {"sensitive": output.sensitive, "type": output.type, "value": plain(value)}
    return document | ({"masked": True} if is_masked(value) else {})


def _print(state: "StateFile", masker: "Masker | None") -> None:
    width = max((len(name) for name in state.outputs), default=0)
    for name, output in sorted(state.outputs.items()):
        value = masker.output(output) if masker else output.value
        text = styled(safe_lines(value_text(value)), Style.DIM if is_masked(value) else Style.PLAIN)
        print(f"{safe(name).ljust(width)} = {text}")


def is_masked(value: Any) -> bool:
    """Whether a value is hidden, or holds something that is."""
    from holdfast.terraform.changes import SENSITIVE

    if isinstance(value, Mapping):
        return any(is_masked(each) for each in value.values())
    if isinstance(value, list):
        return any(is_masked(each) for each in value)
    return value is SENSITIVE


def plain(value: Any) -> Any:
    """Return a value for `print_json`: numbers as numbers, null in the place of what is hidden."""
    from holdfast.terraform.changes import SENSITIVE

    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return None if value is SENSITIVE else value


def value_text(value: Any, indent: str = "") -> str:
    """Return a value as people read it: JSON on several lines, with what is hidden named."""
    from holdfast.terraform.changes import SENSITIVE
    from holdfast.terraform.exact_json import rendered

    if value is SENSITIVE:
        return repr(value)
    inner = f"{indent}  "
    if isinstance(value, Mapping) and value:
        lines = [
            f"{inner}{rendered(name)}: {value_text(each, inner)}" for name, each in value.items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        if all(not isinstance(each, Mapping | list) for each in value):
            return f"[{', '.join(value_text(each) for each in value)}]"
        lines = [f"{inner}{value_text(each, inner)}" for each in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return rendered(value)


def safe_lines(text: str) -> str:
    """Return text of several lines, each of them safe."""
    return "\n".join(safe(line) for line in text.split("\n"))
