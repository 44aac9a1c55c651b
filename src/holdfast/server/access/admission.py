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


def admit(engine: Engine, call: Call) -> Params:
    """Check that a request is allowed; return its parameters, for DeleteObjects with what is not.

    Args:
        engine: where the records are.
        call: the request.

    Raises:
        ServiceError: AccessDenied or AccessDeniedException; InvalidArgument for a copy that does not
            say what it reads.
    """
    if call.identity.user == ADMINISTRATOR and call.service != "s3":
        return call.params
    return engine.view(lambda tx: _admitted(tx, call))


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


def _admitted(reader: Reader, call: Call) -> Params:
    if call.identity.user == ADMINISTRATOR and _meets_no_policy(reader, call.params):
        return call.params
    from holdfast.server.access.authorize import authorize

    return authorize(reader, call)


def _meets_no_policy(reader: Reader, params: Params) -> bool:
    """Tell whether a request to S3 meets no bucket's policy."""
    if "Bucket" not in params:
        return True
    bucket = reader.get(Bucket, params["Bucket"])
    return (bucket is None or "Policy" not in bucket.settings) and "CopySource" not in params
