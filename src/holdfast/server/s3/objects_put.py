"""PutObject."""

import math
from functools import partial

from holdfast.aws.checksums import DEFAULT
from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import CHUNK_BYTES
from holdfast.engine.records import Object
from holdfast.server.operation import (
    CHECKSUM,
    INSPECTOR,
    Params,
    ReceivedBody,
    Result,
    Staging,
    Transaction,
    operation,
)
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.conditions import check_write
from holdfast.server.s3.encryption import check_encryption, choose, reported_on_write
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.found import reported_version
from holdfast.server.s3.judged import judge_put, put_of
from holdfast.server.s3.keys import check_key
from holdfast.server.s3.new_object import Description, reported_checksums, store
from holdfast.server.s3.object_headers import (
    check_headers,
    headers_of,
    metadata_of,
    storage_class_of,
)
from holdfast.server.s3.set_aside import set_aside
from holdfast.server.s3.tags import tags_of_header

LARGEST_PUT = 5 * 1024**3  # bytes (User Guide: upload-objects)


def check_put(staging: Staging, params: Params) -> Params:
    """Refuse what can be refused before the body is taken.

    A body that is held in memory anyway costs less than to look for its bucket twice.

    Raises:
        ServiceError: NoSuchBucket, KeyTooLongError, EntityTooLarge, or for a header.
    """
    check_key(params["Key"])
    if params.get("ContentLength", CHUNK_BYTES) >= CHUNK_BYTES:
        staging.view(lambda tx: bucket_of(tx, params))
    try:
        _check(params)
    except ServiceError:
        staging.view(lambda tx: bucket_of(tx, params))  # whose error comes first
        raise
    size = params.get("ContentLength", math.inf)
    inspector = staging.rules.inspector(params["Bucket"], params["Key"], size)
    return {**params, CHECKSUM: DEFAULT, INSPECTOR: inspector}


def _check(params: Params) -> None:
    check_headers(params)
    check_encryption(params)
    tags_of_header(params.get("Tagging"))
    size = params.get("ContentLength", 0)
    if size > LARGEST_PUT:
        raise ServiceError("EntityTooLarge", ProposedSize=size, MaxSizeAllowed=LARGEST_PUT)


@operation("PutObject", writes=True, prepare=check_put, brief=True)
def put_object(tx: Transaction, params: Params) -> Result:
    """Store an object, if its conditions hold in this very transaction.

    Raises:
        ServiceError: as `check_put`; PreconditionFailed, NoSuchKey or NotImplemented for a
            condition; `KMS.<code>`.
    """
    bucket, key = bucket_of(tx, params), params["Key"]
    received: ReceivedBody = params["Body"]
    put = put_of(params, received)
    judged = judge_put(tx, put, params, partial(set_aside, tx, bucket, key, received, params))
    if judged is not None:
        return judged
    newest = tx.get(Object, bucket.name, key)
    check_write(newest, params)
    description = Description(
        headers=headers_of(params),
        metadata=metadata_of(params),
        storage_class=storage_class_of(params),
        tags=tags_of_header(params.get("Tagging")),
    )
    choice = choose(tx, bucket, params)
    version = store(tx, bucket, key, newest, received, choice, description)
    return {
        "ETag": quoted(version.etag),
        **reported_version(bucket, version),
        **reported_on_write(version.encryption),
        **reported_checksums(version.checksums, version.checksum_type),
    }
