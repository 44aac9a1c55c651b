"""Brings arguments from any place into one form: today's names, their types, endpoints one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.client.config.origin import Level, Remark, Source, Sourced
from holdfast.client.config.schema import (
    ARGUMENTS,
    ENDPOINTS,
    OLD_ARGUMENTS,
    RENAMED,
    Misfit,
    fitted,
    kind_of,
)

_SERVICE = "endpoints."


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments under today's names; endpoints as `endpoints.s3` and so on."""

    values: dict[str, Sourced] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    def over(self, weaker: "Arguments") -> "Arguments":
        """Return these arguments with those of a weaker place behind them.

        The object `endpoints` is one argument for Terraform: a stronger one replaces all of it, but
        for what variables say.
        """
        kept = weaker.values
        if any(name.startswith(_SERVICE) for name in self.values):
            kept = {
                name: value
                for name, value in kept.items()
                if not name.startswith(_SERVICE) or value.origin.source is Source.ENVIRONMENT
            }
        remarks = (one for one in weaker.remarks if one.argument not in self.values)
        return Arguments({**kept, **self.values}, (*remarks, *self.remarks))


def arguments(raw: Mapping[str, Sourced]) -> Arguments:
    """Return arguments in one form, with what is wrong with them."""
    values: dict[str, Sourced] = {}
    remarks: list[Remark] = []
    for name, said in raw.items():
        if said.value is None:
            continue
        try:
            for path, value in _members(name, said.value):
                # A member of an object, or today's name, wins over its older form.
                if path not in values or name not in (*OLD_ARGUMENTS, *RENAMED):
                    values[path] = Sourced(value, said.origin)
        except Misfit as error:
            remarks.append(_misfit(name, said, str(error)))
        if _is_unknown(name, said):
            remarks.append(
                Remark(Level.NOTE, f"{name} is not an argument of the s3 backend", "", said.origin)
            )
    return Arguments(_joined(values), tuple(remarks))


def _members(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an argument says, under today's names; members of roles as `assume_role.NAME`."""
    if name.startswith(_SERVICE):
        yield name, fitted("string", value)
        return
    kind = kind_of(name)
    if kind is None:
        return
    fit = fitted(kind, value)
    if name in OLD_ARGUMENTS:
        argument, member = OLD_ARGUMENTS[name]
        if fit:
            suffix = "s" if name.endswith("_seconds") and str(fit).isdigit() else ""
            yield f"{argument}.{member}", f"{fit}{suffix}" if suffix else fit
    elif name == "endpoints":
        yield from ((f"{_SERVICE}{service}", fitted("string", url)) for service, url in fit.items())
    else:
        yield RENAMED.get(name, name), fit


def _joined(values: dict[str, Sourced]) -> dict[str, Sourced]:
    """Return arguments with the flat ones of a role put into its object."""
    prefix = "assume_role."
    flat = {name: value for name, value in values.items() if name.startswith(prefix)}
    joined = {name: value for name, value in values.items() if name not in flat}
    if flat and "assume_role" not in joined:
        role = {name.removeprefix(prefix): value.value for name, value in flat.items()}
        joined["assume_role"] = Sourced(role, next(iter(flat.values())).origin)
    return joined


def _is_unknown(name: str, said: Sourced) -> bool:
    if said.origin.source is Source.STORED:  # by a newer client, which knows it
        return False
    if name.startswith(_SERVICE):
        return name.removeprefix(_SERVICE) not in ENDPOINTS
    return kind_of(name) is None


def _misfit(name: str, said: Sourced, why: str) -> Remark:
    step = "Run 'terraform init' or 'tofu init' here, or say it with --backend-config."
    known_later = "known only" in why
    return Remark(
        Level.ERROR,
        f"{name}: {why}",
        step if known_later and name in ARGUMENTS else "",
        said.origin,
        RENAMED.get(name, name),
    )
