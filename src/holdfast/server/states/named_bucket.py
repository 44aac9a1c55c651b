"""The bucket that a request of Holdfast's own service names."""

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Params, Snapshot


def named_bucket(tx: Snapshot, params: Params) -> Bucket:
    """Return the bucket that a request names.

    Raises:
        ServiceError: NoSuchBucket.
    """
    found = tx.get(Bucket, params["Bucket"])
    if found is None:
        raise ServiceError("NoSuchBucket", f"There is no bucket {params['Bucket']}")
    return found
