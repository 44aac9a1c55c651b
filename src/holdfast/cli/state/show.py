"""`holdfast show`: one state, or one resource of it."""

import re
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import ago, counted, human_size, timestamp
from holdfast.cli.colours import Style, safe, styled
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import CommandFailed, print_json, say, warn
from holdfast.cli.state.outputs import (
    is_masked,
    plain,
    safe_lines,
    show_sensitive_option,
    value_text,
)
from holdfast.cli.state.pull import version_option
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options
from holdfast.cli.tables import Cell, Value, print_fields

if TYPE_CHECKING:
    from holdfast.client.locking import Held
    from holdfast.client.stored import StoredState
    from holdfast.operations.masking import Masker
    from holdfast.terraform.records import Instance, StateFile

_MODULE = re.compile(r'module\.[^.\[]+(?:\["(?:[^"\\]|\\.)*"\]|\[\d+\])?')


@click.command(
    "show",
    epilog=epilog(
        "holdfast show",
        "holdfast show prod/network/terraform.tfstate --version latest~1",
        "holdfast show 'module.net.aws_subnet.a[0]'",
        "holdfast show prod/network/terraform.tfstate aws_vpc.main --json",
    ),
)
@state_argument
@click.argument("address", metavar="[ADDRESS]", required=False)
@target_options
@version_option
@click.option(
    "--resource",
    metavar="ADDRESS",
    help="The same as ADDRESS; one argument beside it is always a STATE.",
)
@show_sensitive_option
@json_option
def show(
    *,
    target: Target,
    state: str | None,
    address: str | None,
    version: str | None,
    resource: str | None,
    show_sensitive: bool,
    as_json: bool,
) -> int:
    """Show a state: what it is, who holds its lock, and its resources; or one resource of it.

    STATE is the key of the object; without it, the state of this directory. ADDRESS is a resource, or
    one instance of it, whose attributes are shown.

    A single argument is an ADDRESS if it begins with 'module.' or 'data.', or is TYPE.NAME or
    TYPE.NAME[KEY] with an underscore in TYPE, and does not end in '.tfstate'. Anything else is a STATE.
    A key that looks like an address can be named with --key.

    Sensitive values are masked: what Terraform marks, copies of it, and attributes that are named like
    a secret.
    """
    from holdfast.operations.locks import lock_of
    from holdfast.operations.looking import look
    from holdfast.operations.masking import Masker

    state, resource = _meant(state, address, resource)
    backend = backend_of(target, state)
    looked = look(backend, version)
    stored, found = looked.stored, looked.stored.state
    if looked.wrong:
        warn(str(looked.wrong))
    if resource is not None:
        masker = None if show_sensitive else Masker(found)
        instances = _instances(stored, found, resource)
        if as_json:
            documents = [_instance_document(each, masker) for each in instances]
            print_json({"state": stored.address.url, "instances": documents})
        else:
            _print_instances(instances, masker)
        return ExitCode.OK
    lock = lock_of(backend.connection, stored.address) if version is None else None
    held = lock.found if lock else ()
    if as_json:
        print_json(_document(stored, found, held))
    else:
        _print(stored, found, held)
    return ExitCode.OK


def _meant(
    state: str | None, address: str | None, resource: str | None
) -> tuple[str | None, str | None]:
    """Return which state and which resource of it the arguments mean."""
    from holdfast.operations.resource_names import is_address

    if address is not None and resource is not None:
        raise click.UsageError("ADDRESS and --resource exclude each other")
    if state is not None and address is None and resource is None and is_address(state):
        return None, state
    return state, resource if address is None else address


def _instances(stored: "StoredState", state: "StateFile", wanted: str) -> "list[Instance]":
    found = [
        each
        for each in state.instances
        if wanted in {each.address, each.label, each.resource.address}
    ]
    if not found:
        raise CommandFailed(
            f"{stored.address.url} has no resource {wanted}",
            "Without an address, 'holdfast show' lists the resources. Quote addresses for the shell: "
            "'aws_x.y[\"z\"]'. A state whose key looks like an address: --key KEY.",
            ExitCode.NOT_FOUND,
        )
    return found


def _print(stored: "StoredState", state: "StateFile", held: "tuple[Held, ...]") -> None:
    say(safe(stored.address.url), Style.STRONG)
    print_fields(_fields(stored, state, held))
    if not state.instances:
        return
    say()
    for text, label in _tree(state):
        print(text + (f"  {styled(label, Style.WARNING)}" if label else ""))


