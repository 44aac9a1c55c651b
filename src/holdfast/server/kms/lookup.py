"""Finding a key by what a client calls it, and asking whether it may be used.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html
"""

import re

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Alias, Key
from holdfast.server.operation import Site, Snapshot

_KEY_ID = re.compile(r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def key_arn(site: Site, key_id: str) -> str:
    """Return the ARN of a key."""
    return f"arn:aws:kms:{site.region}:{site.account}:key/{key_id}"


def alias_arn(site: Site, name: str) -> str:
    """Return the ARN of an alias; the name includes `alias/`."""
    return f"arn:aws:kms:{site.region}:{site.account}:{name}"


def find_key(tx: Snapshot, reference: str, *, aliases: bool = True) -> Key:
    """Return the key that a client refers to.

    Args:
        tx: where to look.
        reference: a key id or a key ARN; with `aliases` also an alias name or an alias ARN.
        aliases: whether the operation takes aliases.

    Raises:
        ServiceError: NotFoundException, InvalidArnException, or AccessDeniedException for a
            resource of another account.
    """
    local = local_part(tx, reference)
    if aliases and local.startswith("alias/"):
        return key_of_alias(tx, local)
    if not _KEY_ID.fullmatch(local):
        raise ServiceError("NotFoundException", f"Invalid keyId '{reference}'")
    return key_by_id(tx, local)


def key_by_id(tx: Snapshot, key_id: str) -> Key:
    """Return the key with this id.

    Raises:
        ServiceError: NotFoundException.
    """
    key = tx.get(Key, key_id)
    if key is None:
        arn = key_arn(tx.site, key_id)
        raise ServiceError("NotFoundException", f"Key '{arn}' does not exist")
    return key


def key_of_alias(tx: Snapshot, name: str) -> Key:
    """Return the key behind an alias; the name includes `alias/`.

    Raises:
        ServiceError: NotFoundException.
    """
    alias = tx.get(Alias, name)
    if alias is None:
        raise alias_not_found(tx, name)
    return key_by_id(tx, alias.key_id)


def alias_not_found(tx: Snapshot, name: str) -> ServiceError:
    """Return AWS's error for an alias that does not exist."""
    return ServiceError("NotFoundException", f"Alias {alias_arn(tx.site, name)} is not found.")


def local_part(tx: Snapshot, reference: str) -> str:
    """Return the key id or the alias name in a reference, which may be an ARN of this site.

    Raises:
        ServiceError: InvalidArnException, NotFoundException for another region's ARN, or
            AccessDeniedException for another account's.
    """
    if not reference.startswith("arn:"):
        return reference
    parts = reference.split(":", 5)
    if len(parts) != 6 or parts[2] != "kms":
        raise ServiceError("InvalidArnException", f"Invalid arn {reference}")
    region, account, resource = parts[3:]
    if region != tx.site.region:
        raise ServiceError("NotFoundException", f"Invalid arn {region}")
    if account != tx.site.account:
        raise ServiceError(
            "AccessDeniedException",
            f"User: {tx.caller.arn} is not authorized to use resource: {reference} because the "
            "resource does not exist in this Region, no resource-based policies allow access, "
            "or a resource-based policy explicitly denies access",
        )
    if resource.startswith("alias/"):
        return resource
    kind, _, name = resource.partition("/")
    if kind != "key" or not name:
        raise ServiceError("InvalidArnException", f"Invalid arn {reference}")
    return name


def require_enabled(tx: Snapshot, key: Key) -> Key:
    """Return the key if cryptographic operations may use it now.

    Raises:
        ServiceError: DisabledException or KMSInvalidStateException.
    """
    if key.state == "Disabled":
        raise ServiceError("DisabledException", f"{key_arn(tx.site, key.key_id)} is disabled.")
    return require_not_pending(tx, key)


def require_not_pending(tx: Snapshot, key: Key) -> Key:
    """Return the key unless it waits for its deletion.

    Raises:
        ServiceError: KMSInvalidStateException.
    """
    if key.state == "PendingDeletion":
        arn = key_arn(tx.site, key.key_id)
        raise ServiceError("KMSInvalidStateException", f"{arn} is pending deletion.")
    return key
