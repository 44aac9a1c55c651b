"""Every operation that is served, by service and AWS's name."""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.server.dynamodb.operations import OPERATIONS as DYNAMODB
from holdfast.server.kms.operations import OPERATIONS as KMS
from holdfast.server.operation import Operation
from holdfast.server.s3.operations import OPERATIONS as S3
from holdfast.server.sts.operations import IAM_OPERATIONS as IAM
from holdfast.server.sts.operations import OPERATIONS as STS


def _by_name(operations: Iterable[Operation[Any]]) -> Mapping[str, Operation[Any]]:
    return {operation.name: operation for operation in operations}


SERVICES: Mapping[str, Mapping[str, Operation[Any]]] = {
    "s3": _by_name(S3),
    "dynamodb": _by_name(DYNAMODB),
    "kms": _by_name(KMS),
    "sts": _by_name(STS),
    "iam": _by_name(IAM),
}
