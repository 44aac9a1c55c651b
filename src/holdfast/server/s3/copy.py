"""CopyObject."""

from functools import partial
from typing import Any

from holdfast.aws.checksums import DEFAULT, SIZES
from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Object, ObjectVersion
from holdfast.server.operation import Params, ReceivedBody, Result, Staging, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.conditions import check_write
from holdfast.server.s3.copy_source import Source, find_source, source_version_id, stage_copy
from holdfast.server.s3.customer_keys import CUSTOMER
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

# Members that the prepare step adds; no member of AWS's model begins with this sign.
SOURCE = "@Source"
COPIED = "@Copied"


def check_algorithm(params: Params) -> str:
    """Return the checksum algorithm asked for, or nothing.

    Raises:
        ServiceError: InvalidRequest.
    """
    algorithm: str = params.get("ChecksumAlgorithm", "").upper()
    if algorithm and algorithm not in SIZES:
        raise ServiceError(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid "
            "types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    return algorithm


def prepare_copy(staging: Staging, params: Params) -> Params:
    """Check the request and the source, and stage the copy.

    Raises:
        ServiceError: see `find_source` and `check_headers`; InvalidRequest for a copy onto itself
            that changes nothing.
    """
    check_key(params["Key"])
    check_headers(params)
    check_encryption(params)
    tags_of_header(params.get("Tagging"))
    algorithm = check_algorithm(params)
    _check_directives(params)

    def look(tx: Any) -> Source:
        bucket_of(tx, params)
        return find_source(tx, params)

    source = staging.view(look)
    _check_change(source.version, params)
    kept = next(iter(source.version.checksums), DEFAULT)
    inspector = staging.rules.inspector(params["Bucket"], params["Key"], source.version.size)
    copied = stage_copy(staging, source, algorithm or kept, inspector)
    return {**params, SOURCE: source, COPIED: copied}


def _check_directives(params: Params) -> None:
    for name, header in (
        ("MetadataDirective", "x-amz-metadata-directive"),
        ("TaggingDirective", "x-amz-tagging-directive"),
    ):
        value = params.get(name, "COPY")
        if value not in ("COPY", "REPLACE"):
            raise ServiceError(
                "InvalidArgument",
                f"Unknown {header.removeprefix('x-amz-').replace('-', ' ')}.",
                ArgumentName=header,
                ArgumentValue=value,
            )


def _check_change(source: ObjectVersion, params: Params) -> None:
    onto_itself = (source.bucket, source.key) == (params["Bucket"], params["Key"])
    by_id = "?versionId=" in params["CopySource"]
    changed = (
        params.get("MetadataDirective") == "REPLACE"
        or params.get("TaggingDirective") == "REPLACE"
        or storage_class_of(params) != source.storage_class
        or any(
            name in params
            for name in ("ServerSideEncryption", "SSECustomerKey", "WebsiteRedirectLocation")
        )
        or source.encryption.algorithm == CUSTOMER
    )
    if onto_itself and not by_id and not changed:
        raise ServiceError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata, storage class, website redirect location or "
            "encryption attributes.",
        )


@operation("CopyObject", writes=True, prepare=prepare_copy)
def copy_object(tx: Transaction, params: Params) -> Result:
    """Link a staged copy as the newest version of its key, if its conditions hold now.

    Raises:
        ServiceError: as `prepare_copy`; PreconditionFailed, NoSuchKey or NotImplemented for a
            condition; `KMS.<code>`.
    """
    bucket, key = bucket_of(tx, params), params["Key"]
    source: Source = params[SOURCE]
    copied: ReceivedBody = params[COPIED]
    put = put_of(params, copied)
    judged = judge_put(tx, put, params, partial(set_aside, tx, bucket, key, copied, params))
    if judged is not None:
        return judged
    newest = tx.get(Object, bucket.name, key)
    check_write(newest, params)
    choice = choose(tx, bucket, params)
    description = _description(source.version, params)
    version = store(tx, bucket, key, newest, copied, choice, description)
    return {
        "CopyObjectResult": {
            "ETag": quoted(version.etag),
            "LastModified": version.last_modified,
            **reported_checksums(version.checksums, version.checksum_type),
        },
        **source_version_id(source),
        **reported_version(bucket, version),
        **reported_on_write(version.encryption),
    }


def _description(source: ObjectVersion, params: Params) -> Description:
    replace = params.get("MetadataDirective") == "REPLACE"
    headers = headers_of(params) if replace else dict(source.headers)
    if not replace:
        # The redirect is not copied, whatever the directive (API reference: CopyObject).
        headers.pop("WebsiteRedirectLocation", None)
        if params.get("WebsiteRedirectLocation"):
            headers["WebsiteRedirectLocation"] = params["WebsiteRedirectLocation"]
    retag = params.get("TaggingDirective") == "REPLACE"
    return Description(
        headers=headers,
        metadata=metadata_of(params) if replace else source.metadata,
        storage_class=storage_class_of(params),
        tags=tags_of_header(params.get("Tagging")) if retag else source.tags,
    )
