"""PutState and DeleteState."""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Response
from holdfast.engine.records import Object
from holdfast.server.httpbackend.answers import JSON
from holdfast.server.httpbackend.asked import Asked
from holdfast.server.operation import Transaction
from holdfast.server.s3.bucket_lookup import bucket_of

CONTENT_TYPE = "application/json"


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
