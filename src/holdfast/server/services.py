"""Every operation that is served, by service and AWS's name."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from holdfast.server.operation import Operation

_PLACES = {
    "s3": ("holdfast.server.s3.operations", "OPERATIONS"),
    "dynamodb": ("holdfast.server.dynamodb.operations", "OPERATIONS"),
    "kms": ("holdfast.server.kms.operations", "OPERATIONS"),
    "holdfast": ("holdfast.server.states.operations", "OPERATIONS"),
    "sts": ("holdfast.server.sts.operations", "OPERATIONS"),
    "iam": ("holdfast.server.iam.operations", "OPERATIONS"),
}


@cache
def _operations(service: str) -> Mapping[str, Operation[Any]]:
    module, name = _PLACES[service]
    operations = getattr(import_module(module), name)
    return {operation.name: operation for operation in operations}


class _Services(Mapping[str, Mapping[str, Operation[Any]]]):
    """A service is imported when it is first asked for: the first answer need not wait for all."""

    def __getitem__(self, service: str) -> Mapping[str, Operation[Any]]:
        return _operations(service)

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


SERVICES: Mapping[str, Mapping[str, Operation[Any]]] = _Services()


def import_all() -> None:
    """Import what is not imported yet, so that no later request waits for it."""
    for service in SERVICES:
        _operations(service)
    import_module("holdfast.server.access.authorize").import_all()
