"""Verifying KMS keys: every generation of their secret opens, and every alias has its key."""

from collections.abc import Iterator

from holdfast.engine.port import CorruptData, Engine
from holdfast.engine.records import Alias, Key
from holdfast.engine.vault import KEY_BYTES
from holdfast.engine.verify import getting, walk
from holdfast.server.kms.material import open_material
from holdfast.server.operation import Site
from holdfast.server.problem import Problem


def verify_keys(engine: Engine, site: Site) -> Iterator[Problem]:
    """Yield what is wrong with keys and aliases; what is under a damaged key is reported there.

    Args:
        engine: open for reading.
        site: with the vault of this data.
    """
    for key in walk(engine, Key):
        for what in _key(site, key):
            yield Problem(f"KMS key {key.key_id}", what)
    for alias in walk(engine, Alias):
        if engine.view(getting(Key, alias.key_id)) is None:
            what = f"the KMS key {alias.key_id} that it names is gone"
            todo = (
                "Name another key: aws kms update-alias --target-key-id ID --alias-name "
                + alias.name
            )
            yield Problem(f"KMS {alias.name}", what, todo)


def _key(site: Site, key: Key) -> Iterator[str]:
    if not key.materials:
        yield "it has no secret"
    for generation in range(len(key.materials)):
        try:
            if len(open_material(site, key, generation)) != KEY_BYTES:
                yield f"generation {generation} of its secret has the wrong length"
        except CorruptData as error:
            yield f"generation {generation} of its secret: {error}"
