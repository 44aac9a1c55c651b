"""The desired state from a TOML file and from flags; flags win."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from holdfast.client.errors import NotConfigured
from holdfast.operations.bootstrap.desired import Desired, checked


def desired_from(path: Path | None, flags: Mapping[str, Any]) -> Desired:
    """Return what a file and flags ask for.

    Args:
        path: a TOML file with the fields of `Desired`, or None.
        flags: the same fields, as far as they were given; nested ones as mappings.

    Raises:
        NotConfigured: the file cannot be read, says something unknown, or no bucket is named.
    """
    said = merged(_read(path) if path else {}, flags)
    if "bucket" not in said:
        raise NotConfigured(
            "no bucket is named", 'Say --bucket NAME, or bucket = "NAME" in the file.'
        )
    where = f"{path}: " if path else ""
    try:
        return checked(msgspec.convert(said, Desired))
    except msgspec.ValidationError as error:
        raise NotConfigured(
            f"{where}{str(error).replace(' - at `$.', ' - at `')}",
            "'holdfast bootstrap plan --help' shows all settings.",
        ) from error
    except NotConfigured as error:
        raise NotConfigured(where + error.happened, error.next_step) from error


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two nested mappings as one; where both say something, `above` holds."""
    found = dict(below)
    for name, value in above.items():
        present = found.get(name)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            found[name] = merged(present, value)
        else:
            found[name] = value
    return found


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotConfigured(f"cannot read {path}: {error.strerror}", "Check --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotConfigured(f"{path} is not TOML: {error}", "Mend the file.") from error
