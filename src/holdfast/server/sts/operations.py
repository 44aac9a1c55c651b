"""The operations of STS and IAM that are served."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.sts.assume_role import assume_role
from holdfast.server.sts.caller import get_caller_identity, get_user

OPERATIONS: tuple[Operation[Any], ...] = (assume_role, get_caller_identity)
IAM_OPERATIONS: tuple[Operation[Any], ...] = (get_user,)
