"""The desired state from a TOML file and from flags; flags win."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from holdfast.client.errors import NotConfigured
from holdfast.operations.bootstrap.desired import Desired, checked


def said_by(path: Path | None, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Desired` that a file and flags say, nested ones as mappings.

    Args:
        path: a TOML file with the fields of `Desired`, or None.
        flags: the same fields, as far as they were given.

    Raises:
        NotConfigured: the file cannot be read.
    """
    return merged(_read(path) if path else {}, flags)


def desired_of(said: Mapping[str, Any], path: Path | None = None) -> Desired:
    """Return the fields as a record that was checked.

    Args:
        said: the fields, nested ones as mappings.
        path: the file that says some of them, for errors.

    Raises:
        NotConfigured: they say something unknown or impossible, or name no bucket.
    """
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


def desired_from(path: Path | None, flags: Mapping[str, Any]) -> Desired:
    """Return what a file and flags ask for; arguments and errors are those of the two above."""
    return desired_of(said_by(path, flags), path)


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
