"""STS GetSessionToken: temporary credentials of the calling user itself.

They do what the user may do. On AWS such a session lives on when its user or key is gone; here it ends
with the key that asked for it, so that a key that leaked can be stopped with everything made of it.
"""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import AccessKey
from holdfast.server.access.sessions import Terms, issue
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.sts.session_answer import credentials_of
from holdfast.server.sts.validation import between, invalid, refuse_one_time_password

_DEFAULT_SECONDS = 43200
_SHORTEST, _LONGEST = 900, 129600  # seconds


@operation("GetSessionToken", writes=True)
def get_session_token(tx: Transaction, params: Params) -> Result:
    """Issue a session of the caller: for 15 minutes to 36 hours, 12 hours unless said."""
    found = list(_violations(params))
    if found:
        raise invalid(found)
    refuse_one_time_password(params)
    caller = tx.caller
    key = tx.get(AccessKey, caller.access_key_id)
    if key is None:
        raise ServiceError(
            "AccessDenied", "Cannot call GetSessionToken with session credentials", status=403
        )
    terms = Terms(
        assumed_by=caller.arn,
        user=key.user,
        made_with=key.access_key_id,
        duration=timedelta(seconds=params.get("DurationSeconds", _DEFAULT_SECONDS)),
    )
    issued = issue(tx, tx.site.vault, tx.site.random, tx.now, terms)
    return {"Credentials": credentials_of(issued)}


def _violations(params: Params) -> Iterator[str]:
    seconds = params.get("DurationSeconds", _DEFAULT_SECONDS)
    yield from between("durationSeconds", seconds, _SHORTEST, _LONGEST)