def _fields(
    stored: "StoredState", state: "StateFile", held: "tuple[Held, ...]"
) -> list[tuple[str, Value]]:
    managed = sum(1 for _ in state.managed)
    data = len(state.instances) - managed
    encrypted = state.format == "encrypted"
    counts = f"{counted(managed, 'resource')}, {counted(data, 'data source')}"
    fields: list[tuple[str, Value]] = [
        ("Serial", state.serial),
        ("Lineage", state.lineage or None),
        ("Terraform", state.terraform_version or None),
        ("Format", state.format if state.format != "v4" else None),
        ("Size", human_size(len(stored.body))),
        ("Changed", f"{timestamp(stored.last_modified)}, {ago(stored.last_modified)}"),
        ("Version", stored.version_id),
        ("Holds", "encrypted" if encrypted else counts),
        ("Outputs", ", ".join(sorted(state.outputs)) or None),
    ]
    for each in held:
        since = f", {ago(each.info.since)}" if each.info.since else ""
        who = f"{each.info.who or 'unreadable'} for {each.info.operation or 'something'}{since}"
        fields.append((f"Lock ({each.where})", Cell(f"{who}, id {each.info.id}", Style.WARNING)))
    return fields


def _tree(state: "StateFile") -> list[tuple[str, str]]:
    """Return the lines of the tree, and what is remarkable about each."""
    from holdfast.cli.state.tree import Branch

    root: Branch[Instance] = Branch()
    for each in sorted(state.instances, key=lambda each: (each.resource.module, each.label)):
        module = each.resource.module
        inside = each.label.removeprefix(f"{module}.") if module else each.label
        root.add([*_modules(module), safe(inside)], each)
    return [(text, "tainted" if each and each.tainted else "") for text, each in root.lines()]


def _modules(module: str) -> list[str]:
    """Return the steps of a module's address: `module.a["x.y"]`, `module.b`."""
    return [safe(step) for step in _MODULE.findall(module)]


def _print_instances(instances: "list[Instance]", masker: "Masker | None") -> None:
    from holdfast.operations.masking import without_types

    for at, each in enumerate(instances):
        if at:
            say()
        say(safe(each.label), Style.STRONG)
        if each.tainted:
            say("  tainted: the next apply replaces it", Style.WARNING)
        attributes = masker.attributes(each) if masker else dict(each.attributes)
        width = max((len(name) for name in attributes), default=0)
        for name, stored in attributes.items():
            value = without_types(stored)
            style = Style.DIM if is_masked(value) or value is None else Style.PLAIN
            text = safe_lines(value_text(value, "  "))
            print(f"  {safe(name).ljust(width)} = {styled(text, style)}")


def _document(
    stored: "StoredState", state: "StateFile", held: "tuple[Held, ...]"
) -> dict[str, Any]:
    from holdfast.cli.state.states import lock_document

    return {
        "state": stored.address.url,
        "key": stored.address.key,
        "workspace": stored.address.workspace,
        "version_id": stored.version_id,
        "last_modified": stored.last_modified,
        "size": len(stored.body),
        "etag": stored.etag.strip('"'),
        "format": state.format,
        "serial": state.serial,
        "lineage": state.lineage,
        "terraform_version": state.terraform_version,
        "digest": stored.digest,
        "locks": [lock_document(each) for each in held],
        "outputs": sorted(state.outputs),
        "resources": [_about(each) for each in state.instances],
    }


def _about(instance: "Instance") -> dict[str, Any]:
    resource = instance.resource
    return {
        "address": instance.address,
        "module": resource.module or None,
        "mode": resource.mode,
        "type": resource.type,
        "name": resource.name,
        "index_key": instance.index_key,
        "provider": resource.provider_name,
        "tainted": instance.tainted,
        "deposed": instance.deposed or None,
    }


def _instance_document(instance: "Instance", masker: "Masker | None") -> dict[str, Any]:
    attributes = masker.attributes(instance) if masker else dict(instance.attributes)
    return {
        **_about(instance),
        "schema_version": instance.schema_version,
        "dependencies": instance.dependencies,
        "attributes": plain(attributes),
        "masked": sorted(name for name, value in attributes.items() if is_masked(value)),
    }
