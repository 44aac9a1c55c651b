"""Who am I: STS GetCallerIdentity."""

from holdfast.server.operation import Params, Result, Snapshot, operation


@operation("GetCallerIdentity", brief=True)
def get_caller_identity(tx: Snapshot, _params: Params) -> Result:
    """Tell a caller who it is."""
    caller = tx.caller
    return {"UserId": caller.user_id, "Account": tx.site.account, "Arn": caller.arn}
