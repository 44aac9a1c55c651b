"""CreateMultipartUpload and AbortMultipartUpload."""

from holdfast.engine.records import Upload
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.copy import check_algorithm
from holdfast.server.s3.encryption import choose, reported_on_write
from holdfast.server.s3.given_up_uploads import drop_upload
from holdfast.server.s3.keys import check_key
from holdfast.server.s3.object_headers import (
    check_headers,
    headers_of,
    metadata_of,
    storage_class_of,
)
from holdfast.server.s3.tags import tags_of_header
from holdfast.server.s3.uploads import checksum_type_of, new_upload_id, upload_of


@operation("CreateMultipartUpload", writes=True)
def create_multipart_upload(tx: Transaction, params: Params) -> Result:
    """Begin an upload in parts. Everything but the bytes is settled here.

    Raises:
        ServiceError: NoSuchBucket, KeyTooLongError, for a header, or `KMS.<code>`.
    """
    bucket, key = bucket_of(tx, params), params["Key"]
    check_key(key)
    check_headers(params)
    algorithm = check_algorithm(params)
    checksum_type = checksum_type_of(algorithm, params.get("ChecksumType", ""))
    choice = choose(tx, bucket, params)
    upload = Upload(
        bucket=bucket.name,
        key=key,
        upload_id=new_upload_id(tx),
        initiated=tx.now.replace(microsecond=0),
        storage_class=storage_class_of(params),
        headers=headers_of(params),
        metadata=metadata_of(params),
        tags=tags_of_header(params.get("Tagging")),
        checksum_algorithm=algorithm,
        checksum_type=checksum_type,
        encryption=choice.encryption,
        initiator=tx.caller.arn,
    )
    tx.put(upload)
    result = {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": upload.upload_id,
        **reported_on_write(upload.encryption),
    }
    if algorithm:
        result |= {"ChecksumAlgorithm": algorithm, "ChecksumType": checksum_type}
    return result


@operation("AbortMultipartUpload", writes=True)
def abort_multipart_upload(tx: Transaction, params: Params) -> Result:
    """Give up an upload and all its parts.

    Raises:
        ServiceError: NoSuchBucket or NoSuchUpload.
    """
    bucket_of(tx, params)
    drop_upload(tx, upload_of(tx, params))
    return None
