"""The operations of STS that are served."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.sts.assume_role import assume_role
from holdfast.server.sts.assume_role_with_web_identity import assume_role_with_web_identity
from holdfast.server.sts.caller import get_caller_identity
from holdfast.server.sts.get_session_token import get_session_token

OPERATIONS: tuple[Operation[Any], ...] = (
    assume_role,
    assume_role_with_web_identity,
    get_caller_identity,
    get_session_token,
)
