"""Whether a request may be done at all: asked once it is parsed, before anything of it is done.

Nearly all requests are the administrator's and meet no policy, so that costs hardly anything, and what
knows policies is imported when somebody else comes.
"""

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import Engine, EngineError, Reader
from holdfast.engine.records import Bucket
from holdfast.server.access.call import Call
from holdfast.server.access.users import ADMINISTRATOR
from holdfast.server.operation import Params

# What tells that something is not there: only who may look for it is told.
UNSEEN = frozenset({"NoSuchKey", "NoSuchVersion"})
# A member that is added to the parameters of DeleteObjects: for each entry why it is not allowed, or
# None. No member of AWS's models begins with this sign.
DENIED = "@Denied"


def unbound(engine: Engine, user: str, service: str, params: Params) -> bool:
    """Tell whether a request is the administrator's and meets no bucket's policy.

    Args:
        engine: where the records are.
        user: who asks, by name; empty for a role.
        service: such as `s3`.
        params: of the request.
    """
    if user != ADMINISTRATOR:
        return False
    name = params.get("Bucket") if service == "s3" else None
    if name is None:
        return True
    bucket = engine.view(lambda tx: tx.get(Bucket, name))
    return (bucket is None or "Policy" not in bucket.settings) and "CopySource" not in params


def admit(engine: Engine, call: Call) -> Params:
    """Check that a request is allowed; return its parameters, for DeleteObjects with what is not.

    Args:
        engine: where the records are.
        call: the request; not one that is `unbound`.

    Raises:
        ServiceError: AccessDenied or AccessDeniedException; InvalidArgument for a copy that does not
            say what it reads.
    """
    unsigned = not call.identity.access_key_id
    if unsigned and call.operation == "AssumeRoleWithWebIdentity":
        return call.params  # it proves by itself who asks, and its handler asks the trust policy
    from holdfast.server.access.authorize import authorize

    return engine.view(lambda tx: authorize(tx, call))


def may_read(reader: Reader, call: Call, bucket: str, key: str) -> bool:
    """Say whether a caller may read what is under a key, or the lock that belongs to it.

    Args:
        reader: the records, as the request sees them.
        call: the request.
        bucket: where it is.
        key: of a state, of its lock file or of its digest.
    """
    if call.identity.user == ADMINISTRATOR:
        return True
    from holdfast.server.access.authorize import sees_state

    return sees_state(reader, call, bucket, key)


def told(engine: Engine, call: Call, error: ServiceError) -> ServiceError:
    """Return what a caller is told who asked for what is not there.

    Args:
        engine: where the records are.
        call: the request.
        error: its code is one of `UNSEEN`.
    """
    if call.identity.user == ADMINISTRATOR or call.service != "s3":
        return error
    from holdfast.server.access.authorize import require_sight

    try:
        engine.view(lambda tx: require_sight(tx, call, error.code))
    except ServiceError as denied:
        return denied
    except EngineError:
        return ServiceError("AccessDenied")  # nothing is told that may not be
    return error
