"""UploadPart and UploadPartCopy."""

from typing import Any

from holdfast.aws.checksums import FULL_OBJECT
from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import link, unlink
from holdfast.engine.records import Part, Upload
from holdfast.server.operation import (
    CHECKSUM,
    Params,
    ReceivedBody,
    Result,
    Staging,
    Transaction,
    operation,
)
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.copy import COPIED, SOURCE
from holdfast.server.s3.copy_source import Source, find_source, source_version_id, stage_copy
from holdfast.server.s3.customer_keys import CustomerKey, check_customer_key, customer_key_of
from holdfast.server.s3.encryption import Choice, reported
from holdfast.server.s3.etags import body_etag, quoted
from holdfast.server.s3.new_object import reported_checksums
from holdfast.server.s3.objects_put import LARGEST_PUT
from holdfast.server.s3.sealing import named, seal_part, wrap
from holdfast.server.s3.uploads import MOST_PARTS, upload_of


def check_part(staging: Staging, params: Params) -> Params:
    """Refuse what can be refused before the body is taken.

    Raises:
        ServiceError: NoSuchBucket, NoSuchUpload, InvalidArgument, InvalidRequest, AccessDenied or
            EntityTooLarge.
    """
    _check_number(params)
    upload = _upload(staging, params)
    size = params.get("ContentLength", 0)
    if size > LARGEST_PUT:
        raise ServiceError("EntityTooLarge", ProposedSize=size, MaxSizeAllowed=LARGEST_PUT)
    if upload.checksum_type == FULL_OBJECT:
        # A composite checksum needs the client's own of each part; this one S3 computes.
        return {**params, CHECKSUM: upload.checksum_algorithm}
    return params


def _check_number(params: Params) -> None:
    if not 1 <= params["PartNumber"] <= MOST_PARTS:
        raise ServiceError(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(params["PartNumber"]),
        )


def _upload(staging: Staging, params: Params) -> Upload:
    def look(tx: Any) -> Upload:
        bucket_of(tx, params)
        upload = upload_of(tx, params)
        _customer_key(upload, params)
        return upload

    return staging.view(look)


def _customer_key(upload: Upload, params: Params) -> CustomerKey | None:
    customer = customer_key_of(params)
    try:
        check_customer_key(upload.encryption, customer)
    except ServiceError as error:
        # For a part AWS calls a missing, a needless and another key alike an invalid request.
        raise ServiceError(
            "InvalidRequest",
            "The multipart upload initiate and the part upload must use the same encryption "
            "parameters.",
        ) from error
    return customer


@operation("UploadPart", writes=True, prepare=check_part)
def upload_part(tx: Transaction, params: Params) -> Result:
    """Keep a part; one with the same number is replaced.

    Raises:
        ServiceError: as `check_part`; `KMS.<code>`.
    """
    bucket_of(tx, params)
    _check_number(params)
    upload = upload_of(tx, params)
    part = _keep(tx, upload, params, params["Body"])
    return {
        "ETag": quoted(part.etag),
        **reported(upload.encryption),
        **reported_checksums(part.checksums, ""),
    }


def prepare_part_copy(staging: Staging, params: Params) -> Params:
    """Check the request and the source, and stage the copy.

    Raises:
        ServiceError: as `check_part` and `find_source`.
    """
    _check_number(params)
    upload = _upload(staging, params)
    source = staging.view(lambda tx: find_source(tx, params))
    copied = stage_copy(staging, source, upload.checksum_algorithm)
    return {**params, SOURCE: source, COPIED: copied}


@operation("UploadPartCopy", writes=True, prepare=prepare_part_copy)
def upload_part_copy(tx: Transaction, params: Params) -> Result:
    """Keep bytes of another object as a part.

    Raises:
        ServiceError: as `prepare_part_copy`; `KMS.<code>`.
    """
    bucket_of(tx, params)
    upload = upload_of(tx, params)
    source: Source = params[SOURCE]
    part = _keep(tx, upload, params, params[COPIED])
    return {
        "CopyPartResult": {
            "ETag": quoted(part.etag),
            "LastModified": part.last_modified,
            **reported_checksums(part.checksums, ""),
        },
        **source_version_id(source),
        **reported(upload.encryption),
    }


def _keep(tx: Transaction, upload: Upload, params: Params, received: ReceivedBody) -> Part:
    _check_algorithm(upload, received)
    number = params["PartNumber"]
    choice = Choice(upload.encryption, _customer_key(upload, params))
    before = tx.get(Part, upload.upload_id, number)
    if before is not None:
        unlink(tx, before.stored, tx.now)
    body = link(tx, received.new)
    part = Part(
        upload_id=upload.upload_id,
        number=number,
        size=body.size,
        etag=body_etag(upload.encryption, body.id, received.md5),
        last_modified=tx.now.replace(microsecond=0),
        checksums=dict(received.checksums),
        stored=named(body),
    )
    part = seal_part(tx.site.vault, part, wrap(tx, choice, upload.bucket, upload.key, body))
    tx.put(part)
    return part


def _check_algorithm(upload: Upload, received: ReceivedBody) -> None:
    expected = upload.checksum_algorithm
    if expected and expected not in received.checksums:
        actual = next(iter(received.checksums), "null").lower()
        raise ServiceError(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, "
            f"actual checksum Type: {actual}",
        )
