"""What CreateTable and UpdateTable ask for, checked, in the form that `Table.settings` keeps."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from holdfast.server.dynamodb.data_keys import MANAGED_ALIAS
from holdfast.server.dynamodb.refusals import constraint, invalid, invalid_values
from holdfast.server.operation import Params

# AWS's parameter -> what we answer.
_UNSUPPORTED = {
    "GlobalSecondaryIndexes": "global secondary indexes are not supported",
    "GlobalSecondaryIndexUpdates": "global secondary indexes are not supported",
    "LocalSecondaryIndexes": "local secondary indexes are not supported",
    "VectorIndexes": "vector indexes are not supported",
    "VectorIndexUpdates": "vector indexes are not supported",
    "ReplicaUpdates": "global tables are not supported",
    "GlobalTableSourceArn": "global tables are not supported",
    "GlobalTableWitnessUpdates": "global tables are not supported",
    "MultiRegionConsistency": "global tables are not supported",
    "ResourcePolicy": "resource policies are not supported",
}


class KeySchema(NamedTuple):
    """The key attributes of a table with their types."""

    hash_key: str
    hash_type: str
    range_key: str = ""
    range_type: str = ""


def refuse_unsupported(params: Params) -> None:
    """Refuse what this server does not have: indexes, streams, replicas.

    Raises:
        ServiceError: ValidationException naming the parameter.
    """
    for name, reason in _UNSUPPORTED.items():
        if params.get(name):
            raise invalid_values(f"{name}: {reason} by this server")
    if params.get("StreamSpecification", {}).get("StreamEnabled"):
        raise invalid_values("StreamSpecification: streams are not supported by this server")


def key_schema(params: Params) -> KeySchema:
    """Return the key attributes that a CreateTable request defines.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    schema: list[Mapping[str, str]] = params.get("KeySchema", [])
    definitions: list[Mapping[str, str]] = params.get("AttributeDefinitions", [])
    if not 1 <= len(schema) <= 2:
        raise constraint(
            f"[{len(schema)} members]",
            "keySchema",
            "Member must have length between 1 and 2",
        )
    if schema[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) > 1 and schema[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    names = [element["AttributeName"] for element in schema]
    if len(set(names)) < len(names):
        raise invalid(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    types = _types(definitions)
    _require_defined(names, types)
    pairs = [part for name in names for part in (name, types[name])]
    return KeySchema(*pairs)


def _types(definitions: list[Mapping[str, str]]) -> dict[str, str]:
    types: dict[str, str] = {}
    for definition in definitions:
        name, kind = definition["AttributeName"], definition["AttributeType"]
        if name in types:
            raise invalid_values(
                f"Cannot have two attributes with the same name: AttributeName: {name}"
            )
        types[name] = kind
    return types


def _require_defined(names: list[str], types: Mapping[str, str]) -> None:
    missing = [name for name in names if name not in types]
    if missing:
        raise invalid_values(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(missing)}], AttributeDefinitions: [{', '.join(types)}]"
        )
    if len(types) > len(names):
        raise invalid_values(
            "Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions"
        )


def billing(params: Params, present_mode: str) -> dict[str, Any]:
    """Return the settings for billing mode and throughput, as far as the request has them.

    Args:
        params: the request.
        present_mode: the mode of the table so far; PROVISIONED for a new one.

    Raises:
        ServiceError: ValidationException: mode and throughput contradict each other.
    """
    mode = params.get("BillingMode", present_mode)
    throughput = params.get("ProvisionedThroughput")
    found: dict[str, Any] = {"BillingMode": mode}
    if mode == "PAY_PER_REQUEST":
        if throughput:
            raise invalid_values(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                "BillingMode is PAY_PER_REQUEST"
            )
        if "OnDemandThroughput" in params:
            found["OnDemandThroughput"] = dict(params["OnDemandThroughput"])
        return found
    if throughput:
        found["ProvisionedThroughput"] = dict(throughput)
    return found


def encryption_key(specification: Mapping[str, Any]) -> str:
    """Return the KMS key reference of an SSESpecification; "" for the default encryption.

    Raises:
        ServiceError: ValidationException: it contradicts itself.
    """
    enabled = specification.get("Enabled", False)
    reference: str = specification.get("KMSMasterKeyId", "")
    kind = specification.get("SSEType")
    if kind == "AES256":
        raise invalid_values("SSEType AES256 is not supported; use KMS")
    if not enabled:
        if reference or kind:
            raise invalid_values(
                "SSEType and KMSMasterKeyId cannot be specified when SSE is disabled"
            )
        return ""
    return reference or MANAGED_ALIAS
