"""PutState and DeleteState."""

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Response
from holdfast.engine.records import Object
from holdfast.server.httpbackend.answers import JSON
from holdfast.server.httpbackend.asked import Asked
from holdfast.server.operation import Transaction
from holdfast.server.s3.bucket_lookup import bucket_of

CONTENT_TYPE = "application/json"
LARGEST_MISTAKEN = 1 << 14  # bytes; a lock document has some hundreds


class _LockDocument(msgspec.Struct):
    """What every lock document has, and no state."""

    id: str = msgspec.field(name="ID")
    operation: str = msgspec.field(name="Operation")
    who: str = msgspec.field(name="Who")


_lock_document = msgspec.json.Decoder(_LockDocument)


def refuse_lock_document(body: bytes) -> None:
    """Refuse a lock document as a state: somebody has configured `lock_method`, but not the address.

    Args:
        body: the whole of what is to be written, if it is short.

    Raises:
        ServiceError: InvalidRequest.
    """
    try:
        _lock_document.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return
    raise ServiceError(
        "InvalidRequest",
        "This is a lock document, and POST and PUT of this address write the state. To lock with them, "
        "let lock_address begin with /-/lock/ in place of /-/terraform/.",
    )


def put_state(tx: Transaction, asked: Asked) -> Response | ServiceError:
    """Store a state, as PutObject does.

    Raises:
        ServiceError: as PutObject.
    """
    result = asked.handlers["PutObject"](tx, asked.params)
    return result if isinstance(result, ServiceError) else Response(200, (JSON,))


def delete_state(tx: Transaction, asked: Asked) -> Response | ServiceError:
    """Delete a state, as DeleteObject does. Deleting none is no error, and leaves no delete marker.

    Raises:
        ServiceError: as DeleteObject.
    """
    newest = tx.get(Object, bucket_of(tx, asked.params).name, asked.key)
    if newest is None or newest.delete_marker:
        return Response(200, (JSON,))
    result = asked.handlers["DeleteObject"](tx, asked.params)
    return result if isinstance(result, ServiceError) else Response(200, (JSON,))
