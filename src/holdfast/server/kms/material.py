"""The secret of a KMS key: made at random, kept under the root key, replaced by rotation.

A key's materials are its generations, numbered from 0; the last one encrypts, all of them decrypt.
"""

import hashlib
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from holdfast.engine.records import Key, KeyMaterial
from holdfast.engine.vault import KEY_BYTES, Vault
from holdfast.server.operation import Site

_PURPOSE = "kms key material"


def new_key_id(site: Site) -> str:
    """Return a new key id: a version 4 UUID, as Terraform's `kms_key_id` demands."""
    return str(UUID(bytes=site.random(16), version=4))


def add_material(site: Site, key: Key, now: datetime, *, on_demand: bool = False) -> Key:
    """Return the key with a new generation, which encrypts from now on."""
    generation = len(key.materials)
    sealed = site.vault.seal(site.random(KEY_BYTES), _PURPOSE, key.key_id, generation)
    material = KeyMaterial(sealed=sealed, created=now, on_demand=on_demand)
    return msgspec.structs.replace(key, materials=(*key.materials, material))


def open_material(site: Site, key: Key, generation: int) -> bytes:
    """Return the 32 secret bytes of a generation.

    Raises:
        CorruptData: the record was changed, or the root key is another one.
        IndexError: the key has no such generation.
    """
    return _opened(site.vault, key.materials[generation].sealed, key.key_id, generation)


@lru_cache(maxsize=256)
def _opened(vault: Vault, sealed: bytes, key_id: str, generation: int) -> bytes:
    # Found only by what is in the key's record at this moment, so a key that changed is opened anew.
    return vault.unseal(sealed, _PURPOSE, key_id, generation)


def material_id(key: Key, generation: int) -> str:
    """Return AWS's `KeyMaterialId`: 64 hexadecimal digits that say nothing about the secret."""
    named = f"holdfast kms material id\0{key.key_id}\0{generation}"
    return hashlib.sha256(named.encode()).hexdigest()
