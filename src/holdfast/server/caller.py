"""Who calls, and from where."""

import msgspec

from holdfast.aws.http import PRESENT, Peer


class Caller(msgspec.Struct, frozen=True):
    """Who calls, and from where."""

    arn: str
    user_id: str  # AIDA..., or AROA...:session
    access_key_id: str
    session: str = ""  # the session name of an assumed role
    address: str = ""
    user_agent: str = ""
    invocation_id: str = ""  # amz-sdk-invocation-id, the same over a client's retries
    secure: bool = False  # over TLS
    peer: Peer = PRESENT
    lock_id: str = ""  # of the lock that the request says to hold; empty: it says nothing of it
